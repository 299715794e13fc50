import { execFileSync } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { DockerfileParser, type Copy, type Instruction } from "dockerfile-ast";

// Its types call it an ES module, which it is not.
const dockerignore = createRequire(import.meta.url)("@balena/dockerignore") as () => {
  add(rules: string): { ignores(path: string): boolean };
};

/** What a Dockerfile's stage came to, in a folder instead of an image. */
export interface Stage {
  /** Stands for `/`. */
  readonly root: string;
  readonly image: string;
  readonly name: string | null;
  readonly env: { readonly [name: string]: string };
  /** As `USER` has it; null: root. */
  readonly user: string | null;
  readonly workingFolder: string;
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  /** In exec form; null where there is none, or one that needs a shell. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[] | null;
  readonly healthCheck: readonly string[] | null;
}

type Draft = { -readonly [Key in keyof Stage]: Stage[Key] } & { env: { [name: string]: string } };

export interface StepsOptions {
  readonly dockerfile: string;
  /** The folder that `docker build` is given. */
  readonly context: string;
  /** An empty folder; each stage gets one in it. */
  readonly folder: string;
  /** Called for each `RUN` in the place of a shell in the image. */
  readonly run: (command: string, where: { readonly folder: string; readonly root: string }) => void;
}

/**
 * Carries the instructions of a Dockerfile out in folders: `COPY` from the context as `.dockerignore` lets it through and
 * from earlier stages, `RUN` through `run`. What it does not know is an error, so that a new instruction is not passed over.
 */
export function runDockerfile(options: StepsOptions): readonly Stage[] {
  const stages: Draft[] = [];
  for (const instruction of DockerfileParser.parse(readFileSync(options.dockerfile, "utf8")).getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === "FROM") {
      stages.push(begin(instruction, join(options.folder, `stage-${stages.length}`)));
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`Cannot run ${keyword}: it stands before FROM`);
    step(stage, stages, instruction, options);
  }
  return stages;
}

function begin(instruction: Instruction, root: string): Draft {
  mkdirSync(root);
  const [image = "", as, name] = words(instruction);
  return {
    root,
    image,
    name: as?.toUpperCase() === "AS" ? (name ?? null) : null,
    env: {},
    user: null,
    workingFolder: "/",
    volumes: [],
    ports: [],
    entrypoint: null,
    command: null,
    healthCheck: null,
  };
}

function step(stage: Draft, stages: readonly Draft[], instruction: Instruction, options: StepsOptions): void {
  const keyword = instruction.getKeyword();
  switch (keyword) {
    case "WORKDIR":
      stage.workingFolder = resolve(stage.workingFolder, only(instruction));
      mkdirSync(inside(stage, stage.workingFolder), { recursive: true });
      return;
    case "COPY":
      return copy(stage, stages, instruction as Copy, options);
    case "RUN":
      return options.run(instruction.getArgumentsContent() ?? "", {
        folder: inside(stage, stage.workingFolder),
        root: stage.root,
      });
    case "ENV":
      for (const word of words(instruction)) {
        const [name = "", value = ""] = word.split(/=(.*)/su);
        stage.env[name] = value;
      }
      return;
    case "USER":
      stage.user = only(instruction);
      return;
    case "VOLUME":
      stage.volumes = [...stage.volumes, ...words(instruction)];
      return;
    case "EXPOSE":
      stage.ports = [...stage.ports, ...words(instruction)];
      return;
    case "ENTRYPOINT":
      stage.entrypoint = execForm(instruction.getArgumentsContent());
      return;
    case "CMD":
      stage.command = execForm(instruction.getArgumentsContent());
      return;
    case "HEALTHCHECK":
      stage.healthCheck = execForm(/\bCMD\s+(.*)$/su.exec(instruction.getArgumentsContent() ?? "")?.[1] ?? null);
      return;
    default:
      throw new Error(`Cannot run ${keyword}: these steps do not know it`);
  }
}

function copy(stage: Draft, stages: readonly Draft[], instruction: Copy, options: StepsOptions): void {
  const flags = new Map(instruction.getFlags().map((flag) => [flag.getName(), flag.getValue() ?? ""]));
  const from = flags.get("from");
  const source = from === undefined ? null : stages.find(({ name }) => name === from);
  if (source === undefined) throw new Error(`Cannot copy from ${from ?? ""}: no such stage`);
  const sent = source === null ? contextFilter(options.context) : () => true;
  const root = source?.root ?? options.context;
  const names = words(instruction);
  const to = names.pop() ?? "";
  for (const name of names) {
    const path = join(root, name);
    if (!existsSync(path) || !sent(path)) throw new Error(`Cannot copy ${name}: it is not in the build's context`);
    const target = inside(stage, resolve(stage.workingFolder, to));
    const isFile = statSync(path).isFile();
    cpSync(path, isFile && to.endsWith("/") ? join(target, name) : target, { recursive: true, filter: sent });
    const owner = flags.get("chown");
    if (owner !== undefined && process.getuid?.() === 0) changeOwner(target, owner);
  }
}

function contextFilter(context: string): (path: string) => boolean {
  const rules = dockerignore().add(readFileSync(join(context, ".dockerignore"), "utf8"));
  return (path) => {
    // A folder goes along where anything in it does.
    if (statSync(path).isDirectory()) return true;
    return !rules.ignores(relative(context, path));
  };
}

function changeOwner(path: string, owner: string): void {
  const [user, group] = owner.split(":").map(Number);
  for (const each of [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, String(name)))]) {
    chownSync(each, user ?? 0, group ?? 0);
  }
}

function inside(stage: Pick<Stage, "root">, path: string): string {
  return join(stage.root, path);
}

function words(instruction: Instruction): string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

function only(instruction: Instruction): string {
  const [word, ...more] = words(instruction);
  if (word === undefined || more.length > 0)
    throw new Error(`Cannot read ${instruction.getKeyword()}: one word is allowed`);
  return word;
}

function execForm(text: string | null): readonly string[] | null {
  return text?.trim().startsWith("[") ? (JSON.parse(text) as string[]) : null;
}

/** A `RUN` of the build, with this machine's shell and node. */
export function runInShell(command: string, folder: string): void {
  execFileSync("/bin/sh", ["-ec", command], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
  });
}
