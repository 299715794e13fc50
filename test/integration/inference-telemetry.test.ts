import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../support/command.ts";

test("the models' runtime keeps nothing in the home folder: it reports to nobody", async () => {
  const home = await mkdtemp(join(tmpdir(), "semcache-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  // Its reporting is off by itself where CI is set, and goes by these folders otherwise.
  const env = { HOME: home, XDG_CACHE_HOME: join(home, "cache"), CI: "" };
  const { code, stdout } = await run(
    ["similarity", "What is the capital of France?", "Tell me the capital of France"],
    {
      env,
    },
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^verdict +hit/u);
  expect(await readdir(home)).toEqual([]);
});
