import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ask, chat } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { LogCollector } from "../support/log-collector.ts";
import { runDockerfile, runInShell, type Stage } from "./dockerfile-steps.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const userId = process.getuid?.() ?? 0;
/** Whom the server runs as: the image's own user where these tests run as root, otherwise whoever runs them. */
const owner = userId === 0 ? 1000 : userId;

let provider: ImitationProvider;
let folder: string;
let stages: readonly Stage[];
beforeAll(async () => {
  provider = await startImitationProvider();
  folder = mkdtempSync(join(tmpdir(), "semcache-image-"));
  // Others than root must reach what is in it.
  chmodSync(folder, 0o755);
  stages = runDockerfile({
    dockerfile: join(root, "deploy/Dockerfile"),
    context: root,
    folder,
    run(command, where) {
      // The packages of this checkout stand for those that npm would get; SEMCACHE_IMAGE_NPM=1 gets them.
      if (command.startsWith("npm ci") && process.env["SEMCACHE_IMAGE_NPM"] !== "1") {
        symlinkSync(join(root, "node_modules"), join(where.folder, "node_modules"));
      } else runInShell(command, where.folder);
    },
  });
}, 300_000);
afterAll(async () => {
  await provider.close();
  for (const path of [folder, ...tree(folder)]) if (statSync(path).isDirectory()) chmodSync(path, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

function tree(from: string): string[] {
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink() && !entry.parentPath.includes("node_modules/node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function image(): Stage {
  const last = stages.at(-1);
  if (!last) throw new Error("Cannot find the image: the Dockerfile has no stage");
  return last;
}

/** Paths of the image, as they are in its folder. */
const inImage = (word: string) => (/^\/(?:app|data|etc)\b/u.test(word) ? join(image().root, word) : word);

function exec(command: readonly string[], env: { readonly [name: string]: string }) {
  const [program = "", ...args] = command.map(inImage);
  expect(program).toBe("node");
  return {
    file: process.execPath,
    args,
    options: {
      cwd: inImage(image().workingFolder),
      env: {
        ...Object.fromEntries(Object.entries(image().env).map(([name, value]) => [name, inImage(value)])),
        ...env,
      },
      ...(userId === 0 && { uid: owner, gid: owner }),
    },
  };
}

test("the last stage is what runs: its own user by number, a volume, no shell before the server, a check without curl", () => {
  const [build, last] = stages;
  expect(stages).toHaveLength(2);
  expect(build?.name).toBe("build");
  expect(last?.image).toBe(build?.image);
  expect(last?.image).toMatch(/^node:\d+-[a-z]+-slim$/u);
  expect(last).toMatchObject({
    user: "1000:1000",
    volumes: ["/data"],
    ports: ["8080"],
    entrypoint: ["node", "--max-semi-space-size=8", "--no-allocation-site-pretenuring", "/app/dist/cli/main.js"],
    command: ["serve"],
    healthCheck: ["node", "/app/health-check.mjs"],
    env: { SEMCACHE_STORE__PATH: "/data" },
  });
  expect(statSync(join(last?.root ?? "", "data")).mode & 0o777).toBe(0o700);
});

test("the context has neither tests, nor data, nor secrets", () => {
  const build = stages[0]?.root ?? "";
  const files = tree(build)
    .map((path) => path.slice(build.length))
    .filter((path) => !path.startsWith("/build/packed/") && !path.startsWith("/build/node_modules/"));
  expect(files).toContain("/build/src/app.ts");
  const unwanted = /\.test\.|\/\.env|\/\.git|semcache-data|\/build\/(?:test|docs|bench|training|deploy)\//u;
  expect(files.filter((path) => unwanted.test(path))).toEqual([]);
});

test("what is packed has native code for this platform only, no development packages, no types, and every licence", () => {
  const app = join(image().root, "app");
  const files = tree(app).map((path) => path.slice(app.length + 1));
  const native = files.filter((path) => /\.(?:node|so(?:\.\d+)*|dylib|dll)$/u.test(path));
  for (const name of ["onnxruntime_binding", "fs-native-extensions"]) {
    expect(
      native.filter((path) => path.endsWith(`/${name}.node`)),
      name,
    ).toHaveLength(1);
  }
  expect(native.filter((path) => path.includes("@lmdb/"))).toHaveLength(1);
  const foreign = ["darwin", "linux", "win32", "android", "ios"].filter((name) => name !== process.platform);
  expect(native.filter((path) => foreign.some((name) => path.includes(`/${name}`)))).toEqual([]);
  expect(files.filter((path) => /\.(?:d\.[cm]?ts|map|tsx?|h|hpp|cc|rs)$/u.test(path))).toEqual([]);
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: { [name: string]: string };
  };
  // What metrics are made with brings the API package along.
  const development = Object.keys(devDependencies).filter((name) => name !== "@opentelemetry/api");
  expect(development.filter((name) => files.some((path) => path.startsWith(`node_modules/${name}/`)))).toEqual([]);
  expect(files).toContain("LICENSE");
  const packages = files.filter((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/u.test(path));
  const licences = (at: string) => readdirSync(at).filter((name) => /licen[cs]e|notice/iu.test(name)).length;
  for (const path of packages.map((name) => name.slice(0, -"/package.json".length))) {
    expect(licences(join(app, path)), path).toBe(licences(join(root, path)));
  }
});

test("it serves from a tree that it cannot write, keeps its data in the volume, is healthy, and stops on SIGTERM", async () => {
  if (userId === 0 && !mayRun(process.execPath)) {
    process.stderr.write(`Skipped: the image as another user, because only root may run ${process.execPath}\n`);
    return;
  }
  const config = join(image().root, image().workingFolder, "semcache.yaml");
  writeFileSync(
    config,
    `upstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" } } }\nembedding: { workers: 1 }\nmatching: { timeout: 60s }\n`,
  );
  const data = join(image().root, "data");
  chownSync(data, owner, userId === 0 ? owner : (process.getgid?.() ?? 0));
  const everything = () => tree(image().root).filter((path) => !path.startsWith(`${data}/`));
  const before = everything();
  for (const path of [image().root, ...before]) {
    if (path !== data) chmodSync(path, statSync(path).mode & 0o555);
  }
  const { entrypoint, command, healthCheck } = image();
  // A port that is free now, and temporary files nowhere: the root file system is read-only.
  const env = {
    SEMCACHE_SERVER__HOST: "127.0.0.1",
    SEMCACHE_SERVER__PORT: "0",
    TMPDIR: "/nonexistent",
    HOME: "/nonexistent",
  };
  const started = exec([...(entrypoint ?? []), ...(command ?? [])], env);
  const child = spawn(started.file, started.args, { ...started.options, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const { log, ended } = watch(child);
  const listening = await Promise.race([log.waitFor(({ msg }) => msg === "Listening", 30_000), ended]);
  const port = Number(new URL(String((listening as { url?: string }).url)).port);
  await ready(port);

  const outcomes: string[] = [];
  for (const prompt of ["How do I reset my password?", "How do I reset my password?", "How can I reset my password?"]) {
    outcomes.push((await ask(port, { body: chat(prompt) })).outcome);
  }
  expect(outcomes).toEqual(["miss/frame-new", "hit/exact", "hit/semantic"]);
  expect(readdirSync(data)).toContain("tenant-secret");
  const isHealthy = () => {
    const check = exec(healthCheck ?? [], { SEMCACHE_SERVER__PORT: String(port) });
    const { status, stderr } = spawnSync(check.file, check.args, { ...check.options, encoding: "utf8" });
    return { status, stderr };
  };
  expect(isHealthy()).toEqual({ status: 0, stderr: "" });

  child.kill("SIGTERM");
  expect(await ended).toEqual({ code: 0, stderr: "" });
  expect(isHealthy()).toMatchObject({ status: 1, stderr: expect.stringContaining(String(port)) });
  expect(everything()).toEqual(before.includes(config) ? before : [...before, config].sort());
}, 120_000);

test("every package that the server may load can be loaded from what is packed", () => {
  const app = join(image().root, "app");
  const { dependencies } = JSON.parse(readFileSync(join(app, "package.json"), "utf8")) as {
    dependencies: { [name: string]: string };
  };
  const script = `for (const name of ${JSON.stringify(Object.keys(dependencies))}) await import(name);`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: app,
    encoding: "utf8",
    env: {},
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("a folder that has something in it is not packed into", () => {
  const full = join(folder, "full");
  mkdirSync(full);
  writeFileSync(join(full, "mine"), "");
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/pack.mjs"), full], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 1, stderr: `Cannot pack: ${full} is not empty\n` });
  expect(readdirSync(full)).toEqual(["mine"]);
});

function watch(child: ChildProcess) {
  const log = new LogCollector();
  let stderr = "";
  child.stdout?.pipe(log);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
  return { log, ended };
}

async function ready(port: number): Promise<void> {
  for (;;) {
    const { status, text } = await ask(port, { method: "GET", path: "/ready" });
    if (status === 200) return expect(JSON.parse(text)).toEqual({ status: "ready" });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether everybody may run it, the folders above it included. */
function mayRun(path: string): boolean {
  for (let at = path; at !== "/"; at = join(at, "..")) if ((statSync(at).mode & 0o001) === 0) return false;
  accessSync(path, constants.X_OK);
  return true;
}
