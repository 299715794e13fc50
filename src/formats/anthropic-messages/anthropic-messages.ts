import type { AnswerForm, RecordedAnswer, StoredAnswer } from "../../model/answer.ts";
import { decodeEvents } from "../../sse/event-decoder.ts";
import { encodeEvents } from "../../sse/encode-events.ts";
import type { Dialect, Examination, Replay } from "../dialect.ts";
import { encodeAnthropicError } from "./encode-error.ts";
import { encodeMessage } from "./encode-message.ts";
import { encodeStream } from "./encode-stream.ts";
import { interpretRequest } from "./interpret-request.ts";
import { judgeMessage } from "./judge-message.ts";
import { readAnswerUsage } from "./read-answer-usage.ts";
import { readMessage } from "./read-message.ts";
import { readStream } from "./read-stream.ts";

/** `POST /v1/messages` of Anthropic's API. */
export const anthropicMessages: Dialect = {
  name: "anthropic-messages",
  interpret: interpretRequest,
  examine: examineAnswer,
  usageOf: readAnswerUsage,
  replay: replayAnswer,
  encodeError: encodeAnthropicError,
};

function examineAnswer({ status, shape, body, framingComplete }: RecordedAnswer): Examination {
  if (status < 200 || status > 299) return { kind: "refused", reason: "status" };
  switch (shape) {
    case "json": {
      if (!framingComplete) return { kind: "refused", reason: "incomplete" };
      const reading = readMessage(body);
      return reading.kind === "refused" ? reading : judgeMessage(reading.message, body);
    }
    case "stream": {
      const decoded = decodeEvents(body);
      if (decoded === null) return { kind: "refused", reason: "malformed" };
      const { reading, events } = readStream(decoded);
      return reading.kind === "refused" ? reading : judgeMessage(reading.message, encodeEvents(events));
    }
    default:
      return shape satisfies never;
  }
}

function replayAnswer({ shape, contentType, body }: StoredAnswer, form: AnswerForm): Replay | null {
  if (shape === form.shape) return { shape, contentType, body };
  switch (shape) {
    case "json": {
      const reading = readMessage(body);
      if (reading.kind === "refused" || !reading.message.convertible) return null;
      return { shape: "stream", contentType: "text/event-stream; charset=utf-8", body: encodeStream(reading.message) };
    }
    case "stream": {
      const decoded = decodeEvents(body);
      const reading = decoded === null ? null : readStream(decoded).reading;
      if (reading === null || reading.kind === "refused" || !reading.message.convertible) return null;
      return { shape: "json", contentType: "application/json", body: encodeMessage(reading.message) };
    }
    default:
      return shape satisfies never;
  }
}
