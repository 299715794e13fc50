import { SemcacheError } from "../base/errors.ts";
import type { ServerSentEvent } from "./event.ts";

/**
 * Events as bytes of an event stream (HTML Standard, 9.2.5), LF line ends, a blank line after each.
 * Decoding gives the same events; a line break inside `data` becomes a further `data:` line.
 *
 * @throws {SemcacheError} `internal` where an event name has a line break: it would start another field.
 */
export function encodeEvents(events: readonly ServerSentEvent[]): Buffer {
  let text = "";
  for (const { event, data } of events) {
    if (event !== null && event !== "") {
      if (/[\r\n]/.test(event))
        throw new SemcacheError(
          "internal",
          `Cannot encode an event: its name ${JSON.stringify(event)} has a line break`,
        );
      text += `event: ${event}\n`;
    }
    text += /[\r\n]/.test(data) ? `data: ${data.replace(/\r\n?|\n/g, "\ndata: ")}\n\n` : `data: ${data}\n\n`;
  }
  return Buffer.from(text, "utf8");
}
