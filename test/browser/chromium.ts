import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The system's browser: `CHROMIUM`, or where Debian and others put it; null where there is none. */
export const chromiumPath: string | null = process.env["CHROMIUM"] ?? places.find((path) => existsSync(path)) ?? null;

if (chromiumPath === null) {
  process.stdout.write(
    "skipped: the dashboard in a browser, because Chromium is missing; `apt-get install chromium` installs it, or name one with CHROMIUM\n",
  );
}

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error("Cannot start Chromium: there is none");
  // In containers, and for root, it has no sandbox of its own; the pages are ours.
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}
