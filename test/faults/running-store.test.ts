import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolder, runChild } from "./child.ts";
import { mayMount } from "./may-mount.ts";

async function play(scenario: string): Promise<void> {
  const folder = makeFolder("running");
  try {
    const { code, signal, stderr } = await runChild("running-store-child.mjs", [scenario, join(folder.path, "store")]);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  } finally {
    folder.remove();
  }
}

describe("a store whose folder changes under it goes on, says so once, and begins again by itself", () => {
  test.each([
    "cut to nothing",
    "cut to nothing, unnoticed",
    "cut to nothing, writing",
    "cut to a page",
    "cut by a few bytes",
    "removed",
    "removed, writing",
    "replaced by a text",
    "folder removed",
    "folder removed, unnoticed",
    "folder made again",
    "folder moved",
    "folder moved, another in its place",
    "in the place of the folder a file",
    "lock file cut",
    "lock file cut, deleting all",
    "lock file cut, deleting some",
    "lock file cut, deleting one",
    "lock file cut, deleting when it is lost",
    "lock file cut, deleting while it is read again",
    "a second store on the folder",
  ])("%s", { timeout: 60_000 }, async (scenario) => {
    await play(scenario);
    expect.hasAssertions();
  });

  test
    .runIf(mayMount)
    .each(["read-only at the start", "read-only while it runs", "disk full", "disk full at the start"])(
    "%s",
    { timeout: 60_000 },
    async (scenario) => {
      await play(scenario);
      expect.hasAssertions();
    },
  );
});
