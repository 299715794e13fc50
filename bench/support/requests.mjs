// Requests and answers that look like those of real applications: a system prompt, turns of a conversation, a question.
const sentence = "You are the assistant of a travel agency; answer in at most three sentences, name your sources. ";

const LONGEST_PROMPT = 80;

/**
 * A chat request whose JSON is about `bytes` long, as a conversation of turns of about a kibibyte: the system prompt and the
 * history carry the length, the prompt stays short.
 *
 * @param {{ bytes: number, prompt: string, salt?: string, stream?: boolean }} options `salt` makes a frame of its own
 */
export function chatBody({ bytes, prompt, salt = "", stream = false }) {
  const body = {
    model: "gpt-4o-mini",
    temperature: 0.2,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
    messages: [{ role: "system", content: salt }, ...historyOf(bytes), { role: "user", content: prompt }],
  };
  // Prompts of any length leave the frame as it is: each counts for as long as the longest.
  const spare = Math.max(0, LONGEST_PROMPT - prompt.length);
  const missing = Math.max(0, bytes - spare - Buffer.byteLength(JSON.stringify(body)));
  body.messages[0].content += sentence.repeat(Math.ceil(missing / sentence.length)).slice(0, missing);
  return JSON.stringify(body);
}

const histories = new Map();

/** Turns that leave room for a system prompt of one or two kibibytes. */
function historyOf(bytes) {
  const known = histories.get(bytes);
  if (known) return known;
  const turns = [];
  for (let left = bytes - 1200; left > 1100;) {
    const role = turns.length % 2 === 0 ? "user" : "assistant";
    const turn = { role, content: `${turns.length}. ${sentence.repeat(11).slice(0, 1000)}` };
    turns.push(turn);
    left -= JSON.stringify(turn).length + 1;
  }
  histories.set(bytes, turns);
  return turns;
}

/** An answer of the chat completions API as JSON. @param {string} text */
export function chatAnswer(text) {
  return JSON.stringify({
    id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
    object: "chat.completion",
    created: 1_741_569_952,
    model: "gpt-4o-mini-2024-07-18",
    choices: [
      { index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 190, completion_tokens: 120, total_tokens: 310 },
    service_tier: "default",
    system_fingerprint: "fp_b8bc95a0ac",
  });
}

/** The same as a stream: the events in order, each with its blank line. @param {readonly string[]} pieces */
export function chatEvents(pieces) {
  const chunk = (choices, usage) => ({
    id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
    object: "chat.completion.chunk",
    created: 1_741_569_952,
    model: "gpt-4o-mini-2024-07-18",
    service_tier: "default",
    system_fingerprint: "fp_b8bc95a0ac",
    choices,
    usage,
  });
  const delta = (delta, finish = null) => chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }], null);
  return [
    delta({ role: "assistant", content: "", refusal: null }),
    ...pieces.map((content) => delta({ content })),
    delta({}, "stop"),
    chunk([], { prompt_tokens: 190, completion_tokens: pieces.length, total_tokens: 190 + pieces.length }),
  ]
    .map((event) => `data: ${JSON.stringify(event)}\n\n`)
    .concat("data: [DONE]\n\n");
}

/** @param {string} body @param {readonly string[]} [headers] names and values in turn @returns bytes for a socket */
export function toHttpRequest(body, headers = []) {
  // What the Python SDK sends with each request: a proxy must read past it.
  const lines = [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: 127.0.0.1",
    "Accept-Encoding: identity",
    "Connection: keep-alive",
    "Accept: application/json",
    "Content-Type: application/json",
    "User-Agent: OpenAI/Python 1.66.3",
    "X-Stainless-Lang: python",
    "X-Stainless-Package-Version: 1.66.3",
    "X-Stainless-OS: Linux",
    "X-Stainless-Arch: x64",
    "X-Stainless-Runtime: CPython",
    "X-Stainless-Runtime-Version: 3.12.3",
    "Authorization: Bearer sk-proj-of-a-benchmark-000000000000000000000000",
    "X-Stainless-Async: false",
    "x-stainless-retry-count: 0",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
