import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadModelManifest } from "#semcache/inference/model-manifest.js";
import { createWorkerPool } from "#semcache/inference/worker-pool.js";
import type { InferencePool } from "#semcache/inference/inference-pool.js";

const released = new URL("../../models/", import.meta.url);
let folder: string;
let folderUrl: URL;
let pool: InferencePool | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "semcache-models-"));
  folderUrl = pathToFileURL(`${folder}/`);
  await mkdir(join(folder, "embedder"));
  await mkdir(join(folder, "verifier"));
  await copyFile(new URL("manifest.json", released), join(folder, "manifest.json"));
  for (const file of ["tokenizer.json", "embedder/model.int8.onnx", "verifier/model.int8.onnx"])
    await symlink(new URL(file, released), join(folder, file));
});

afterEach(async () => {
  await pool?.close();
  await rm(folder, { recursive: true, force: true });
});

async function replaceByCopy(file: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const path = join(folder, file);
  const bytes = Buffer.from(await readFile(path));
  await rm(path);
  await writeFile(path, change(bytes));
}

async function startPool(): Promise<InferencePool> {
  pool = createWorkerPool({ models: await loadModelManifest(folderUrl), workers: 1 });
  return pool;
}

test.each<[string, string, (path: string) => Promise<void>, RegExp]>([
  ["missing model", "verifier/model.int8.onnx", (path) => rm(path), /ENOENT/],
  [
    "damaged model",
    "embedder/model.int8.onnx",
    () =>
      replaceByCopy("embedder/model.int8.onnx", (bytes) => {
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        return bytes;
      }),
    /SHA-256/,
  ],
  [
    "truncated model",
    "embedder/model.int8.onnx",
    async (path) => {
      await replaceByCopy("embedder/model.int8.onnx", (bytes) => bytes);
      await truncate(path, 1_000_000);
    },
    /1000000 bytes instead of 22956405/,
  ],
  [
    "pointer of Git LFS in place of the tokenizer",
    "tokenizer.json",
    () => replaceByCopy("tokenizer.json", () => Buffer.from("version https://git-lfs.github.com/spec/v1\n")),
    /bytes instead of 466247/,
  ],
])("%s: an error that names the file and says what to do", async (_, file, damage, state) => {
  await damage(join(folder, file));
  const damaged = await startPool();
  const error = await damaged.warm().then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: "model-unusable" });
  const { message } = error as Error;
  expect(message).toContain(join(folder, file));
  expect(message).toMatch(state);
  expect(message).toMatch(/reinstall Semcache$/);
  await expect(damaged.embed(["a"])).rejects.toMatchObject({ code: "inference-failed" });
  await expect(damaged.warm()).rejects.toMatchObject({ code: "model-unusable" });
  expect(damaged.status()).toMatchObject({ ready: false, degraded: true });
});

test("a model of another kind is refused, even with a manifest that vouches for it", async () => {
  const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
  const { file, bytes, sha256 } = manifest.verifier;
  Object.assign(manifest.embedder, { file, bytes, sha256 });
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  await expect((await startPool()).warm()).rejects.toMatchObject({
    code: "model-unusable",
    message: expect.stringContaining("token_type_ids"),
  });
});

test("a file that is put back is found by the next restart", async () => {
  const path = join(folder, "tokenizer.json");
  await rm(path);
  const mended = await startPool();
  await expect(mended.warm()).rejects.toMatchObject({ code: "model-unusable" });
  await symlink(new URL("tokenizer.json", released), path);
  await once(process, "worker");
  await expect(mended.embed(["a"])).resolves.toHaveLength(1);
  await mended.warm();
});

test.each([
  ["missing", null],
  ["not JSON", "{"],
  ["of another format", '{"formatVersion":2}'],
])("a manifest that is %s", async (_, content) => {
  const path = join(folder, "manifest.json");
  await rm(path);
  if (content !== null) await writeFile(path, content);
  await expect(loadModelManifest(folderUrl)).rejects.toMatchObject({
    code: "model-unusable",
    message: expect.stringContaining(path),
  });
});
