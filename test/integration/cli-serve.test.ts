import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPriceList } from "#semcache/pricing/price-list.js";
import { ask, chat } from "../support/ask.ts";
import { Command, run } from "../support/command.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { paced } from "../support/imitation/faults.ts";
import { Gate } from "../support/imitation/script.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { untilLoaded } from "../support/until-loaded.ts";

let provider: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
});
beforeEach(() => provider.reset());
afterAll(() => provider.close());

const question = "How do I reset my password?";

function serve(args: readonly string[] = [], nodeFlags: readonly string[] = []): Command {
  const file = `server: { host: 127.0.0.1, port: 0 }\nupstream: { allow_public: false, providers: { openai: { base_url: "${provider.url}" } } }\nembedding: { workers: 1 }\n`;
  return new Command(["serve", ...args], { files: { "semcache.yaml": file }, nodeFlags });
}

describe("serve", () => {
  it("answers from its folder's configuration, and stops on SIGTERM", async () => {
    const command = serve();
    const port = await untilLoaded(await command.listening());
    let entry: string | null = null;
    for (const status of ["miss", "hit"]) {
      const answer = await ask(port, { body: chat(question) });
      expect([answer.status, answer.header("x-cache-status")]).toEqual([200, status]);
      entry = answer.header("x-semcache-entry");
    }
    // The models may still be loading: the entry has no vector yet, and is there all the same.
    const detail = await ask(port, { method: "GET", path: `/semcache/v1/admin/entries/${String(entry)}` });
    expect(detail.json()).toMatchObject({ id: entry, prompt: question });
    command.process.kill("SIGTERM");
    const { code, signal, stdout, stderr } = await command.finished;
    expect([code, signal, stderr]).toEqual([0, null, ""]);
    const messages = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((text) => text === "request")).toHaveLength(2);
    expect(messages.slice(-2)).toEqual(["Draining", "Stopped"]);
  });

  it("finishes a running stream before it stops, and says that it drains", async () => {
    const command = serve();
    const port = await command.listening();
    const gate = new Gate();
    provider.script(paced(gate));
    const client = await openRaw(port);
    const body = JSON.stringify(chat(question, { stream: true }));
    await client.send(rawRequest("POST", "/v1/chat/completions", [["content-type", "application/json"]], body));
    await gate.reached(1);
    gate.release(3);
    await gate.reached(4);
    command.process.kill("SIGTERM");
    await command.log((line) => line["msg"] === "Draining");
    const ready = await ask(port, { method: "GET", path: "/ready" });
    expect([ready.status, ready.header("retry-after")]).toEqual([503, "1"]);
    expect(ready.json()).toMatchObject({ status: "draining" });
    gate.releaseAll();
    const answer = await client.readAnswer();
    client.destroy();
    expect(String(answer.body)).toMatch(/data: \[DONE\]\n\n$/u);
    expect(await command.finished).toMatchObject({ code: 0, signal: null });
  });

  it("a second signal ends it at once", async () => {
    const command = serve();
    const port = await command.listening();
    const gate = new Gate();
    provider.script(paced(gate));
    const client = await openRaw(port);
    const body = JSON.stringify(chat(question, { stream: true }));
    await client.send(rawRequest("POST", "/v1/chat/completions", [["content-type", "application/json"]], body));
    await gate.reached(1);
    command.process.kill("SIGINT");
    await command.log((line) => line["msg"] === "Draining");
    command.process.kill("SIGINT");
    expect((await command.finished).code).toBe(1);
    client.destroy();
  });

  it("SIGTERM while the models load", async () => {
    const command = serve();
    await command.listening();
    command.process.kill("SIGTERM");
    expect(await command.finished).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  it.each([
    ["an error that nobody caught", "throw new Error('out of order, key sk-abcdefghijklmnop')"],
    ["a rejection that nobody handled", "Promise.reject(new Error('out of order, key sk-abcdefghijklmnop'))"],
  ])("%s: the log is written out with a line that says so, exit code 1", async (_, fault) => {
    const script = `process.on("SIGUSR2",()=>{${fault}})`;
    const command = serve([], ["--import", `data:text/javascript;base64,${btoa(script)}`]);
    const port = await command.listening();
    await ask(port, { body: chat(question) });
    command.process.kill("SIGUSR2");
    const { code, signal, stdout } = await command.finished;
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.filter(({ msg }) => msg === "request")).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ level: "error", error: expect.stringContaining("out of order") });
    expect(stdout).not.toContain("sk-abcdefghijklmnop");
  });

  it("--log-level warn writes no line where all is well", async () => {
    const command = new Command(["--host", "127.0.0.1", "--port", "0", "--log-level", "warn"]);
    command.process.kill("SIGTERM");
    const { stdout } = await command.finished;
    expect(stdout).toBe("");
  });
});

describe("demo", () => {
  it("--once: a table of hits and misses without key or network, then the end", async () => {
    const { code, stdout, stderr } = await run(["demo", "--once", "--port", "0"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/prompt +cache +matched prompt +confidence +ms/u);
    const rows = stdout.split("\n").filter((line) => /\b(?:hit|miss|bypass)\b/u.test(line));
    expect(rows.length).toBeGreaterThanOrEqual(12);
    expect(stdout).toMatch(/\d+ requests, \d+ of them went to the provider/u);
    const [, calls, tokens, dollars] =
      /^Saved: (\d+) provider calls and, .*, (\d+) tokens: \$([\d.]+) at the list price of gpt-4o-mini/mu
        .exec(stdout)
        ?.map(Number) ?? [];
    expect(calls).toBe(rows.filter((row) => row.includes(" hit (")).length);
    const price = createPriceList().find("gpt-4o-mini")?.price;
    // Some of the tokens were asked and some answered; the sum is printed with two digits.
    expect(dollars).toBeGreaterThan(((tokens ?? 0) * (price?.input ?? 0) * 0.95) / 1e6);
    expect(dollars).toBeLessThan(((tokens ?? 0) * (price?.output ?? 0) * 1.05) / 1e6);
  }, 60_000);

  it("stays until it is stopped, with the dashboard up", async () => {
    const command = new Command(["demo", "--port", "0"]);
    const { stdout } = command;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!stdout.text.includes("Ctrl-C stops")) return;
        resolve();
      };
      command.process.stdout?.on("data", () => setImmediate(look));
      void command.finished.then(({ stderr }) => reject(new Error(`The demo has ended: ${stderr}`)));
    });
    const port = Number(/Dashboard: http:\/\/[^:]+:(\d+)\/admin/u.exec(stdout.text)?.[1]);
    const page = await ask(port, { method: "GET", path: "/admin" });
    expect([page.status, page.header("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    command.process.kill("SIGINT");
    expect((await command.finished).code).toBe(0);
  }, 60_000);
});
