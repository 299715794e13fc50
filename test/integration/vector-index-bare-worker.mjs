// A process that may not compile WebAssembly.
delete globalThis.WebAssembly;
await import("#semcache/vector-index/index-worker.js");
