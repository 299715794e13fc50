// What an exact hit is measured against: node:http, the same request read and parsed as JSON, the same bytes back with
// the same headers. The least that any cache in front of this API could do.
import { createServer } from "node:http";
import { serveParent } from "./report.mjs";

const { answers } = JSON.parse(process.argv[2]);
const ready = new Map(
  Object.entries(answers).map(([key, { status, headers, body }]) => [
    key,
    { status, headers, body: Buffer.from(body, "base64") },
  ]),
);

const server = createServer({ keepAlive: true, noDelay: true, keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const { stream } = JSON.parse(bytes.toString("utf8"));
    const { status, headers, body } = ready.get(stream ? "stream" : "json");
    response.writeHead(status, headers);
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => serveParent(server.address().port, () => server.closeAllConnections()));
