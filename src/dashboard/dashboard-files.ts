import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A file of the page, as the build made it, with its smaller forms. */
export interface DashboardFile {
  /** Of the route: `/admin`, or under `/admin/assets/`, where the name holds a hash of the content. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
  /** Strong: a digest of `bytes` (RFC 9110, 8.8.3). */
  readonly etag: string;
}

export interface DashboardFiles {
  readonly page: DashboardFile;
  readonly assets: readonly DashboardFile[];
}

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** What tools/bundle-dashboard.mjs laid beside this module, read once. */
export function readDashboardFiles(folder: URL = new URL("./files/", import.meta.url)): DashboardFiles {
  const assets = new URL("assets/", folder);
  return {
    page: readFile(new URL("admin.html", folder), "/admin"),
    assets: readdirSync(assets)
      .filter((name) => !name.endsWith(".br") && !name.endsWith(".gz"))
      .map((name) => readFile(new URL(name, assets), `/admin/assets/${name}`)),
  };
}

function readFile(url: URL, path: string): DashboardFile {
  const bytes = readFileSync(url);
  const compressed = (suffix: string) => {
    const form = new URL(url.href + suffix);
    return existsSync(form) ? readFileSync(form) : null;
  };
  return {
    path,
    contentType: contentTypes[url.href.slice(url.href.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    bytes,
    brotli: compressed(".br"),
    gzip: compressed(".gz"),
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`,
  };
}
