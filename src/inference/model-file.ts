import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SemcacheError } from "../base/errors.ts";
import type { ModelFile } from "./model-manifest.ts";

/**
 * Reads a file whole and proves that it is the released one: a truncated download (or the pointer that Git LFS leaves
 * in place of a file) would otherwise fail later, or give other numbers.
 *
 * @throws {SemcacheError} `model-unusable`
 */
export async function readModelFile(folder: string, { file, bytes, sha256 }: ModelFile): Promise<Buffer> {
  const path = join(folder, file);
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new SemcacheError("model-unusable", `Cannot load the model file ${path}: ${state}; reinstall Semcache`, {
      cause,
    });
  }
  if (content.byteLength !== bytes)
    throw new SemcacheError(
      "model-unusable",
      `Cannot load the model file ${path}: it has ${content.byteLength} bytes instead of ${bytes}; reinstall Semcache`,
    );
  const actual = createHash("sha256").update(content).digest("hex");
  if (actual !== sha256)
    throw new SemcacheError(
      "model-unusable",
      `Cannot load the model file ${path}: its SHA-256 is ${actual} instead of ${sha256}; reinstall Semcache`,
    );
  return content;
}
