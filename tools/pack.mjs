// Puts what a server needs to run into a folder, and nothing else: `node tools/pack.mjs FOLDER` after a build. Leaves out
// development's packages, sources, types, and native code for other platforms. The image and an installation under
// systemd are made with it (deploy/Dockerfile, docs/deploying.md).
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder] = process.argv.slice(2);
if (folder === undefined) fail("expected the folder to fill, as in: node tools/pack.mjs /opt/semcache");
const target = resolve(folder);
if (!existsSync(`${root}dist/cli/main.js`)) fail("dist/ is missing; run npm run build first");
if (existsSync(target) && readdirSync(target).length > 0) fail(`${target} is not empty`);

const platform = `${process.platform}-${process.arch}`;
/** What node loads besides JavaScript and JSON is named below; all of these are for compilers, editors and people. */
const unread = new Set(
  ".map .ts .mts .cts .flow .md .markdown .h .hpp .c .cc .cpp .rs .swift .zig .go .py .gyp .gypi .cmake .bat .yml .bare".split(
    " ",
  ),
);
const unreadFolders = new Set(["test", "tests", "example", "examples", "docs", "include", "benchmarks", ".github"]);
/** LMDB's package has one binary for each ABI of Node.js and each C library; it takes the best that is there. */
const libc = process.report?.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
const lmdbFolder = `${root}node_modules/@lmdb/lmdb-${platform}`;
const lmdbBinary = [`node.abi${process.versions.modules}.${libc}.node`, `node.napi.${libc}.node`].find((name) =>
  existsSync(join(lmdbFolder, name)),
);

for (const part of ["dist", "models", ...productionPackages()]) {
  const source = join(root, part);
  cpSync(source, join(target, part), {
    recursive: true,
    dereference: true,
    filter: (path) => isNeeded(part, relative(source, path)),
  });
}
for (const file of ["package.json", "LICENSE"]) cpSync(join(root, file), join(target, file));
// Whoever runs the server reads this; nobody but the owner changes it.
for (const path of [target, ...list(target)])
  chmodSync(path, statSync(path).mode | 0o444 | (isFolder(path) ? 0o111 : 0));
report();

/** Folders of the packages that are installed for production, as the lock file tells them apart. */
function productionPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const wanted = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  return wanted.flatMap(([path, { optional }]) => {
    if (existsSync(join(root, path))) return [path];
    if (!optional) fail(`${path} is missing; run npm ci first`);
    return [];
  });
}

function isNeeded(part, path) {
  if (path === "") return true;
  const names = path.split(sep);
  // Packages inside packages have a row of their own in the lock file.
  if (names.includes("node_modules")) return false;
  if (part === "models") return true;
  if (extname(path) === ".node" || names.includes("bin")) return isForThisPlatform(part, names);
  if (isLicence(path)) return true;
  if (part !== "dist" && names.some((name) => unreadFolders.has(name))) return false;
  return !unread.has(extname(path)) && !/\.test\.[cm]?js$/u.test(path);
}

function isForThisPlatform(part, names) {
  if (part === "node_modules/onnxruntime-node") {
    // bin/napi-v6/linux/x64/...
    const [, , os, arch] = names;
    return (os ?? process.platform) === process.platform && (arch ?? process.arch) === process.arch;
  }
  if (part.startsWith("node_modules/@lmdb/")) return names.at(-1) === lmdbBinary;
  const [top, built] = names;
  if (top !== "prebuilds" || built === undefined) return true;
  // "linux-x64", or "darwin-arm64+x64" for both.
  const [os, architectures = ""] = built.split(/-(.*)/su);
  return os === process.platform && architectures.split("+").includes(process.arch);
}

function isLicence(path) {
  return /^(?:licen[cs]e|notice|copying|thirdpartynotices)/iu.test(basename(path));
}

function list(from) {
  return readdirSync(from, { recursive: true }).map((name) => join(from, name));
}

function isFolder(path) {
  return statSync(path).isDirectory();
}

function report() {
  const sizes = new Map();
  for (const path of list(target)) {
    if (isFolder(path)) continue;
    const names = relative(target, path).split(sep);
    const part = names.slice(0, names[0] === "node_modules" ? (names[1].startsWith("@") ? 3 : 2) : 1).join("/");
    sizes.set(part, (sizes.get(part) ?? 0) + statSync(path).size);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const megabytes = (size) => `${(size / 1e6).toFixed(1)} MB`.padStart(10);
  for (const [part, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (size > 500_000) console.log(`${megabytes(size)}  ${part}`);
  }
  console.log(`${megabytes(total)}  in all, for ${platform} (${libc}), in ${target}`);
}

function fail(reason) {
  console.error(`Cannot pack: ${reason}`);
  process.exit(1);
}
