import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, open, readFile, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SemcacheError } from "../base/errors.ts";

export interface TenantSecret {
  readonly secret: Buffer;
  readonly source: "configured" | "file" | "random";
}

const FILE_NAME = "tenant-secret";
const SECRET_BYTES = 32;
const MIN_CONFIGURED_CHARACTERS = 16;

/**
 * The secret of the tenants' HMAC: `cache.tenant_secret`; else a file in the data folder, made at the first start, so
 * that entries on disk outlive the process; else random, for stores that end with the process.
 *
 * @throws {SemcacheError} `config-invalid` for a secret that is too short, or a file that cannot be used.
 */
export async function loadTenantSecret(options: {
  readonly configured: string | null;
  readonly dataFolder: string | null;
}): Promise<TenantSecret> {
  const { configured, dataFolder } = options;
  if (configured !== null) {
    if (configured.length < MIN_CONFIGURED_CHARACTERS) {
      throw new SemcacheError(
        "config-invalid",
        `Cannot use cache.tenant_secret: it has ${configured.length} characters, and at least ${MIN_CONFIGURED_CHARACTERS} are needed`,
      );
    }
    return { secret: Buffer.from(configured, "utf8"), source: "configured" };
  }
  if (dataFolder === null) return { secret: randomBytes(SECRET_BYTES), source: "random" };
  const path = join(dataFolder, FILE_NAME);
  try {
    return { secret: (await readSecret(path)) ?? (await createSecret(dataFolder, path)), source: "file" };
  } catch (cause) {
    if (cause instanceof SemcacheError) throw cause;
    throw new SemcacheError("config-invalid", `Cannot keep the tenant secret in ${path}: ${String(cause)}`, { cause });
  }
}

/**
 * Puts the secret back in a data folder that was removed or moved while the process ran: without it nobody could find at
 * the next start what is stored there from now on. A file that is there stays, whatever it is.
 *
 * @throws the error of the file system
 */
export async function restoreTenantSecret(dataFolder: string, secret: Buffer): Promise<void> {
  const path = join(dataFolder, FILE_NAME);
  try {
    await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await linkSecret(path, secret);
  }
}

/** Null: there is no file yet. */
async function readSecret(path: string): Promise<Buffer | null> {
  let secret: Buffer;
  try {
    secret = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { mode } = await stat(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new SemcacheError(
      "config-invalid",
      `Cannot trust the tenant secret in ${path}: its mode is ${(mode & 0o777).toString(8)}, and 600 is needed`,
    );
  }
  if (secret.length !== SECRET_BYTES) {
    throw new SemcacheError(
      "config-invalid",
      `Cannot use the tenant secret in ${path}: it has ${secret.length} bytes instead of ${SECRET_BYTES}`,
    );
  }
  return secret;
}

/** Of two processes that start together, the second takes what the first has linked. */
async function createSecret(dataFolder: string, path: string): Promise<Buffer> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await linkSecret(path, randomBytes(SECRET_BYTES));
  const secret = await readSecret(path);
  if (secret === null)
    throw new SemcacheError("config-invalid", `Cannot read the tenant secret in ${path}: it vanished`);
  return secret;
}

/** Written beside its place and then linked there, so that no reader ever sees half a secret; one that is there stays. */
async function linkSecret(path: string, secret: Buffer): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  let file: FileHandle | null = null;
  try {
    file = await open(draft, "wx", 0o600);
    await file.writeFile(secret);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await file?.close();
    await rm(draft, { force: true });
  }
}
