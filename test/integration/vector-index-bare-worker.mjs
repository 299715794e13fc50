// A platform for which usearch has no build.
process.dlopen = () => {
  throw new Error("no such build");
};
await import("#semcache/vector-index/graph-worker.js");
