// The worker with the large indexes, and a way to end it from outside.
import { BroadcastChannel } from "node:worker_threads";

const channel = new BroadcastChannel("semcache-test-end-index-worker");
channel.addEventListener("message", () => process.exit(3));
channel.unref();
await import("#semcache/vector-index/index-worker.js");
