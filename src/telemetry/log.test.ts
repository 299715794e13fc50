import { afterEach, describe, expect, it, vi } from "vitest";
import { sampleReport } from "../../test/support/sample-report.ts";
import { createLog, type LogOptions } from "./log.ts";

function collecting(options: Partial<LogOptions> = {}) {
  let text = "";
  const log = createLog({
    level: "info",
    format: "json",
    logPrompts: false,
    sink: {
      write(chunk, done) {
        text += chunk.toString("utf8");
        setImmediate(done);
      },
    },
    ...options,
  });
  const lines = async () => {
    await log.close();
    return text.split("\n").slice(0, -1);
  };
  const parsed = async () => (await lines()).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, parsed };
}

const secrets = ["sk-live-0123456789abcdef", "hunter2hunter2", "AIzaSyA0123456789abcdefghijklmnopq"];

afterEach(() => void vi.useRealTimers());

describe("createLog", () => {
  it("takes another level and form from the next line on; what ended before is told as it was", async () => {
    const { log, lines } = collecting();
    log.request(sampleReport());
    log.configure({ level: "debug", format: "text" });
    log.debug("told now");
    log.configure({ level: "error", format: "json" });
    log.request(sampleReport());
    log.warn("told no more");
    log.error("at last");
    const [request = "", text = "", last = "", ...more] = await lines();
    expect(JSON.parse(request)).toMatchObject({ level: "info", msg: "request" });
    expect(text).toMatch(/told now/u);
    expect(text.startsWith("{")).toBe(false);
    expect(JSON.parse(last)).toMatchObject({ level: "error", msg: "at last" });
    expect(more).toEqual([]);
  });

  it("writes one JSON line per event, with time and level", async () => {
    const { log, parsed } = collecting();
    log.info("Listening", { url: "http://127.0.0.1:8080" });
    log.debug("not told");
    log.warn("two\nlines");
    expect(await parsed()).toEqual([
      { level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), msg: "Listening", url: "http://127.0.0.1:8080" },
      { level: "warn", time: expect.any(String), msg: "two\nlines" },
    ]);
  });

  it("dates each line to the millisecond in which it was told, also of requests, which are written later", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const times = [
      "2026-12-31T23:59:59.007Z",
      "2026-12-31T23:59:59.999Z",
      "2027-01-01T00:00:00.000Z",
      "2026-12-31T23:59:59.080Z",
    ];
    const { log, parsed } = collecting();
    for (const time of times) {
      vi.setSystemTime(new Date(time));
      log.request(sampleReport());
    }
    log.info("last");
    expect((await parsed()).map(({ time }) => time)).toEqual([...times, times.at(-1)]);
  });

  it("writes the line of a request without a prompt's text", async () => {
    const { log, parsed } = collecting();
    log.request(
      sampleReport({
        prompts: { asked: "the secret question", matched: "the secret question?" },
        guard: [{ code: "guard-name", a: "Alice", b: "Bob", effect: "veto" }],
        reason: "guard-name",
        cacheStatus: "miss",
        match: null,
      }),
    );
    const [line] = await parsed();
    expect(line).toMatchObject({
      msg: "request",
      request: sampleReport().id,
      status: 200,
      cache: "miss",
      reason: "guard-name",
      guard: ["guard-name"],
      model: "gpt-4o-mini",
      tenant: "Zk3xq0aB",
      upstream: "https://api.openai.com",
      ms: 0.412,
      phasesMs: { receive: 0.1, lookup: 0.05 },
      lookupMs: { exact: 0.02 },
    });
    expect(JSON.stringify(line)).not.toMatch(/secret question|Alice|Bob|null/);
  });

  it("writes prompts when it was asked to", async () => {
    const { log, parsed } = collecting({ logPrompts: true });
    log.request(sampleReport({ prompts: { asked: "why?", matched: null } }));
    expect((await parsed())[0]?.["prompts"]).toEqual({ asked: "why?", matched: null });
  });

  it("is silent about requests above level info", async () => {
    const { log, lines } = collecting({ level: "warn" });
    log.request(sampleReport());
    log.info("no");
    expect(await lines()).toEqual([]);
  });

  it("hides credentials in reports, messages, fields and errors", async () => {
    const { log, lines } = collecting();
    for (const secret of secrets) {
      log.request(sampleReport({ path: `/v1/models?key=${secret}`, upstream: `https://h.example/?api_key=${secret}` }));
      log.request(sampleReport({ path: `/v1/key=${secret}`, model: `Bearer ${secret}` }));
      log.info(`Cannot reach https://api.example/v1?x=1&key=${secret}&y=2`);
      log.info(`Cannot reach https://user:${secret}@api.example/v1`);
      log.info(`authorization: Bearer ${secret}`);
      log.info(`cookie: a=b; session=${secret}`);
      log.info("headers", {
        headers: { Authorization: `Bearer ${secret}`, "X-Api-Key": secret, "x-goog-api-key": secret },
      });
      log.info("raw", {
        config: { server: { admin_token: secret } },
        list: [{ api_key: secret }],
        url: new URL(`https://h/?key=${secret}`),
      });
      log.error("failed", {
        error: new Error(`GET /?api_key=${secret}`, { cause: new TypeError(`x-api-key: ${secret}`) }),
      });
      log.info(`redirect to https://h.example/?to=https%3A%2F%2Fa%3Fkey%3D${secret}`);
    }
    const all = (await lines()).join("\n");
    for (const secret of secrets) expect(all).not.toContain(secret);
    expect(all).toContain("&y=2");
    expect(all).toContain("TypeError");
  });

  it("leaves alone what only looks alike", async () => {
    const { log, parsed } = collecting();
    log.info("monkey=3 tokens=12 and keyword search", { savedTokens: 4, keyboard: "de", tokenizer: "bert" });
    expect((await parsed())[0]).toMatchObject({
      msg: "monkey=3 tokens=12 and keyword search",
      savedTokens: 4,
      keyboard: "de",
      tokenizer: "bert",
    });
  });

  it("does not let a field pose as the level or the message, nor a long value fill the log", async () => {
    const { log, parsed } = collecting();
    log.info("real", { level: "error", msg: "forged" });
    log.request(sampleReport({ model: "m".repeat(100_000), namespace: "\ud800".repeat(500) }));
    const [first, second] = await parsed();
    expect(first).toMatchObject({ level: "info", msg: "real" });
    expect(JSON.stringify(second).length).toBeLessThan(2_500);
  });

  it("writes lines for people, one per event, that no value can forge", async () => {
    const { log, lines } = collecting({ format: "text" });
    log.warn("Listening\n12:00:00.000 INFO forged", { path: "a b\u001b[31m", port: 80, on: true });
    log.request(sampleReport());
    const [first, second, ...rest] = await lines();
    expect(first).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}Listening\\u000a12:00:00\.000 INFO forged path="a b\\u001b\[31m" port=80 on=true$/,
    );
    expect(second).toMatch(/ INFO {2}request request=018f\S+ method=POST .*cache=hit match=exact .*ms=0\.412/);
    expect(rest).toEqual([]);
  });

  it("survives fields that JSON cannot hold", async () => {
    const { log, parsed } = collecting();
    const circular: Record<string, unknown> = { name: "loop" };
    circular["self"] = circular;
    log.info("odd", { big: 10n, circular, bytes: Buffer.from("secret") });
    expect((await parsed())[0]).toMatchObject({ msg: "odd", big: "10", bytes: "[6 bytes]" });
  });
});
