import { bodyDigest, countTokens, isFields, listOf, textOf, type Fields } from "./body.ts";

export type Ending = "stop" | "length" | "content_filter" | "tools" | "stop_sequence" | "refusal";

/** What the imitated model says, before it is put into a provider's format. */
export interface Utterance {
  readonly text: string | null;
  readonly reasoning: string | null;
  readonly refusal: string | null;
  readonly toolCalls: readonly { readonly name: string; readonly input: Fields }[];
  readonly ending: Ending;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * A pure function of the body. A test steers it from the prompt with words in double brackets: `[[length]]`,
 * `[[content_filter]]`, `[[refusal]]`, `[[stop_sequence]]`, `[[reasoning]]`, `[[long]]`, `[[empty]]`, and those of
 * errors.ts. A request with tools whose last message is the user's is answered with a call of each tool (of the first
 * one only when parallel calls are switched off).
 */
export function utter(body: Fields, choice = 0): Utterance {
  const messages = listOf(body["messages"]);
  const prompt = promptOf(body);
  const steer = steering(prompt);
  const promptTokens = messages.reduce((sum, message) => sum + 4 + countTokens(textOf(message["content"])), 3);
  const toolCalls = callsFor(body, messages.at(-1), prompt);
  const base = { reasoning: null, refusal: null, text: null, toolCalls: [], promptTokens };
  if (steer.has("refusal")) {
    const refusal = "I’m sorry, but I can’t assist with that.";
    return { ...base, refusal, ending: "refusal", completionTokens: countTokens(refusal) };
  }
  const reasoning = steer.has("reasoning")
    ? `First, what is asked?\nThe digest is ${bodyDigest(body)} – so: yes.`
    : null;
  if (toolCalls.length > 0) {
    return { ...base, reasoning, toolCalls, ending: "tools", completionTokens: 12 * toolCalls.length };
  }
  const text = steer.has("empty") ? "" : textFor(body, prompt, choice, steer.has("long"));
  const ending = (["length", "content_filter", "stop_sequence"] as const).find((name) => steer.has(name)) ?? "stop";
  return { ...base, reasoning, text, ending, completionTokens: countTokens(text) + countTokens(reasoning ?? "") };
}

/** Words in double brackets of the prompt, `error 429` among them. */
export function steering(prompt: string): ReadonlySet<string> {
  return new Set([...prompt.matchAll(/\[\[([^\]]*)\]\]/gu)].map((match) => match[1] ?? ""));
}

export function promptOf(body: Fields): string {
  const messages = listOf(body["messages"]);
  return textOf(messages.findLast((message) => message["role"] === "user")?.["content"]);
}

function textFor(body: Fields, prompt: string, choice: number, long: boolean): string {
  const answer = `You asked “${prompt}” – answer ${bodyDigest(body)}-${choice}: naïve café, 数字 42, 👩‍🚀 \\ "quoted".\nDone.`;
  const format = body["response_format"];
  if (isFields(format) && format["type"] !== "text") return JSON.stringify({ answer });
  return long ? `${answer} `.repeat(100) : answer;
}

function callsFor(body: Fields, last: Fields | undefined, prompt: string): Utterance["toolCalls"] {
  const choice = body["tool_choice"];
  const isOff = choice === "none" || (isFields(choice) && choice["type"] === "none");
  const isReply = listOf(last?.["content"]).some((part) => part["type"] === "tool_result");
  if (last?.["role"] !== "user" || isOff || isReply) return [];
  const isSerial =
    body["parallel_tool_calls"] === false || (isFields(choice) && choice["disable_parallel_tool_use"] === true);
  const tools = listOf(body["tools"]).map((tool) => (isFields(tool["function"]) ? tool["function"] : tool));
  return tools.slice(0, isSerial ? 1 : tools.length).map((tool) => ({
    name: String(tool["name"]),
    input: inputFor(tool["parameters"] ?? tool["input_schema"], prompt),
  }));
}

/** A valid input for the flat schemas that tests use. */
function inputFor(schema: unknown, prompt: string): Fields {
  const properties = isFields(schema) && isFields(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const { type, enum: values } = isFields(property) ? property : {};
      if (Array.isArray(values)) return [name, values[0]];
      if (type === "number" || type === "integer") return [name, 42];
      if (type === "boolean") return [name, true];
      return [name, `${name} “of” ${prompt.slice(0, 40)} é👍`];
    }),
  );
}

/** Pieces as a provider streams them: words with the space before them. */
export function piecesOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/gu) ?? (text === "" ? [] : [text]);
}
