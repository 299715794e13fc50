import { LineBuffer } from "./line-buffer.ts";
import { createStdoutSink, type LineSink } from "./line-sink.ts";
import { redactFields, redactText } from "./redaction.ts";
import { toRequestFields } from "./request-log.ts";
import type { RequestReport } from "./request-report.ts";
import { toTextLine } from "./text-line.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
export type LogFields = Readonly<Record<string, unknown>>;

/** One line per event. No call waits for the reader; credentials in messages and fields are hidden. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The line of a request, at level `info`. */
  request(report: RequestReport): void;
  /** From the next line on. */
  configure(settings: { readonly level: LogLevel; readonly format: "json" | "text" }): void;
  /** Lines that were dropped because the reader was too slow, or gone. */
  readonly lostLines: number;
  /** Hands over what waits, for at most `timeoutMs` (2,000). Later lines are lost. */
  close(timeoutMs?: number): Promise<void>;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "text";
  /** Put prompt texts into the lines of requests. */
  readonly logPrompts: boolean;
  /** Standard output if not given. */
  readonly sink?: LineSink;
  readonly maxBytes?: number;
}

/** Names and weights as pino and most log readers have them. */
const weights: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 100,
};

export function createLog({ logPrompts, sink, maxBytes, ...settings }: LogOptions): Log {
  let { level, format } = settings;
  const lines = new LineBuffer(sink ?? createStdoutSink(), {
    ...(maxBytes === undefined ? {} : { maxBytes }),
    describeLoss: (lost) =>
      encode({ level: "warn", time: now(), msg: "Log lines were lost: the reader is too slow", lost }),
  });
  function encode(line: object): string {
    const json = JSON.stringify(line);
    return format === "text" ? toTextLine(json) : `${json}\n`;
  }
  const put = (at: "debug" | "info" | "warn" | "error") => (message: string, fields?: LogFields) => {
    if (weights[at] < weights[level]) return;
    encodeRequests();
    const told = fields === undefined ? {} : (redactFields(fields) as object);
    lines.write(encode({ level: at, time: now(), msg: redactText(message), ...rename(told) }));
  };
  // The requests of one turn of the event loop are encoded after it, in a row, while the code for it is warm: no answer
  // waits for them.
  let requests: { readonly report: RequestReport; readonly atMs: number }[] = [];
  function encodeRequests(): void {
    if (requests.length === 0) return;
    const ended = requests;
    requests = [];
    for (const { report, atMs } of ended) lines.write(encode(toRequestFields(report, toTime(atMs), logPrompts)));
  }
  return {
    debug: put("debug"),
    info: put("info"),
    warn: put("warn"),
    error: put("error"),
    request(report) {
      if (weights.info < weights[level]) return;
      if (requests.push({ report, atMs: Date.now() }) === 1) setImmediate(encodeRequests);
    },
    configure(next) {
      // Requests that ended before are told in the form that held then.
      encodeRequests();
      ({ level, format } = next);
    },
    get lostLines() {
      return lines.lost;
    },
    close(timeoutMs = 2_000) {
      encodeRequests();
      return lines.close(timeoutMs);
    },
  };
}

/** A field cannot pose as the level, the time or the message of its line. */
function rename(fields: object): object {
  const { level, time, msg, ...rest } = fields as Record<string, unknown>;
  return {
    ...rest,
    ...(level === undefined ? {} : { level_: level }),
    ...(time === undefined ? {} : { time_: time }),
    ...(msg === undefined ? {} : { msg_: msg }),
  };
}

function now(): string {
  return toTime(Date.now());
}

let lastSecond = Number.NaN;
/** All of its text but the milliseconds. */
let lastPrefix = "";

/** ISO 8601. The lines of one second share the text of it. */
function toTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -"000Z".length);
  }
  return `${lastPrefix}${String(ms - second * 1000).padStart(3, "0")}Z`;
}
