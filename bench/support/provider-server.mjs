// A provider that has thought already: answers at once, as JSON, or as a stream whose pieces come `paceMs` apart, each
// with the time at which it was written (of the machine's monotonic clock, in nanoseconds).
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { serveParent } from "./report.mjs";
import { chatAnswer, chatEvents } from "./requests.mjs";

const { paceMs = 0, pieces = 50 } = JSON.parse(process.argv[2]);
const json = Buffer.from(chatAnswer("The museum is open from ten to six, and closed on Mondays. ".repeat(8)));
const STAMP = "stamp";
const events = chatEvents(Array.from({ length: pieces }, () => ` ${STAMP}`));

async function sendStream(response) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "openai-version": "2020-10-01" });
  for (const event of events) {
    if (response.destroyed) return;
    response.write(event.replace(STAMP, () => `at${process.hrtime.bigint()}`));
    if (paceMs > 0) await sleep(paceMs);
  }
  response.end();
}

const server = createServer({ keepAlive: true, noDelay: true, keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    if (JSON.parse(Buffer.concat(chunks).toString("utf8")).stream) return void sendStream(response);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": json.length,
      "openai-version": "2020-10-01",
    });
    response.end(json);
  });
});
server.listen(0, "127.0.0.1", () => serveParent(server.address().port, () => server.closeAllConnections()));
