import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { convertibleBlockTypes, deltaTypes } from "./answer-events.ts";
import type { AnswerBlock } from "./answer-message.ts";
import { isJsonArray } from "./content-blocks.ts";
import { memberSource, parseJson } from "../../base/raw-json.ts";

/** A content block between its start and its stop. */
export class OpenBlock {
  readonly #start: JsonObject;
  readonly #startSource: string;
  readonly #pieces: string[] = [];
  readonly #citations: JsonValue[] = [];
  #signature: string | null = null;
  #convertible: boolean;
  #hasBrokenInput = false;

  /** @param startSource the text of the `content_block_start` event */
  constructor(start: JsonObject, startSource: string) {
    this.#start = start;
    this.#startSource = startSource;
    this.#convertible = convertibleBlockTypes.has(String(start.type));
  }

  get convertible(): boolean {
    return this.#convertible;
  }

  get hasBrokenInput(): boolean {
    return this.#hasBrokenInput;
  }

  /** False: the delta cannot follow here. A delta that nobody knows can; the block is then of one form. */
  add(delta: JsonValue | undefined): boolean {
    if (!isJsonObject(delta) || typeof delta.type !== "string") return false;
    const known = deltaTypes.get(delta.type);
    if (known === undefined || !convertibleBlockTypes.has(String(this.#start.type))) {
      this.#convertible = false;
      return true;
    }
    if (known.block !== this.#start.type) return false;
    if (Object.keys(delta).length !== 2) this.#convertible = false;
    const piece = delta[known.member];
    if (delta.type === "citations_delta") {
      if (!isJsonObject(piece)) return false;
      this.#citations.push(piece);
      return true;
    }
    if (typeof piece !== "string") return false;
    if (delta.type !== "signature_delta") {
      this.#pieces.push(piece);
      return true;
    }
    // Some clients take the last signature, some join them: there is no one JSON form of two.
    if (this.#signature !== null) this.#convertible = false;
    this.#signature = piece;
    return true;
  }

  /** The block as the JSON form has it; null where its own members have other types than the API's. */
  close(): AnswerBlock | null {
    const start = this.#start;
    switch (start.type) {
      case "text":
        return this.#closeText();
      case "thinking": {
        if (start.thinking !== undefined && typeof start.thinking !== "string") return null;
        const thinking = (start.thinking ?? "") + this.#pieces.join("");
        const signature = this.#signature === null ? {} : { signature: this.#signature };
        return { value: { ...start, thinking, ...signature }, inputSource: null };
      }
      case "tool_use":
        return this.#closeToolUse();
      default:
        return { value: start, inputSource: null };
    }
  }

  #closeText(): AnswerBlock | null {
    const { text, citations } = this.#start;
    if (text !== undefined && typeof text !== "string") return null;
    if (citations !== undefined && citations !== null && !isJsonArray(citations)) return null;
    const value = { ...this.#start, text: (text ?? "") + this.#pieces.join("") };
    if (this.#citations.length === 0) return { value, inputSource: null };
    return { value: { ...value, citations: [...(citations ?? []), ...this.#citations] }, inputSource: null };
  }

  /** Without a piece the input is the start's own: `{}` from the provider, all of it from some that imitate it. */
  #closeToolUse(): AnswerBlock {
    const pieces = this.#pieces.join("");
    const inputSource = pieces === "" ? this.#inputSourceOfStart() : pieces;
    const input = parseJson(inputSource);
    if (isJsonObject(input)) return { value: { ...this.#start, input }, inputSource };
    this.#hasBrokenInput = true;
    this.#convertible = false;
    return { value: { ...this.#start, input: {} }, inputSource: "{}" };
  }

  #inputSourceOfStart(): string {
    return memberSource(memberSource(this.#startSource, "content_block") ?? "{}", "input") ?? "{}";
  }
}
