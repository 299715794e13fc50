import fc from "fast-check";
import { expect, it } from "vitest";
import { escapeHtml } from "./escape-html.ts";
import { toMarkedPair } from "./marked-words.ts";

const show = (pieces: readonly { text: string; differs: boolean }[]) =>
  pieces.map(({ text, differs }) => (differs ? `[${text}]` : text)).join("");

it.each([
  ["How can I track it?", "How do I track it?", "How [can] I track it?", "How [do] I track it?"],
  [
    "Is it possible to send a bicycle?",
    "Can I send a bicycle?",
    "[Is it possible to] send a bicycle?",
    "[Can I] send a bicycle?",
  ],
  ["the same", "the same", "the same", "the same"],
])("%s", (asked, stored, markedAsked, markedStored) => {
  const marked = toMarkedPair({ asked, stored });
  expect([show(marked.asked), show(marked.stored)]).toEqual([markedAsked, markedStored]);
});

it("of long prompts shows where they begin to differ", () => {
  const shared = "a word ".repeat(100);
  const { asked } = toMarkedPair({ asked: `${shared}here ${shared}`, stored: `${shared}there ${shared}` });
  expect(show(asked)).toMatch(/^….*\[here\].*…$/);
  expect(show(asked).length).toBeLessThan(260);
});

it("loses no character of short prompts", () => {
  const text = fc.string({ maxLength: 100, unit: "grapheme" });
  fc.assert(
    fc.property(text, text, (asked, stored) => {
      const marked = toMarkedPair({ asked, stored });
      expect(marked.asked.map((piece) => piece.text).join("")).toBe(asked.toWellFormed());
      expect(marked.stored.map((piece) => piece.text).join("")).toBe(stored.toWellFormed());
    }),
  );
});

it("escapes what would be markup", () => {
  expect(escapeHtml(`<img src="x" onerror='a()'>&`)).toBe("&lt;img src=&quot;x&quot; onerror=&#39;a()&#39;&gt;&amp;");
});
