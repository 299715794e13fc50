import { readdirSync, statSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAdminServer } from "./admin-server.ts";

/** HTML, style and script together, as a browser reads them. */
const MAX_PAGE_BYTES = 150_000;

let server: Awaited<ReturnType<typeof startAdminServer>>;
beforeAll(async () => {
  // The page itself needs no token: it has no data.
  server = await startAdminServer({ adminToken: "secret" });
});
afterAll(() => server.close());

interface Raw {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As it comes over the wire: fetch would decode it. */
function get(path: string, headers: Record<string, string> = {}): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${server.origin}${path}`, { headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
    });
    request.on("error", reject);
    request.end();
  });
}

async function assetPaths(): Promise<string[]> {
  const { body } = await get("/admin");
  return [...body.toString().matchAll(/(?:src|href)="(admin\/assets\/[^"]+)"/g)].map(([, path]) => `/${path}`);
}

describe("GET /admin", () => {
  it("is one page of its own files, with a policy that lets nothing else in", async () => {
    const { status, headers, body } = await get("/admin");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["x-frame-options"]).toBe("DENY");
    const policy = headers["content-security-policy"];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = body.toString();
    // No inline script or style, nothing of another origin.
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?:/);
    expect(await assetPaths()).toHaveLength(2);
  });

  it("weighs under 150 kB before compression, all of it", async () => {
    const sizes = await Promise.all(
      ["/admin", ...(await assetPaths())].map(async (path) => (await get(path)).body.length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_PAGE_BYTES);
    // Nothing beside what the page names is built.
    const files = new URL("../../dist/dashboard/files/", import.meta.url);
    const built = readdirSync(files, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(?:html|css|js)$/.test(name),
    );
    const onDisk = built.reduce((sum, name) => sum + statSync(new URL(name, files)).size, 0);
    expect(onDisk).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  it("makes no HTML of text", async () => {
    const script = (await assetPaths()).find((path) => path.endsWith(".js")) ?? "";
    const code = (await get(script)).body.toString();
    expect(code).not.toMatch(/outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser/);
  });

  it("is sent in the form that the client takes", async () => {
    for (const path of ["/admin", ...(await assetPaths())]) {
      const plain = await get(path);
      const brotli = await get(path, { "accept-encoding": "gzip, deflate, br" });
      const gzip = await get(path, { "accept-encoding": "gzip;q=0.5, br;q=0.0" });
      expect([plain, brotli, gzip].map(({ headers }) => headers["content-encoding"])).toEqual([
        undefined,
        "br",
        "gzip",
      ]);
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
      expect(brotli.body.length).toBeLessThan(gzip.body.length);
      expect(plain.headers.vary).toBe("accept-encoding");
      expect(new Set([plain, brotli, gzip].map(({ headers }) => headers.etag)).size).toBe(3);
    }
  });

  it("is kept by browsers: assets for good, the page as long as it is the same", async () => {
    const page = await get("/admin");
    expect(page.headers["cache-control"]).toBe("no-cache");
    const again = await get("/admin", { "if-none-match": `"other", W/${page.headers.etag ?? ""}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await get("/admin", { "if-none-match": '"other"' })).status).toBe(200);
    for (const path of await assetPaths()) {
      const { headers } = await get(path);
      expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
  });
});
