import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createEventDecoder, decodeEvents } from "#semcache/sse/event-decoder.js";
import { encodeEvents } from "#semcache/sse/encode-events.js";
import type { ServerSentEvent } from "#semcache/sse/event.js";

const line = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, ""));
const event: fc.Arbitrary<ServerSentEvent> = fc.record({
  event: fc.oneof(fc.constant(null), fc.constantFrom("ping", "message_start", " odd: name ")),
  data: fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n")),
});

/** Text in the neighbourhood of event streams: every kind of line end, field and fragment. */
const stream = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "data",
        ":",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "event",
        "id",
        "data: x",
        "\uFEFF",
        "🙂",
        "é",
        "\0",
      ),
      fc.string({ unit: "grapheme", maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join("").toWellFormed(), "utf8"));

function decodeInPieces(bytes: Buffer, cuts: readonly number[]): readonly ServerSentEvent[] {
  const decoder = createEventDecoder();
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  const events: ServerSentEvent[] = [];
  for (const to of places) {
    events.push(...decoder.push(bytes.subarray(from, to)));
    from = to;
  }
  decoder.end();
  expect(decoder.failure).toBeNull();
  return events;
}

it("any chunking of the bytes gives the same events", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
      expect(decodeInPieces(bytes, cuts)).toEqual(decodeEvents(bytes));
    }),
    { numRuns: 2_000 },
  );
});

it("byte by byte is one of the chunkings", () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      expect(decodeInPieces(bytes, [...bytes.keys()])).toEqual(decodeEvents(bytes));
    }),
    { numRuns: 500 },
  );
});

it("encoding and decoding are inverse", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), (events) => {
      const wellFormed = events.map((each) => ({ ...each, data: each.data.toWellFormed() }));
      // One space after a colon belongs to the syntax, so a name keeps what follows it.
      expect(decodeEvents(encodeEvents(wellFormed))).toEqual(wellFormed);
    }),
    { numRuns: 1_000 },
  );
});

it("encoding what was decoded changes nothing any more", () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const once = encodeEvents(decodeEvents(bytes) ?? []);
      expect(encodeEvents(decodeEvents(once) ?? [])).toEqual(once);
    }),
    { numRuns: 1_000 },
  );
});
