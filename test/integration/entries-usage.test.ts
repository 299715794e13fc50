import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSemcacheError } from "#semcache/base/errors.js";
import { runEntries } from "#semcache/cli/entries/entries.js";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-usage-"));
  await writeFile(join(folder, "x.txt"), "hello\n");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("wrong usage of semcache entries", () => {
  it.each<[readonly string[], RegExp]>([
    [["fly"], /entries fly is unknown, expected list, show/],
    [[], /entries alone is unknown/],
    [["list", "now"], /no further words, got now/],
    [["list", "--limit", "0"], /--limit is "0"/],
    [["list", "--older-than", "soon"], /--older-than is "soon"/],
    [["list", "--tag", ""], /--tag is empty/],
    [["list", "--colour"], /--colour/],
    [["show"], /the id of an entry, got nothing/],
    [["delete"], /ids of entries, got nothing/],
    [["flush"], /nothing is selected; give --tag/],
    [["flush", "--all", "--tag", "x"], /--all is given together/],
    [["export", "a", "b"], /at most one file, got a b/],
    [["import"], /a file, or - for standard input, got nothing/],
    [["import", "x", "--format", "xml"], /--format is "xml", expected one of auto, entries, faq/],
    [["import", "x.txt"], /Cannot tell what .*x.txt holds/],
    [["import", "x.txt", "--format", "faq", "--ttl", "soon"], /--ttl is "soon"/],
    [["import", "x.txt", "--format", "faq", "--tags", "a b"], /--tags has "a b"/],
    [["import", "x.txt", "--format", "faq", "--header", "nothing"], /--header is not of the form/],
    [["import", "x.txt", "--format", "faq", "--requests", "y"], /--requests is for batches/],
    [["import", "x.txt", "--format", "entries", "--ttl", "1h"], /--ttl is not for exported entries/],
    [["import", "x.txt", "--format", "openai-batch"], /give their file with --requests/],
    [["import", "x.txt", "--format", "anthropic-batch", "--requests", "y"], /give the version that your client sends/],
  ])("%j is told before anything is opened", async (args, message) => {
    const openStore = () => {
      throw new Error("Cannot be asked: the usage is wrong");
    };
    const placed = args.map((word) => (word === "x.txt" ? join(folder, word) : word));
    // The action reads its flags when the server is known, and asks it nothing.
    const address = args.length === 0 ? [] : ["--url", "http://127.0.0.1:9"];
    const error: unknown = await runEntries([...placed, ...address], { openStore }).catch((thrown: unknown) => thrown);
    expect(isSemcacheError(error, "usage")).toBe(true);
    expect(String((error as Error).message)).toMatch(message);
    expect(String((error as Error).message)).not.toContain("\n");
  });
});
