import { parseArgs } from "node:util";
import { createApp, type App } from "../../app.ts";
import { loadConfig } from "../../config/load.ts";
import type { DeskStats } from "../../dashboard/desk-api.ts";
import { configFlags, parseCommand, toOverrides } from "../arguments.ts";
import { exitOnFault } from "../exit-on-fault.ts";
import { untilStopped } from "../until-stopped.ts";
import { demoPrompts } from "./demo-prompts.ts";
import { startDemoProvider, type DemoProvider } from "./demo-provider.ts";
import { toSavedLine } from "./saved-line.ts";
import { encodeTable } from "./table.ts";

/** A real one, which has a price, so that there is money to save; the imitation answers in its name. */
const DEMO_MODEL = "gpt-4o-mini";

/** `semcache demo`: the real proxy and models before an imitation provider; `--once` ends after the table. */
export async function runDemo(args: readonly string[]): Promise<number> {
  const options = { ...configFlags, once: { type: "boolean" } } as const;
  const { values } = parseCommand(() => parseArgs({ args: [...args], options: options, allowPositionals: true }), {
    count: 0,
    name: "no further words",
  });
  const overrides = toOverrides(values);
  const provider = await startDemoProvider();
  try {
    const { config } = loadConfig({
      // The demo shows the defaults: neither a file nor variables of this machine change it.
      env: {},
      workingFolder: import.meta.dirname,
      overrides: {
        ...overrides,
        upstream: { providers: { openai: { base_url: provider.url } } },
        store: { kind: "memory", path: null },
        telemetry: { log_level: "silent", ...overrides["telemetry"] },
      },
    });
    const app = await createApp(config);
    exitOnFault(app);
    const { url } = await app.listen();
    try {
      await show(app, url, provider);
      if (!values.once) {
        process.stdout.write(
          `Dashboard: ${url}/admin\nTry your own: point an OpenAI SDK's base URL at ${url}. Ctrl-C stops.\n`,
        );
        await untilStopped();
      }
    } finally {
      await app.close();
    }
    return 0;
  } finally {
    await provider.close();
  }
}

async function show(app: App, url: string, provider: DemoProvider): Promise<void> {
  process.stdout.write(`Semcache on ${url}, before an imitation provider. Loading the models...\n`);
  await app.ready();
  const rows: string[][] = [];
  for (const prompt of demoPrompts) rows.push(await ask(url, prompt));
  process.stdout.write(`\n${encodeTable(["prompt", "cache", "matched prompt", "confidence", "ms"], rows)}\n`);
  process.stdout.write(`\n${demoPrompts.length} requests, ${provider.calls()} of them went to the provider.\n`);
  const stats = (await (await fetch(`${url}/semcache/v1/admin/stats`)).json()) as DeskStats;
  process.stdout.write(`${toSavedLine(stats.saved, DEMO_MODEL)}\n`);
}

async function ask(url: string, prompt: string): Promise<string[]> {
  const started = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer demo" },
    body: JSON.stringify({ model: DEMO_MODEL, messages: [{ role: "user", content: prompt }] }),
  });
  await response.arrayBuffer();
  const took = (performance.now() - started).toFixed(0);
  const header = (name: string) => response.headers.get(name) ?? "";
  if (header("x-cache-status") !== "hit") return [prompt, `miss (${header("x-semcache-reason")})`, "", "", took];
  const entry = (await (await fetch(`${url}/semcache/v1/admin/entries/${header("x-semcache-entry")}`)).json()) as {
    prompt?: string;
  };
  return [prompt, `hit (${header("x-semcache-match")})`, entry.prompt ?? "", header("x-semcache-confidence"), took];
}
