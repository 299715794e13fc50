import { expect, it } from "vitest";
import { encodeEvents } from "./encode-events.ts";

it("writes names, data and a blank line", () => {
  const bytes = encodeEvents([
    { event: "message_stop", data: "{}" },
    { event: null, data: "" },
  ]);
  expect(bytes.toString()).toBe("event: message_stop\ndata: {}\n\ndata: \n\n");
});

it("splits data at every kind of line break, so that none starts a field", () => {
  expect(encodeEvents([{ event: null, data: "a\nevent: x\r\nb\rid: 1" }]).toString()).toBe(
    "data: a\ndata: event: x\ndata: b\ndata: id: 1\n\n",
  );
});

it("refuses a line break in a name", () => {
  expect(() => encodeEvents([{ event: "a\ndata: b", data: "" }])).toThrow(
    'Cannot encode an event: its name "a\\ndata: b" has a line break',
  );
});
