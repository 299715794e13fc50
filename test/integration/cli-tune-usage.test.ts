import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isSemcacheError } from "#semcache/base/errors.js";
import { runTune } from "#semcache/cli/tune/tune.js";
import { run } from "../support/command.ts";

const row = `${JSON.stringify({ prompt: "How do I track my parcel?" })}\n`;

describe("wrong usage is one line, told before anything is read", () => {
  it.each<[readonly string[], string]>([
    [[], "a log, or - for standard input, got nothing"],
    [["a", "b"], "got a b"],
    [["-", "--fly"], "--fly"],
    [["-", "--limit", "0"], '--limit is "0", allowed is a whole number from 1'],
    [["-", "--limit", "1e99999"], "--limit"],
    [["-", "--sample", "2"], '--sample is "2", allowed is a share over 0 and up to 1'],
    [["-", "--max-wrong", "5%"], '--max-wrong is "5%", allowed is a share from 0 to 1'],
    [["-", "--pairs=-1"], "--pairs"],
    [["-", "--price-input", "1"], "--price-input and --price-output"],
    [["-", "--price-input", "1", "--price-output", "free"], '--price-output is "free"'],
  ])("%j: %s", async (args, told) => {
    const error: unknown = await runTune(args).catch((thrown: unknown) => thrown);
    expect(isSemcacheError(error, "usage")).toBe(true);
    expect((error as Error).message).toContain(told);
    expect((error as Error).message).not.toContain("\n");
  });
});

describe("a file that is no log is one line and exit code 2", () => {
  it.each<[readonly string[], string, string]>([
    [[], "it is one JSON array, and one object a line is needed", `[${row}]`],
    [[], "none of prompt, text, question, query, message", "colour,size\nred,1\n"],
    [["--prompt", "Wish"], "--prompt names wish", "prompt,size\nred,1\n"],
    [["--label", "right"], "--label names right", "prompt,size\nred,1\n"],
  ])("%j: %s", async (args, told, input) => {
    const { code, stdout, stderr } = await run(["tune", "-", ...args], { input });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^semcache: [^\n]+\n$/u);
    expect(stderr).toContain(told);
  });
});

describe("a log of no use is one line and exit code 1", () => {
  it.each<[string, string, string]>([
    ["that is not there", "no-such.jsonl", "Cannot read no-such.jsonl"],
    ["that is empty", "-", "standard input holds no request that can be replayed: it is empty"],
    ["in which no line can be read", "-", "1 line unreadable, line 1: it is not a JSON object"],
    ["of requests that are not cached", "-", "1 requests of /v1/embeddings are not cached"],
  ])("%s", async (what, path, told) => {
    const inputs: Readonly<Record<string, string>> = {
      "in which no line can be read": "{oops\n",
      "of requests that are not cached": '{"custom_id":"a","url":"/v1/embeddings","body":{}}\n',
    };
    const { code, stdout, stderr } = await run(["tune", path], { input: inputs[what] ?? "" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^semcache: Cannot [^\n]+\n$/u);
    expect(stderr).toContain(told);
  });

  it("that would overwrite nothing where the page cannot be written", async () => {
    const { code, stderr } = await run(["tune", "-", "--html", "no-such-folder/report.html"], { input: row });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^semcache: Cannot write no-such-folder\/report\.html: /),
    ]);
  }, 60_000);
});

it("ends at an interrupt while the log goes on", async () => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const child = spawn(process.execPath, [main, "tune", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = once(child, "close");
  const long = `${JSON.stringify({ prompt: "How do I track my parcel? ".repeat(400) })}\n`;
  // More than a pipe holds: when all of it is written, most of it was read.
  await new Promise<void>((resolve) => child.stdin.write(long.repeat(200), () => resolve()));
  child.kill("SIGINT");
  expect((await closed)[0]).toBe(1);
  expect(stderr).toMatch(/^semcache: Stopped: interrupted while reading standard input, after \d+ requests?\n$/);
}, 60_000);
