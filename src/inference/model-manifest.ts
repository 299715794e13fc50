import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { SemcacheError } from "../base/errors.ts";
import type { TokenTypes } from "./word-piece-tokenizer.ts";

/** A file of the `models/` folder, as it was when it was released. */
export interface ModelFile {
  /** Relative to the folder of the manifest. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ModelSpec extends ModelFile {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Numbers per input sequence. */
  readonly dimensions: number;
  /** Longest sequence, special tokens included. */
  readonly maxTokens: number;
  /** How the tokens of a pair are typed. */
  readonly tokenTypes: TokenTypes;
}

export interface ModelManifest {
  /** Absolute path, with a trailing separator. */
  readonly folder: string;
  readonly tokenizer: ModelFile;
  readonly embedder: ModelSpec;
  readonly verifier: ModelSpec;
}

const file = { file: z.string().min(1), bytes: z.int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };
const model = z.strictObject({
  ...file,
  name: z.string().min(1),
  inputs: z.array(z.string()).min(1),
  output: z.string(),
  dimensions: z.int().positive(),
  maxTokens: z.int().positive(),
  tokenTypes: z.enum(["segments", "matches"]).default("segments"),
});
const schema = z.strictObject({
  formatVersion: z.literal(1),
  tokenizer: z.strictObject(file),
  embedder: model,
  verifier: model,
});

// src/inference/ and dist/inference/ are equally deep, so this holds for both and for an installed package.
const packagedModels = new URL("../../models/", import.meta.url);

/**
 * Reads `manifest.json` of a model folder; the files that it names are checked when a worker loads them.
 *
 * @throws {SemcacheError} `model-unusable`
 */
export async function loadModelManifest(folder: URL = packagedModels): Promise<ModelManifest> {
  const path = fileURLToPath(new URL("manifest.json", folder));
  try {
    const { tokenizer, embedder, verifier } = schema.parse(JSON.parse(await readFile(path, "utf8")));
    return Object.freeze({ folder: fileURLToPath(folder), tokenizer, embedder, verifier });
  } catch (cause) {
    throw new SemcacheError(
      "model-unusable",
      `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}; reinstall Semcache`,
      { cause },
    );
  }
}

/** Names model and tokenizer: results under different ids must not be compared. */
export function modelId(manifest: ModelManifest, role: "embedder" | "verifier"): string {
  const { name, sha256 } = manifest[role];
  const digest = createHash("sha256").update(`${sha256} ${manifest.tokenizer.sha256}`).digest("hex");
  return `${name}:${digest.slice(0, 8)}`;
}
