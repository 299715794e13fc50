import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { NotStoredReason } from "../../model/reason.ts";
import type { ServerSentEvent } from "../../sse/event.ts";
import { eventMembers, messageDeltaMembers } from "./answer-events.ts";
import { isMessageEnvelope, refuse, type AnswerBlock, type Reading } from "./answer-message.ts";
import { OpenBlock } from "./open-block.ts";
import { parseJson } from "../../base/raw-json.ts";

export interface StreamReading {
  readonly reading: Reading;
  /** The events that say something: no pings. */
  readonly events: readonly ServerSentEvent[];
}

/**
 * The message that a stream of events tells (Anthropic API reference, Streaming messages). Complete is what reached
 * `message_stop` in the documented order; anything after it, or out of order, is refused.
 */
export function readStream(events: readonly ServerSentEvent[]): StreamReading {
  const reader = new StreamReader();
  const kept: ServerSentEvent[] = [];
  for (const event of events) {
    const value = parseJson(event.data);
    if (event.event === "ping" || (isJsonObject(value) && value.type === "ping")) continue;
    const reason = reader.read(event, value);
    if (reason !== null) return { reading: refuse(reason), events: [] };
    kept.push(event);
  }
  return { reading: reader.finish(), events: kept };
}

class StreamReader {
  #phase: "before" | "content" | "end" | "stopped" = "before";
  #envelope: JsonObject = {};
  readonly #blocks: AnswerBlock[] = [];
  #open: OpenBlock | null = null;
  #convertible = true;
  #hasBrokenInput = false;

  /** Null, or why the stream cannot become an entry. */
  read({ event, data }: ServerSentEvent, value: JsonValue | undefined): NotStoredReason | null {
    if (event === "error" || (isJsonObject(value) && value.type === "error")) return "error-in-body";
    if (!isJsonObject(value) || typeof value.type !== "string") return "malformed";
    if ((event !== null && event !== value.type) || this.#phase === "stopped") return "malformed";
    const members = eventMembers.get(value.type);
    if (members === undefined || !Object.keys(value).every((name) => members.includes(name))) this.#convertible = false;
    if (members === undefined) return null;
    return this.#advance(value, data) ? null : "malformed";
  }

  finish(): Reading {
    if (this.#phase !== "stopped") return refuse("incomplete");
    return {
      kind: "message",
      message: {
        envelope: this.#envelope,
        blocks: this.#blocks,
        convertible: this.#convertible,
        hasBrokenInput: this.#hasBrokenInput,
      },
    };
  }

  #advance(value: JsonObject, source: string): boolean {
    switch (value.type) {
      case "message_start":
        return this.#startMessage(value);
      case "content_block_start":
        return this.#startBlock(value, source);
      case "content_block_delta":
        return this.#open !== null && this.#isAtOpenBlock(value) && this.#open.add(value.delta);
      case "content_block_stop":
        return this.#stopBlock(value);
      case "message_delta":
        return this.#endMessage(value);
      default:
        if (this.#phase !== "end") return false;
        this.#phase = "stopped";
        return true;
    }
  }

  #startMessage({ message }: JsonObject): boolean {
    if (this.#phase !== "before" || !isMessageEnvelope(message)) return false;
    if ((message.content as readonly JsonValue[]).length > 0) return false;
    this.#phase = "content";
    this.#envelope = message;
    return true;
  }

  #isAtOpenBlock({ index }: JsonObject): boolean {
    return index === this.#blocks.length;
  }

  #startBlock(value: JsonObject, source: string): boolean {
    const block = value.content_block;
    if (this.#phase !== "content" || this.#open !== null || !this.#isAtOpenBlock(value)) return false;
    if (!isJsonObject(block) || typeof block.type !== "string") return false;
    this.#open = new OpenBlock(block, source);
    return true;
  }

  #stopBlock(value: JsonObject): boolean {
    const open = this.#open;
    if (open === null || !this.#isAtOpenBlock(value)) return false;
    const block = open.close();
    if (block === null) return false;
    this.#blocks.push(block);
    this.#open = null;
    if (!open.convertible) this.#convertible = false;
    if (open.hasBrokenInput) this.#hasBrokenInput = true;
    return true;
  }

  /** There may be several; each overlays what it names. A counter that is null does not apply and changes nothing. */
  #endMessage({ delta, usage, context_management: edits }: JsonObject): boolean {
    if (this.#phase === "before" || this.#open !== null || !isJsonObject(delta)) return false;
    if (usage !== undefined && usage !== null && !isJsonObject(usage)) return false;
    this.#phase = "end";
    const changes = Object.entries(delta).filter(([name, value]) => name !== "container" || value !== null);
    if (!changes.every(([name]) => messageDeltaMembers.includes(name))) this.#convertible = false;
    const envelope: { [name: string]: JsonValue } = { ...this.#envelope, ...Object.fromEntries(changes) };
    if (edits !== undefined) envelope["context_management"] = edits;
    if (isJsonObject(usage)) {
      const counters = Object.entries(usage).filter(([, value]) => value !== null);
      const before = isJsonObject(envelope["usage"]) ? envelope["usage"] : {};
      envelope["usage"] = { ...before, ...Object.fromEntries(counters) };
    }
    this.#envelope = envelope;
    return true;
  }
}
