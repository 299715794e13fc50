import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadTenantSecret, restoreTenantSecret } from "#semcache/cache/tenant-secret.js";

describe("loadTenantSecret", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "semcache-tenant-secret-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("takes the configured secret and leaves the data folder alone", async () => {
    const loaded = await loadTenantSecret({ configured: "0123456789abcdef", dataFolder: folder });
    expect(loaded).toEqual({ secret: Buffer.from("0123456789abcdef"), source: "configured" });
    expect(await readdir(folder)).toEqual([]);
  });

  test("refuses a configured secret that is too short, without repeating it", async () => {
    const failing = loadTenantSecret({ configured: "hunter2", dataFolder: null });
    await expect(failing).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.not.stringContaining("hunter2"),
    });
  });

  test("without a data folder it is random each time", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => loadTenantSecret({ configured: null, dataFolder: null })));
    expect(a?.source).toBe("random");
    expect(a?.secret).toHaveLength(32);
    expect(a?.secret.equals(b?.secret ?? Buffer.alloc(0))).toBe(false);
  });

  test("makes the folder and the file for their owner only, and reads the file again", async () => {
    const data = join(folder, "new", "data");
    const first = await loadTenantSecret({ configured: null, dataFolder: data });
    expect(first.source).toBe("file");
    expect(first.secret).toHaveLength(32);
    expect(await readdir(data)).toEqual(["tenant-secret"]);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect((await stat(join(data, "tenant-secret"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(data, "tenant-secret"))).toEqual(first.secret);
    expect(await loadTenantSecret({ configured: null, dataFolder: data })).toEqual(first);
  });

  test("many that start together agree on one secret and leave no drafts", async () => {
    const loaded = await Promise.all(
      Array.from({ length: 20 }, () => loadTenantSecret({ configured: null, dataFolder: folder })),
    );
    expect(new Set(loaded.map(({ secret }) => secret.toString("hex"))).size).toBe(1);
    expect(await readdir(folder)).toEqual(["tenant-secret"]);
  });

  test.each([0, 31, 33])("refuses a file of %d bytes instead of replacing it", async (bytes) => {
    const path = join(folder, "tenant-secret");
    await writeFile(path, Buffer.alloc(bytes), { mode: 0o600 });
    await expect(loadTenantSecret({ configured: null, dataFolder: folder })).rejects.toMatchObject({
      code: "config-invalid",
      message: `Cannot use the tenant secret in ${path}: it has ${bytes} bytes instead of 32`,
    });
    expect((await readFile(path)).length).toBe(bytes);
  });

  test("refuses a file that others may read", async () => {
    const { secret } = await loadTenantSecret({ configured: null, dataFolder: folder });
    const path = join(folder, "tenant-secret");
    await chmod(path, 0o644);
    await expect(loadTenantSecret({ configured: null, dataFolder: folder })).rejects.toMatchObject({
      code: "config-invalid",
      message: `Cannot trust the tenant secret in ${path}: its mode is 644, and 600 is needed`,
    });
    await chmod(path, 0o600);
    expect((await loadTenantSecret({ configured: null, dataFolder: folder })).secret).toEqual(secret);
  });

  test("is put back where it is missing, for its owner only, and takes nobody's place", async () => {
    const { secret } = await loadTenantSecret({ configured: null, dataFolder: folder });
    const path = join(folder, "tenant-secret");
    await rm(path);
    await restoreTenantSecret(folder, secret);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadTenantSecret({ configured: null, dataFolder: folder })).toEqual({ secret, source: "file" });
    await restoreTenantSecret(folder, Buffer.alloc(32));
    expect(await readFile(path)).toEqual(secret);
    expect(await readdir(folder)).toEqual(["tenant-secret"]);
    await expect(restoreTenantSecret(join(folder, "none"), secret)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("says where it could not write", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(loadTenantSecret({ configured: null, dataFolder: file })).rejects.toMatchObject({
      code: "config-invalid",
    });
    await mkdir(join(folder, "d", "tenant-secret"), { recursive: true });
    await expect(loadTenantSecret({ configured: null, dataFolder: join(folder, "d") })).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining(join(folder, "d", "tenant-secret")),
    });
  });
});
