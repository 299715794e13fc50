import { defineConfig } from "vitest/config";

// Unit tests sit beside the source. What opens a socket, a file or a model lives under test/ and imports the built
// product through "#semcache/*" (package.json, imports), because worker threads need JavaScript files to start from.
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
    // Each worker process may load two models; two cores, two processes.
    maxWorkers: 2,
  },
});
