// A provider of both APIs that says to each prompt what the labels of the data say: one answer for each label, always in the
// same words. It is asked one thing at a time or several; each call has a number, which is in the answer's id.
import { once } from "node:events";
import { createServer } from "node:http";

const PIECE_CHARS = 24;

/**
 * @typedef {object} ProviderCall
 * @property {string} answerId
 * @property {string} text
 * @property {{ readonly input_tokens: number, readonly output_tokens: number }} usage
 * @property {string} model
 * @property {string} tenant the credential that it came with
 *
 * @param {{ find: (system: string, prompt: string) => { answerId: string, text: string, usage: object } | null }} book
 */
export async function startDayProvider(book) {
  /** @type {ProviderCall[]} */
  const calls = [];
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const isAnthropic = request.url === "/v1/messages";
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const system = isAnthropic ? body.system : body.messages[0].content;
      const said = book.find(system, body.messages.at(-1).content);
      if (said === null) {
        response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"message":"not in the book"}}');
        return;
      }
      const tenant = request.headers["x-api-key"] ?? request.headers.authorization?.replace("Bearer ", "");
      const call = { answerId: said.answerId, text: said.text, usage: said.usage, model: body.model, tenant };
      const number = calls.push(call);
      const encode = isAnthropic ? encodeMessage : encodeChat;
      const { contentType, text } = encode(call, number, body.stream === true);
      response.writeHead(200, { "content-type": contentType }).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** In their order; `calls[n - 1]` is the one whose answer has the number n. */
    calls,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The number of the call that an answer is of. @param {string} id of the answer */
export function callNumberOf(id) {
  return Number(/\d+$/.exec(id)?.[0]);
}

function encodeChat({ text, usage, model }, number, stream) {
  const id = `chatcmpl-${number}`;
  const counted = {
    prompt_tokens: usage.input_tokens,
    completion_tokens: usage.output_tokens,
    total_tokens: usage.input_tokens + usage.output_tokens,
  };
  const about = { id, created: 1_760_000_000, model };
  if (!stream) {
    const message = { role: "assistant", content: text, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
    return toJson({ ...about, object: "chat.completion", choices, usage: counted });
  }
  const chunk = (choices, usage) => ({ ...about, object: "chat.completion.chunk", choices, usage });
  const delta = (delta, finish = null) => chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }], null);
  const events = [
    delta({ role: "assistant", content: "", refusal: null }),
    ...toPieces(text).map((content) => delta({ content })),
    delta({}, "stop"),
    chunk([], counted),
  ];
  return toEvents([...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), "data: [DONE]\n\n"]);
}

function encodeMessage({ text, usage, model }, number, stream) {
  const message = { id: `msg_${number}`, type: "message", role: "assistant", model, stop_sequence: null };
  if (!stream) return toJson({ ...message, content: [{ type: "text", text }], stop_reason: "end_turn", usage });
  const started = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const events = [
    { type: "message_start", message: started },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...toPieces(text).map((piece) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: piece },
    })),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: "message_stop" },
  ];
  return toEvents(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
}

function toPieces(text) {
  const letters = [...text];
  const pieces = [];
  for (let at = 0; at < letters.length; at += PIECE_CHARS) pieces.push(letters.slice(at, at + PIECE_CHARS).join(""));
  return pieces;
}

function toJson(body) {
  return { contentType: "application/json", text: JSON.stringify(body) };
}

function toEvents(events) {
  return { contentType: "text/event-stream; charset=utf-8", text: events.join("") };
}
