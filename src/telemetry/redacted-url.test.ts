import { expect, test } from "vitest";
import { redactUrl } from "./redacted-url.ts";

test.each([
  ["https://user:s3cret@host.example/v1", "https://host.example/v1"],
  ["ftp://user:s3cret@host.example/v1", "ftp://host.example/v1"],
  ["https://s3cret@host.example", "https://host.example/"],
  ["https://host.example/v1?key=s3cret", "https://host.example/v1?key=hidden"],
  // None of these can be read as a URL.
  ["https://user:s3/cret@host.example", "https://[redacted]@host.example"],
  ["https://user:s3@cret@ho st", "https://[redacted]@ho st"],
  ["https//user:s3cret@host.example", "[redacted]@host.example"],
  ["https:user:s3cret@host.example", "[redacted]@host.example"],
  ["user:s3cret@host.example:3128", "[redacted]@host.example:3128"],
  ["s3cret@host.example:3128", "[redacted]@host.example:3128"],
  ["https://a:s3cret@one, https://b:s3cret@two", "https://[redacted]@two"],
  ["see\nhttps://a:s3cret@one", "[redacted]@one"],
  ["host.example/v1?api_key=s3cret", "host.example/v1?api_key=[redacted]"],
])("%j is printed as %j", (text, printed) => {
  expect(redactUrl(text)).toBe(printed);
  expect(redactUrl(text)).not.toMatch(/s3|cret/);
});

test.each(["https://host.example/v1?version=1", "host.example:3128", "claude-opus@20260101", "~/data", "soon", ""])(
  "%j has nothing to hide",
  (text) => expect(redactUrl(text)).toBe(text),
);
