// Exit code 0 while the server of this container answers. `/ready` is for load balancers: a server that drains, or loads
// its models, is not one to be restarted.
const { SEMCACHE_SERVER__PORT: port = "8080" } = process.env;
try {
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(4_000) });
  if (!response.ok) throw new Error(`status ${response.status}`);
} catch (error) {
  process.stderr.write(`Cannot reach the server on port ${port}: ${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
