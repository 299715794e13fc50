import { fileURLToPath } from "node:url";
import { mkdtempSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const child = fileURLToPath(new URL("store-young-objects-child.mjs", import.meta.url));

// Without the ring of what is under way they bring 13, without the cut through the package's list of writes 2.
test("what a put makes dies young: ten thousand of them bring no collection of old objects", () => {
  const folder = mkdtempSync(join(tmpdir(), "semcache-young-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = ["--max-semi-space-size=2", "--no-allocation-site-pretenuring", "--expose-gc"];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...options, child, folder], { encoding: "utf8" });
  expect([stderr, status]).toEqual(["", 0]);
  const { young, old } = JSON.parse(stdout) as { young: number; old: number };
  expect(young).toBeGreaterThan(50);
  expect(old).toBeLessThanOrEqual(1);
});
