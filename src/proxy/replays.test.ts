import { expect, test } from "vitest";
import type { Dialect } from "../formats/dialect.ts";
import { openaiChat } from "../formats/openai-chat/openai-chat.ts";
import type { AnswerForm, StoredAnswer } from "../model/answer.ts";
import { Replays } from "./replays.ts";

const chunk = (fields: object) =>
  `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", ...fields })}\n\n`;
const stored = (): StoredAnswer => ({
  shape: "stream",
  status: 200,
  contentType: "text/event-stream",
  openaiVersion: null,
  body: Buffer.from(
    chunk({ choices: [{ index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: null }], usage: null }) +
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null }) +
      chunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }) +
      "data: [DONE]\n\n",
  ),
});
const forms: readonly AnswerForm[] = [
  { shape: "json", includeUsage: false },
  { shape: "stream", includeUsage: false },
  { shape: "stream", includeUsage: true },
];

test("every form is what the dialect makes of it, the first time and after", () => {
  const replays = new Replays();
  const answer = stored();
  for (let time = 0; time < 3; time++) {
    for (const form of forms) {
      expect(replays.of(openaiChat, answer, form)).toEqual(openaiChat.replay(answer, form));
    }
  }
});

test("an answer is converted once for each form, and equal answers do not share", () => {
  let conversions = 0;
  const counting: Dialect = {
    ...openaiChat,
    replay(answer, form) {
      conversions++;
      return openaiChat.replay(answer, form);
    },
  };
  const replays = new Replays();
  const answer = stored();
  for (let time = 0; time < 3; time++) for (const form of forms) replays.of(counting, answer, form);
  expect(conversions).toBe(forms.length);
  replays.of(counting, stored(), { shape: "json", includeUsage: false });
  expect(conversions).toBe(forms.length + 1);
});

test("a form that cannot be given is null each time", () => {
  const replays = new Replays();
  const broken = { ...stored(), body: Buffer.from(chunk({ choices: [{ index: 0, delta: { unheard_of: 1 } }] })) };
  for (let time = 0; time < 2; time++) {
    expect(replays.of(openaiChat, broken, { shape: "json", includeUsage: false })).toBeNull();
  }
});
