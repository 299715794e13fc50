import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask, chat, freshNamespace } from "../support/ask.ts";
import { Command } from "../support/command.ts";
import { paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";

let provider: ImitationProvider;
let other: ImitationProvider;
let folder: string;
let command: Command;
beforeAll(async () => {
  provider = await startImitationProvider();
  other = await startImitationProvider();
  folder = mkdtempSync(join(tmpdir(), "semcache-reload-"));
});
beforeEach(() => {
  provider.reset();
  other.reset();
});
afterEach(async () => {
  command.process.kill("SIGTERM");
  expect(await command.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
});
afterAll(async () => {
  await provider.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "semcache.yaml");

function write(settings: object): void {
  // JSON is YAML.
  writeFileSync(file(), JSON.stringify(settings));
}

/** Settings with which nothing but these two providers can be reached. */
function settings(changes: { readonly [section: string]: object } = {}, to = provider): object {
  return {
    ...changes,
    server: { host: "127.0.0.1", port: 0, ...changes["server"] },
    upstream: { allow_public: false, providers: { openai: { base_url: to.url } }, ...changes["upstream"] },
    embedding: { workers: 1 },
    store: { path: null },
  };
}

async function serve(from: object): Promise<number> {
  write(from);
  command = new Command(["serve", "--config", file()]);
  return command.listening();
}

/** Sends the signal, and gives the line that answers it. */
async function reload(to: object | string): Promise<{ readonly [field: string]: unknown }> {
  if (typeof to === "string") writeFileSync(file(), to);
  else write(to);
  const answers = () => command.stdout.lines.filter(({ msg }) => /was (?:not )?reloaded/u.test(String(msg)));
  const before = answers().length;
  command.process.kill("SIGHUP");
  await command.log(() => answers().length > before);
  return answers().at(-1) ?? {};
}

const metric = async (port: number, name: string) =>
  new RegExp(`^${name} (.*)$`, "mu").exec((await ask(port, { method: "GET", path: "/metrics" })).text)?.[1];

describe("SIGHUP", () => {
  test("the next request finds the new settings; the old answers are still there", async () => {
    const port = await serve(settings());
    const namespace = freshNamespace();
    const say = () => ask(port, { headers: [namespace], body: chat("How do I reset my password?") });
    expect((await say()).outcome).toBe("miss/frame-new");
    const toOther = ["x-llm-proxy-host", other.url] as const;
    expect((await ask(port, { headers: [toOther], body: chat("Hello") })).header("x-semcache-error")).toBe(
      "upstream-forbidden",
    );

    const line = await reload(
      settings({ server: { admin_token: "a new token" }, upstream: { allow: [other.url] }, cache: { mode: "exact" } }),
    );
    expect(line).toMatchObject({
      level: "info",
      config: file(),
      changed: ["server.admin_token", "upstream.allow", "cache.mode"],
    });
    expect((await say()).outcome).toBe("hit/exact");
    expect((await ask(port, { headers: [toOther], body: chat("Hello") })).status).toBe(200);
    const stats = { method: "GET", path: "/semcache/v1/admin/stats" };
    expect((await ask(port, stats)).status).toBe(401);
    const allowed = await ask(port, { ...stats, headers: [["authorization", "Bearer a new token"]] });
    // Counted on across the change.
    expect(allowed.json()).toMatchObject({ totals: { requests: 4 } });
    expect(await metric(port, "semcache_config_reload_successful")).toBe("1");
  });

  test("what begins to count is not answered by entries for which it did not", async () => {
    const cache = { ignore_fields: { "openai-chat": ["session_id"] } };
    const port = await serve(settings({ cache }));
    const namespace = freshNamespace();
    const say = (headers: readonly (readonly [string, string])[] = [], fields: object = {}) =>
      ask(port, { headers: [namespace, ...headers], body: chat("How do I reset my password?", fields) });
    await say([["x-persona", "pirate"]], { session_id: "1" });
    expect((await say()).outcome).toBe("hit/exact");
    await reload(settings());
    expect((await say()).outcome).toBe("miss/frame-new");
    expect((await say()).outcome).toBe("hit/exact");
    await reload(settings({ cache: { vary_headers: ["x-persona"] } }));
    expect((await say()).outcome).toBe("miss/frame-new");
    await reload(settings({ cache }));
    expect((await say()).outcome).toBe("hit/exact");
  });

  test("a judge that is named, changed or taken away", async () => {
    const port = await serve(settings());
    const judge = { url: `${other.url}/v1`, model: "a-judge", max_calls_per_day: 7 };
    for (const [changed, left] of [
      [judge, "7"],
      [{ ...judge, max_calls_per_day: 3 }, "3"],
    ] as const) {
      await reload(settings({ matching: { judge: changed } }));
      expect(await metric(port, "semcache_judge_calls_left")).toBe(left);
    }
    expect(await reload(settings())).toMatchObject({ changed: ["matching.judge"] });
  });

  test("a stream under way ends as it began: at the old provider, whole", async () => {
    const port = await serve(settings());
    const gate = new Gate();
    provider.script(paced(gate));
    const client = await openRaw(port);
    const body = JSON.stringify(chat("Tell me a story", { stream: true }));
    await client.send(rawRequest("POST", "/v1/chat/completions", [["content-type", "application/json"]], body));
    gate.release(2);
    await gate.reached(3);

    expect(await reload(settings({}, other))).toMatchObject({
      level: "info",
      changed: ["upstream.providers.openai.base_url"],
    });
    expect((await ask(port, { body: chat("Hello") })).status).toBe(200);
    expect([provider.requests.length, other.requests.length]).toEqual([1, 1]);

    gate.releaseAll();
    const answer = await client.readAnswer();
    client.destroy();
    expect(String(answer.body)).toMatch(/data: \[DONE\]\n\n$/u);
    // What it ended with was stored for whoever asks the same of the same provider.
    await reload(settings());
    const again = await ask(port, { body: chat("Tell me a story", { stream: true }) });
    expect(again.outcome).toBe("hit/exact");
  });

  test("a stream of events ends, so that whoever may still look asks anew", async () => {
    const port = await serve(settings());
    const events = await openRaw(port);
    await events.send(rawRequest("GET", "/semcache/v1/admin/events"));
    await events.readUntil("event: stats");
    await reload(settings({ server: { admin_token: "a new token" } }));
    await events.readAnswer();
    events.destroy();
    expect((await ask(port, { method: "GET", path: "/semcache/v1/admin/events" })).status).toBe(401);
  });

  test("a wrong file changes nothing, is told in one line, and a right one mends it", async () => {
    const port = await serve(settings());
    for (const [wrong, why] of [
      [settings({ cache: { tll: "1h" } }), /cache\.tll is not a setting \(did you mean cache\.ttl\?\)/u],
      [settings({ matching: { max_error_rate: 7 } }), /matching\.max_error_rate is 7, allowed is/u],
      [settings({ upstream: { allow: ["not an origin"] } }), /not an origin/u],
      ["server: [", /Cannot read the configuration/u],
    ] as const) {
      const line = await reload(wrong);
      expect(line).toMatchObject({ level: "error", error: expect.stringMatching(why) });
      expect((await ask(port, { body: chat("Hello") })).status).toBe(200);
      expect(await metric(port, "semcache_config_reload_successful")).toBe("0");
    }
    expect(await reload(settings({ cache: { ttl: "1h" } }))).toMatchObject({ level: "info", changed: ["cache.ttl"] });
    expect(await metric(port, "semcache_config_reload_successful")).toBe("1");
  });

  test("what needs a restart is named, and the rest is taken over", async () => {
    const port = await serve(settings({ telemetry: { log_level: "info" } }));
    const changes = { server: { port: 1, keep_alive: "1s" }, telemetry: { log_level: "debug" } };
    expect(await reload(settings(changes))).toMatchObject({ changed: ["telemetry.log_level"] });
    expect(await command.log(({ msg }) => String(msg).includes("until a restart"))).toMatchObject({
      level: "warn",
      settings: ["server.port", "server.keep_alive"],
    });
    expect((await ask(port, { method: "GET", path: "/health" })).status).toBe(200);
  });

  test("the log's level and form are those of the file, from the next line on", async () => {
    const port = await serve(settings());
    await ask(port, { body: chat("first") });
    await command.log(({ msg }) => msg === "request");
    await reload(settings({ telemetry: { log_level: "error" } }));
    await ask(port, { body: chat("second") });
    // Told at level error, after all that was before it.
    await reload("server: [");
    const requests = () => command.stdout.lines.filter(({ msg }) => msg === "request").length;
    expect(requests()).toBe(1);
    write(settings());
    command.process.kill("SIGHUP");
    while (requests() < 2) await ask(port, { body: chat("third") });
  });
});
