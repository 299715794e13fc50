import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCsvRows } from "#semcache/base/csv-rows.js";
import { ask, chat, type Answer, type HeaderList } from "../support/ask.ts";
import { run } from "../support/command.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { fixed } from "../support/imitation/faults.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

const stored = "What is the capital of France?";
const asked = "Tell me the capital of France";
const near = "What's the capital city of France?";
const far = ["How do I reset my password?", "How can I reset my password?"] as const;
const first = ["authorization", "Bearer first"] as const;
const second = ["authorization", "Bearer second"] as const;

let provider: ImitationProvider;
let folder: string;
beforeAll(async () => {
  provider = await startImitationProvider();
  folder = await mkdtemp(join(tmpdir(), "semcache-feedback-"));
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs one after the other over one data folder, each in a server of its own. */
async function overRestarts(
  name: string,
  runs: readonly ((semcache: RunningSemcache, data: string) => Promise<void>)[],
  overrides: object = { matching: { audit_rate: 0 } },
): Promise<void> {
  const path = join(folder, name);
  for (const each of runs) {
    const semcache = await startSemcache(provider.url, { ...overrides, store: { path } });
    try {
      await each(semcache, path);
    } finally {
      await semcache.close();
    }
  }
}

const inNamespace = (name: string, credential: readonly [string, string] = first): HeaderList => [
  credential,
  ["x-semcache-namespace", name],
];

function put(semcache: RunningSemcache, prompt: string, headers: HeaderList = [first]): Promise<Answer> {
  return ask(semcache.port, { headers, body: chat(prompt) });
}

/** Stores one prompt and asks another one, which must be a hit by meaning. */
async function hit(semcache: RunningSemcache, pair: readonly [string, string], headers?: HeaderList): Promise<Answer> {
  await put(semcache, pair[0], headers);
  const found = await put(semcache, pair[1], headers);
  expect(found.outcome).toBe("hit/semantic");
  return found;
}

function tell(semcache: RunningSemcache, body: object, headers: HeaderList = [first]): Promise<Answer> {
  return ask(semcache.port, { path: "/semcache/v1/feedback", headers, body });
}

function order(semcache: RunningSemcache, body: object, path = "feedback"): Promise<Answer> {
  return ask(semcache.port, { path: `/semcache/v1/admin/${path}`, body });
}

interface Row {
  readonly [column: string]: string | number | null;
}

async function exported(semcache: RunningSemcache, query = ""): Promise<readonly Row[]> {
  const answer = await ask(semcache.port, { method: "GET", path: `/semcache/v1/admin/feedback${query}` });
  expect([answer.status, answer.header("content-type")]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
  return toRows(answer.text);
}

function toRows(text: string): readonly Row[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

/** The bar that a lookup of `b` has for `a` as what is stored. */
async function rateOf(semcache: RunningSemcache, partition: unknown, a: string, b: string): Promise<number> {
  const judged = (await order(semcache, { a, b, partition }, "similarity")).json() as { maxErrorRate: number };
  return judged.maxErrorRate;
}

async function decisionOf(semcache: RunningSemcache, { id }: Answer) {
  const path = `/semcache/v1/admin/decisions?q=${id}`;
  const { decisions } = (await ask(semcache.port, { method: "GET", path })).json() as {
    readonly decisions: readonly { readonly threshold: number; readonly confidence: number }[];
  };
  return decisions[0];
}

describe("the bar around a wrong pair", () => {
  test("is higher for what is near either prompt, over a restart, and not elsewhere", async () => {
    let partition: unknown;
    await overRestarts("around", [
      async (semcache) => {
        const before = await put(semcache, near, inNamespace("before"));
        expect(before.outcome).toBe("miss/frame-new");
        expect(
          (await decisionOf(semcache, await hit(semcache, [stored, asked], inNamespace("before"))))?.threshold,
        ).toBe(0.92);
        const wrong = await hit(semcache, [stored, asked], inNamespace("around"));
        await hit(semcache, [stored, asked], inNamespace("around", second));
        await tell(semcache, { request: wrong.id, verdict: "wrong" });
        [{ partition }] = (await exported(semcache)) as [Row];
        expect(await rateOf(semcache, partition, stored, near)).toBe(0.005);
      },
      async (semcache) => {
        // Another entry than the one that was wrong, asked by another prompt than the one it was wrong for.
        expect(await rateOf(semcache, partition, "Name the capital of France", near)).toBe(0.005);
        expect(await rateOf(semcache, partition, ...far)).toBe(0.01);
        expect(await rateOf(semcache, "another", stored, near)).toBe(0.01);
        const barred = await put(semcache, asked, [...inNamespace("around"), ["cache-control", "only-if-cached"]]);
        expect(barred.outcome).toBe("miss/guard-reported");
        const judged = await put(semcache, near, inNamespace("around"));
        expect((await decisionOf(semcache, judged))?.threshold).toBe(0.9475);
        // The same words of another tenant, and in another namespace.
        for (const headers of [inNamespace("around", second), inNamespace("before")]) {
          const found = await put(semcache, asked, headers);
          expect([found.outcome, (await decisionOf(semcache, found))?.threshold]).toEqual(["hit/semantic", 0.92]);
        }
      },
    ]);
  });

  test("is taken back by an operator for the very pair, and by nobody else", async () => {
    await overRestarts("taken-back", [
      async (semcache) => {
        const headers = inNamespace("taken-back");
        const { id } = await hit(semcache, [stored, asked], headers);
        await tell(semcache, { request: id, verdict: "wrong" });
        expect((await tell(semcache, { request: id, verdict: "right" })).json()).toEqual({ pairs: 0, removed: 0 });
        expect((await put(semcache, asked, [...headers, ["cache-control", "only-if-cached"]])).outcome).toBe(
          "miss/guard-reported",
        );
        expect((await order(semcache, { request: id, verdict: "right" })).json()).toEqual({ pairs: 1, removed: 0 });
        expect(await exported(semcache)).toMatchObject([{ a: stored, b: asked, label: 1, by: "person" }]);
        const again = await put(semcache, asked, headers);
        expect([again.outcome, (await decisionOf(semcache, again))?.threshold]).toEqual(["hit/semantic", 0.92]);
      },
      async (semcache) => {
        expect((await put(semcache, asked, inNamespace("taken-back"))).outcome).toBe("hit/semantic");
      },
    ]);
  });
});

describe("what a verdict may be about", () => {
  test("a request from before a restart, once, by its own tenant", async () => {
    let id = "";
    let told = "";
    await overRestarts("requests", [
      async (semcache) => {
        ({ id } = await hit(semcache, [stored, asked], inNamespace("requests")));
        ({ id: told } = await hit(semcache, far, inNamespace("requests")));
        await tell(semcache, { request: told, verdict: "wrong" });
      },
      async (semcache, data) => {
        const wrong = { request: id, verdict: "wrong" };
        expect((await stat(join(data, "served.jsonl"))).mode & 0o777).toBe(0o600);
        expect(await readFile(join(data, "served.jsonl"), "utf8")).not.toContain("capital");
        expect((await tell(semcache, wrong, [second])).status).toBe(404);
        expect((await tell(semcache, wrong)).json()).toEqual({ pairs: 1, removed: 0 });
        expect((await tell(semcache, { request: told, verdict: "wrong" })).json()).toEqual({ pairs: 0, removed: 0 });
        expect((await put(semcache, asked, inNamespace("requests"))).outcome).toBe("miss/guard-reported");
      },
    ]);
  });

  test("an entry and a prompt, whatever is remembered of the hit: the pair is barred and kept, the entry stays", async () => {
    let entry: string | null = null;
    await overRestarts("entries", [
      async (semcache) => {
        entry = (await hit(semcache, [stored, asked], inNamespace("entries"))).header("x-semcache-entry");
      },
      async (semcache, data) => {
        await rm(join(data, "served.jsonl"), { force: true });
        const wrong = { entry, prompt: asked, verdict: "wrong" };
        expect((await tell(semcache, wrong, [second])).status).toBe(404);
        expect((await tell(semcache, { ...wrong, entry: "never" })).status).toBe(404);
        expect((await tell(semcache, { prompt: asked, verdict: "wrong" })).status).toBe(400);
        expect((await tell(semcache, { ...wrong, request: "1" })).status).toBe(400);
        expect((await tell(semcache, wrong)).json()).toEqual({ pairs: 1, removed: 0 });
        expect((await tell(semcache, wrong)).json()).toEqual({ pairs: 0, removed: 0 });
        expect((await put(semcache, asked, inNamespace("entries"))).outcome).toBe("miss/guard-reported");
        expect((await put(semcache, stored, inNamespace("entries"))).outcome).toBe("hit/exact");
        expect(await exported(semcache)).toMatchObject([{ a: stored, b: asked, label: 0, similarity: null, entry }]);
      },
    ]);
  });

  test("an entry alone: wrong removes it, also after a restart; right is counted", async () => {
    let entry: string | null = null;
    await overRestarts("entry-alone", [
      async (semcache) => {
        const found = await hit(semcache, [stored, asked], inNamespace("entry-alone"));
        entry = found.header("x-semcache-entry");
        expect((await tell(semcache, { entry, verdict: "right" })).json()).toEqual({ pairs: 1, removed: 0 });
        expect(await exported(semcache)).toMatchObject([{ label: 1, about: "entry", entry }]);
      },
      async (semcache) => {
        expect((await tell(semcache, { entry, verdict: "wrong" }, [second])).status).toBe(404);
        expect((await order(semcache, { entry, verdict: "wrong" })).json()).toEqual({ pairs: 1, removed: 1 });
        // Its prompts are not remembered over a restart: what was kept of the pair stays as it was.
        expect((await put(semcache, asked, inNamespace("entry-alone"))).header("x-cache-status")).toBe("miss");
        const { trust } = (await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/stats" })).json() as {
          readonly trust: { readonly feedback: object; readonly barredPairs: number };
        };
        expect(trust).toMatchObject({ feedback: { right: 1, wrong: 1 }, barredPairs: 1 });
        const { text } = await ask(semcache.port, { method: "GET", path: "/metrics" });
        expect(text).toMatch(/semcache_feedback_total\{verdict="wrong"\} 1\n/);
        expect(text).toMatch(/semcache_labelled_pairs\{label="right"\} 1\n/);
      },
    ]);
  });
});

describe("labelled pairs", () => {
  test("are exported with what was judged, chosen by query, as lines and as a table, from a server and its folder", async () => {
    await overRestarts("export", [
      async (semcache, data) => {
        const wrong = await hit(semcache, [stored, asked], inNamespace("export"));
        const right = await hit(semcache, far, inNamespace("export", second));
        await hit(
          semcache,
          ["How do I cancel my subscription?", "How can I cancel my subscription?"],
          inNamespace("export"),
        );
        await tell(semcache, { request: wrong.id, verdict: "wrong" });
        await tell(semcache, { request: right.id, verdict: "right" }, [second]);
        const [one, two, ...more] = await exported(semcache);
        expect(more).toEqual([]);
        expect(one).toEqual({
          a: stored,
          b: asked,
          label: 0,
          similarity: expect.closeTo(0.95, 1),
          confidence: expect.closeTo(0.98, 1),
          by: "person",
          about: "hit",
          at: expect.stringMatching(/^20\d\d-.*Z$/),
          tenant: expect.stringMatching(/^[\w-]{20,}$/),
          model: "gpt-4o",
          dialect: "openai-chat",
          namespace: "export",
          partition: expect.stringMatching(/^[\w-]{43}$/),
          entry: wrong.header("x-semcache-entry"),
        });
        expect([two?.["a"], two?.["b"], two?.["label"]]).toEqual([...far, 1]);
        expect(two?.["tenant"]).not.toBe(one?.["tenant"]);
        for (const [query, found] of [
          ["?verdict=wrong", [one]],
          [`?tenant=${two?.["tenant"]}`, [two]],
          ["?by=audit", []],
          ["?namespace=export&model=gpt-4o&since=2020-01-01T00:00:00Z", [one, two]],
          ["?since=2999-01-01T00:00:00Z", []],
        ] as const)
          expect(await exported(semcache, query)).toEqual(found);
        for (const query of ["?verdict=maybe", "?since=yesterday", "?format=xml", "?limit=1"]) {
          const path = `/semcache/v1/admin/feedback${query}`;
          expect((await ask(semcache.port, { method: "GET", path })).status).toBe(400);
        }
        const table = await ask(semcache.port, { method: "GET", path: "/semcache/v1/admin/feedback?format=csv" });
        expect(table.header("content-type")).toMatch(/^text\/csv/);
        const records: (readonly string[])[] = [];
        for await (const { fields } of readCsvRows(
          (async function* () {
            yield table.body;
          })(),
          { maxBytes: 10_000 },
        ))
          records.push(fields);
        expect(records).toHaveLength(3);
        expect(records[1]?.slice(0, 3)).toEqual([stored, asked, "0"]);
        for (const from of [
          ["--url", semcache.url],
          ["--data", data],
        ]) {
          const lines = await run(["feedback", "export", ...from]);
          expect([lines.code, toRows(lines.stdout)]).toEqual([0, [one, two]]);
        }
        const csv = await run(["feedback", "export", "--data", data, "--format", "csv", "--verdict", "right"]);
        expect(csv.stdout.split("\r\n")[1]).toMatch(/^How do I reset my password\?,How can I reset my password\?,1,/);
        expect((await stat(join(data, "feedback.jsonl"))).mode & 0o777).toBe(0o600);
        expect(semcache.log.text).not.toContain("capital");
      },
      async (semcache) => {
        expect((await exported(semcache)).map(({ label }) => label)).toEqual([0, 1]);
      },
    ]);
  });

  test("come from audits too", async () => {
    const answer = (content: string) => {
      const message = { role: "assistant", content };
      const body = { id: "1", object: "chat.completion", choices: [{ index: 0, message, finish_reason: "stop" }] };
      return fixed({
        status: 200,
        headers: [["content-type", "application/json"]],
        parts: [Buffer.from(JSON.stringify(body))],
      });
    };
    provider.script(answer("It is Paris, since 987."));
    provider.script(answer("Bake it at 180 degrees."), { times: 2 });
    await overRestarts(
      "audits",
      [
        async (semcache) => {
          const { id } = await hit(semcache, [stored, asked]);
          await semcache.log.waitFor((line) => line["request"] === id && String(line["msg"]).startsWith("An audit"));
          expect(await exported(semcache)).toMatchObject([{ a: stored, b: asked, label: 0, by: "audit" }]);
        },
        async (semcache) => {
          expect(await exported(semcache, "?by=audit")).toMatchObject([{ a: stored, b: asked, label: 0 }]);
        },
      ],
      { matching: { audit_rate: 1 } },
    );
  });

  test("go with the tenant, namespace or all that is invalidated: in memory, in the file, and of hits nobody spoke of", async () => {
    await overRestarts("invalidated", [
      async (semcache, data) => {
        const file = () => readFile(join(data, "feedback.jsonl"), "utf8");
        const mine = await hit(semcache, [stored, asked], inNamespace("kept"));
        const later = await hit(
          semcache,
          ["How do I cancel my subscription?", "How can I cancel my subscription?"],
          inNamespace("kept"),
        );
        const theirs = await hit(semcache, far, inNamespace("kept", second));
        await tell(semcache, { request: mine.id, verdict: "wrong" });
        await tell(semcache, { request: theirs.id, verdict: "wrong" }, [second]);
        const [one] = await exported(semcache);
        await order(semcache, { tenant: one?.["tenant"], dry_run: true }, "invalidate");
        expect(await exported(semcache)).toHaveLength(2);
        await order(semcache, { tenant: one?.["tenant"] }, "invalidate");
        expect((await exported(semcache)).map(({ a }) => a)).toEqual([far[0]]);
        expect(await file()).not.toContain("capital");
        expect(await file()).toContain("password");
        // Of a hit of before the pair can still be barred, and no text comes back for it.
        expect((await tell(semcache, { request: later.id, verdict: "wrong" })).json()).toEqual({
          pairs: 1,
          removed: 0,
        });
        expect(await exported(semcache)).toHaveLength(1);
        await put(semcache, stored, inNamespace("kept"));
        expect((await put(semcache, asked, inNamespace("kept"))).outcome).toBe("miss/guard-reported");
        await order(semcache, { namespace: "another" }, "invalidate");
        expect(await exported(semcache)).toHaveLength(1);
        await order(semcache, { all: true }, "invalidate");
        expect([await exported(semcache), await file()]).toEqual([[], ""]);
        const left = await hit(
          semcache,
          ["How do I delete my account?", "How can I delete my account?"],
          inNamespace("kept"),
        );
        await tell(semcache, { request: left.id, verdict: "right" });
        expect(await file()).toContain("delete my account");
      },
    ]);
    const data = join(folder, "invalidated");
    const flushed = await run(["entries", "flush", "--data", data, "--namespace", "kept", "--yes"]);
    expect([flushed.code, flushed.stderr]).toEqual([0, expect.any(String)]);
    expect(await readFile(join(data, "feedback.jsonl"), "utf8")).toBe("");
    expect(await readdir(data)).toContain("state.jsonl");
  });

  test("that a failing disk does not let go of make an invalidation fail until it does; a verdict counts all the same", async () => {
    await overRestarts("failing-disk", [
      async (semcache, data) => {
        const [pairs, state] = ["feedback.jsonl", "state.jsonl"].map((name) => join(data, name)) as [string, string];
        const headers = inNamespace("failing-disk");
        const wrong = await hit(semcache, [stored, asked], headers);
        expect((await tell(semcache, { request: wrong.id, verdict: "wrong" })).status).toBe(200);
        const written = await readFile(pairs, "utf8");
        expect([written.includes(asked), (await readFile(state, "utf8")).includes('"pair/')]).toEqual([true, true]);
        for (const path of [pairs, state]) {
          await rm(path);
          await mkdir(join(path, "in the way"), { recursive: true });
        }
        const later = await hit(semcache, far, headers);
        expect((await tell(semcache, { request: later.id, verdict: "wrong" })).json()).toEqual({
          pairs: 1,
          removed: 0,
        });
        expect((await put(semcache, far[1], headers)).outcome).toBe("miss/guard-reported");
        for (const path of [pairs, state])
          await semcache.log.waitFor(({ msg }) => String(msg).includes(`Cannot write to ${path}`));

        for (let time = 0; time < 2; time++) {
          const failed = await order(semcache, { namespace: "failing-disk" }, "invalidate");
          expect([failed.status, failed.header("x-semcache-error")]).toEqual([503, "store-failed"]);
          expect(await exported(semcache)).toEqual([]);
        }
        await rm(pairs, { recursive: true });
        await writeFile(pairs, written);
        expect((await order(semcache, { namespace: "failing-disk" }, "invalidate")).status).toBe(200);
        expect(await readFile(pairs, "utf8")).toBe("");
      },
    ]);
  });

  test("are a log for semcache tune, each compared with nothing but itself", async () => {
    const pair = (a: string, b: string, label: number) => JSON.stringify({ a, b, label, set: "feedback" });
    const lines = [
      pair(stored, asked, 0),
      pair(...far, 1),
      // Were these compared with those above, they would be wrong hits that nobody has told of.
      pair("How may I reset my password?", "Where is the office?", 0),
    ];
    const files = { "pairs.jsonl": `${lines.join("\n")}\n`, "pairs.csv": `a,b,label\n${stored},${asked},0\n` };
    const tuned = await run(["tune", "pairs.jsonl", "--json"], { files });
    expect([tuned.code, tuned.stderr]).toEqual([0, expect.any(String)]);
    const { log, traffic, curve } = JSON.parse(tuned.stdout) as {
      readonly log: object;
      readonly traffic: object;
      readonly curve: readonly { readonly isDefault: boolean; readonly measured: object }[];
    };
    expect([log, traffic]).toMatchObject([{ kinds: { pair: 6 }, unreadable: 0 }, { frames: 3 }]);
    expect(curve.find(({ isDefault }) => isDefault)?.measured).toMatchObject({ right: 1, wrong: 1, unknown: 0 });
    const table = await run(["tune", "pairs.csv", "--json"], { files });
    expect([table.code, table.stderr]).toEqual([0, expect.any(String)]);
  });

  test.each([
    [["feedback"], /feedback alone is unknown, expected export/],
    [["feedback", "export", "--format", "xml"], /--format is "xml", allowed are jsonl, csv/],
    [["feedback", "export", "--since", "soon"], /--since is "soon"/],
    [["feedback", "export", "--data", "nowhere"], /there is no such folder/],
  ])("%j is told what is wrong", async (args, message) => {
    const { code, stderr } = await run(args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
