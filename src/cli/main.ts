#!/usr/bin/env node
import { isSemcacheError } from "../base/errors.ts";
import { usage } from "./arguments.ts";
import { version } from "../version.ts";

/** 0 done, 1 failed, 2 wrong usage or wrong configuration. */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(usage);
    return 0;
  }
  // Each command is loaded when it is asked for: help and configuration need no models.
  switch (command) {
    case "--help":
    case "-h":
    case "help":
      process.stdout.write(usage);
      return 0;
    case "--version":
    case "-v":
      process.stdout.write(`semcache ${version}\n`);
      return 0;
    case "demo":
      return (await import("./demo/demo.ts")).runDemo(rest);
    case "similarity":
      return (await import("./similarity.ts")).runSimilarity(rest);
    case "entries": {
      const { runEntries } = await import("./entries/entries.ts");
      // With it come the models' code and all else that a server is made of.
      return runEntries(rest, {
        openStore: async (config) => (await import("./entries/open-store.ts")).openStore(config),
      });
    }
    case "feedback":
      return (await import("./feedback/feedback.ts")).runFeedback(rest);
    case "prices":
      return (await import("./prices/prices.ts")).runPrices(rest);
    case "tune":
      return (await import("./tune/tune.ts")).runTune(rest);
    case "config":
      return (await import("./config.ts")).runConfig(rest);
    case "serve":
      return (await import("./serve.ts")).runServe(rest);
    default:
      if (command === undefined || command.startsWith("-")) return (await import("./serve.ts")).runServe(args);
      process.stderr.write(`semcache: Cannot run: unknown command "${command}". Try semcache --help\n`);
      return 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`semcache: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isSemcacheError(error, "usage") || isSemcacheError(error, "config-invalid") ? 2 : 1;
}
