import { parseArgs, type ParseArgsConfig } from "node:util";
import { SemcacheError } from "../../base/errors.ts";
import { deleteEntries } from "./delete-entries.ts";
import type { EntryDesk, OpenStore } from "./entry-desk.ts";
import { exportEntryFile } from "./export-file.ts";
import { flushEntries } from "./flush-entries.ts";
import { listEntries } from "./list-entries.ts";
import { openDesk, type DeskFlags } from "./open-desk.ts";
import { showEntry } from "./show-entry.ts";

/** Flags of every action. */
const deskFlags = {
  config: { type: "string" },
  data: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
} as const satisfies ParseArgsConfig["options"];

/** Flags that choose entries. */
const selectorFlags = {
  tag: { type: "string", multiple: true },
  namespace: { type: "string" },
  model: { type: "string" },
  tenant: { type: "string" },
  "older-than": { type: "string" },
} as const satisfies ParseArgsConfig["options"];

const importFlags = {
  format: { type: "string" },
  requests: { type: "string" },
  "credential-env": { type: "string" },
  "credential-header": { type: "string" },
  header: { type: "string", multiple: true },
  namespace: { type: "string" },
  ttl: { type: "string" },
  tags: { type: "string" },
  strict: { type: "boolean" },
  json: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

const actions = ["list", "show", "delete", "flush", "export", "import"] as const;

/** `semcache entries list|show|delete|flush|export|import` */
export async function runEntries(args: readonly string[], { openStore }: { openStore: OpenStore }): Promise<number> {
  const [action, ...rest] = args;
  const at = <T>(flags: DeskFlags, work: (desk: EntryDesk) => Promise<T>) =>
    withDesk(flags, { openStore, makesFolder: action === "import" }, work);
  switch (action) {
    case "list": {
      const options = { ...deskFlags, ...selectorFlags, limit: { type: "string" }, json: { type: "boolean" } } as const;
      const { values } = parse(rest, options, [0, 0], "no further words");
      return at(values, (desk) => listEntries(desk, values));
    }
    case "show": {
      const options = { ...deskFlags, json: { type: "boolean" } } as const;
      const { values, words } = parse(rest, options, [1, 1], "the id of an entry");
      return at(values, (desk) => showEntry(desk, words[0] ?? "", values));
    }
    case "delete": {
      const { values, words } = parse(rest, deskFlags, [1, Number.POSITIVE_INFINITY], "ids of entries");
      return at(values, (desk) => deleteEntries(desk, words));
    }
    case "flush": {
      const own = { all: { type: "boolean" }, "dry-run": { type: "boolean" }, yes: { type: "boolean" } } as const;
      const { values } = parse(rest, { ...deskFlags, ...selectorFlags, ...own }, [0, 0], "no further words");
      return at(values, (desk) => flushEntries(desk, values));
    }
    case "export": {
      const options = { ...deskFlags, ...selectorFlags, vectors: { type: "boolean" } } as const;
      const { values, words } = parse(rest, options, [0, 1], "at most one file");
      return at(values, (desk) => exportEntryFile(desk, words[0] ?? "-", values));
    }
    case "import": {
      const { values, words } = parse(
        rest,
        { ...deskFlags, ...importFlags },
        [1, 1],
        "a file, or - for standard input",
      );
      const { importFile } = await import("./import-file.ts");
      return importFile((work) => at(values, work), words[0] ?? "-", values);
    }
    default:
      throw new SemcacheError(
        "usage",
        `Cannot run: entries ${action ?? "alone"} is unknown, expected ${actions.join(", ")}. Try semcache --help`,
      );
  }
}

function parse<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
  [least, most]: readonly [least: number, most: number],
  expected: string,
) {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new SemcacheError("usage", `${(error as Error).message}. Try semcache --help`);
  }
  const { values, positionals: words } = parsed;
  if (words.length < least || words.length > most) {
    const got = words.length === 0 ? "nothing" : words.join(" ");
    throw new SemcacheError("usage", `Cannot run: expected ${expected}, got ${got}. Try semcache --help`);
  }
  return { values, words };
}

async function withDesk<T>(
  flags: DeskFlags,
  how: { readonly openStore: OpenStore; readonly makesFolder: boolean },
  work: (desk: EntryDesk) => Promise<T>,
): Promise<T> {
  const desk = await openDesk(flags, how);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}
