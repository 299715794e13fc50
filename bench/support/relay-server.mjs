// The least that any proxy adds: node:http in, node:http out, bytes piped both ways, nothing read or kept.
import { Agent, createServer, request as open } from "node:http";
import { serveParent } from "./report.mjs";

const { providerPort } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true });

const server = createServer({ keepAlive: true, noDelay: true, keepAliveTimeout: 75_000 }, (request, response) => {
  const { method, url: path, headers } = request;
  const outgoing = open({ host: "127.0.0.1", port: providerPort, agent, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  request.pipe(outgoing);
});
server.listen(0, "127.0.0.1", () =>
  serveParent(server.address().port, () => {
    agent.destroy();
    server.closeAllConnections();
  }),
);
