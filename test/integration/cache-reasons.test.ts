import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  bypassReasons,
  missReasons,
  notStoredReasons,
  type BypassReason,
  type MissReason,
  type NotStoredReason,
} from "#semcache/model/reason.js";
import { ask, chat, freshNamespace, type Answer, type HeaderList, type Question } from "../support/ask.ts";
import { startImitationProvider, type ImitationProvider } from "../support/imitation-provider.ts";
import { endEarly, fixed, held, paced } from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import { openRaw, rawRequest } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

let provider: ImitationProvider;
let semcache: RunningSemcache;
let nowMs = Date.UTC(2026, 0, 1);
const clock = { now: () => nowMs };
beforeAll(async () => {
  provider = await startImitationProvider();
  semcache = await startSemcache(provider.url, { cache: { max_request: "16KiB", max_entry: "64KiB" } }, { clock });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await semcache.close();
  await provider.close();
});

const question = "How do I reset my password?";

/** How a code comes about: the last answer is asked for its reason. */
type Case = (
  say: (question: Partial<Question> & { text?: string; changes?: object }) => Promise<Answer>,
) => Promise<Answer>;

/** Asks for `a`, then for `b`. */
const pair =
  (a: string, b: string): Case =>
  async (say) => {
    await say({ text: a });
    return say({ text: b });
  };
const once =
  (asked: Partial<Question> & { text?: string; changes?: object }): Case =>
  (say) =>
    say(asked);
const image = [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }];

/** A configuration of its own, in which the last answer has the code. */
const withSettings =
  (settings: object, then: Case): Case =>
  async () => {
    const server = await startSemcache(provider.url, settings as never, { clock });
    const namespace = freshNamespace();
    try {
      return await then((asked) => send(server, [namespace], asked));
    } finally {
      await server.close();
    }
  };

const misses: Record<MissReason, Case> = {
  "frame-new": once({}),
  "no-candidate": pair(question, "Which planet has the most moons?"),
  "guard-number": pair("Convert 10 miles to kilometers", "Convert 20 miles to kilometers"),
  "guard-date": pair("What happened on 3 March 1990?", "What happened on 4 March 1990?"),
  "guard-name": pair("What is the capital of France?", "What is the capital of Spain?"),
  "guard-negation": pair("Which foods should I eat with diabetes?", "Which foods should I not eat with diabetes?"),
  "guard-opposite": pair("How do I increase the font size?", "How do I decrease the font size?"),
  "guard-order": pair("How do I convert miles to kilometers?", "How do I convert kilometers to miles?"),
  "guard-question": pair("When was the telephone invented?", "Where was the telephone invented?"),
  "guard-quote": pair('What does the word "biweekly" mean?', 'What does the word "biannual" mean?'),
  "guard-code": pair("What does the flag `-r` of grep do?", "What does the flag `-v` of grep do?"),
  "guard-demand": pair("Explain photosynthesis in one sentence", "Explain photosynthesis in detail"),
  "guard-word": pair("tell me about the history of tea", "tell me about the history of coffee"),
  "guard-text": pair("How do I pay with paypal?", "How do I pay with p\u0430ypal?"),
  "guard-reported": async (say) => {
    await say({ text: "What is the capital of France?" });
    const hit = await say({ text: "Tell me the capital of France" });
    const body = { request: hit.id, verdict: "wrong" };
    await ask(semcache.port, { path: "/semcache/v1/admin/feedback", body });
    return say({ text: "Tell me the capital of France" });
  },
  "verifier-low": pair("How do I reset my password?", "How do I protect my password?"),
  expired: async (say) => {
    await say({});
    nowMs += 5_000;
    return say({ headers: [["cache-control", "max-age=4"]] });
  },
  volatile: once({ text: "What is the latest news today?" }),
  "too-long": pair(question, `${"The printer in the hall prints every page of the report twice. ".repeat(20)} Why?`),
  image: once({ body: chat([{ type: "text", text: question }, ...image]) }),
  "tool-use": once({
    body: chat("", {
      messages: [
        { role: "user", content: "Go" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c", content: "1" },
      ],
    }),
  }),
  "unknown-language": pair(question, "ฉันจะรีเซ็ตรหัสผ่านของฉันได้อย่างไร"),
  "multiple-choices": once({ changes: { n: 2 } }),
  refresh: once({ headers: [["cache-control", "no-cache"]] }),
  joined: once({}),
  "no-conversion": async (say) => {
    const events = [
      {
        id: "c",
        object: "chat.completion.chunk",
        created: 1,
        model: "m",
        choices: [{ index: 0, delta: { role: "assistant", content: "x", hologram: 1 }, finish_reason: null }],
      },
      {
        id: "c",
        object: "chat.completion.chunk",
        created: 1,
        model: "m",
        choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
      },
    ].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
    provider.script(
      fixed({
        status: 200,
        headers: [["content-type", "text/event-stream"]],
        parts: [...events, "data: [DONE]\n\n"].map((event) => Buffer.from(event)),
      }),
    );
    await say({ changes: { stream: true } });
    return say({});
  },
  "lookup-timeout": withSettings({ matching: { timeout: "1ms" } }, pair(question, "How can I reset my password?")),
  overloaded: withSettings({ matching: { max_queue: 1 }, embedding: { workers: 1 } }, async (say) => {
    await say({});
    const crowd = await Promise.all(
      Array.from({ length: 60 }, (_, index) => say({ text: `How do I reset password ${index}?` })),
    );
    return crowd.find(({ outcome }) => outcome === "miss/overloaded") ?? (crowd[0] as Answer);
  }),
  unavailable: once({}),
  shadow: withSettings({ cache: { mode: "shadow" } }, pair(question, question)),
};

const bypasses: Record<BypassReason, Case> = {
  off: once({ headers: [["x-semcache-mode", "off"]] }),
  "no-store": once({ headers: [["cache-control", "no-store"]] }),
  "no-tenant": withSettings({ cache: { tenancy: "header:x-tenant" } }, once({})),
  stateful: once({ changes: { web_search_options: {} } }),
  "unreadable-body": once({ body: "{", headers: [["content-type", "application/json"]] }),
  "encoded-body": once({ headers: [["content-encoding", "br"]] }),
  "too-large": once({ text: "x".repeat(20_000) }),
  "other-route": once({ path: "/v1/embeddings" }),
  browser: once({ headers: [["origin", "https://app.example"]] }),
};

const reply = (status: number, type: string, body: string): Script =>
  fixed({ status, headers: [["content-type", type]], parts: [Buffer.from(body)] });

const notStored: Record<NotStoredReason, Case> = {
  "not-cacheable": once({ headers: [["cache-control", "no-store"]] }),
  status: once({ text: "[[error 500]]" }),
  incomplete: async (say) => {
    provider.script(endEarly(2));
    return say({ changes: { stream: true } });
  },
  malformed: async (say) => {
    provider.script(reply(200, "application/json", "<html>"));
    return say({});
  },
  "finish-reason": once({ text: "[[content_filter]]" }),
  empty: once({ text: "[[empty]]" }),
  "error-in-body": once({ text: "[[error-in-body]]" }),
  "server-tools": async (say) => {
    const annotations = [{ type: "url_citation", url_citation: { url: "https://a.example" } }];
    const choices = [{ index: 0, message: { role: "assistant", content: "x", annotations }, finish_reason: "stop" }];
    provider.script(
      reply(
        200,
        "application/json",
        JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices }),
      ),
    );
    return say({});
  },
  "unsupported-content": async (say) => {
    const headers: HeaderList = [
      ["x-llm-proxy-upstream", `${provider.url}/custom`],
      ["x-llm-prompt", "$.query"],
    ];
    provider.script(reply(200, "text/plain", "yes"));
    return say({ path: "/semcache/v1/chat/completions", headers, body: { query: question } });
  },
  "too-large": async (say) => {
    provider.script(reply(200, "application/json", JSON.stringify({ choices: [], filler: "x".repeat(70_000) })));
    return say({});
  },
  "client-gone": once({}),
  "ttl-zero": once({ headers: [["x-semcache-ttl", "0"]] }),
  shadow: once({}),
  "invalidated-meanwhile": once({}),
  "store-busy": once({}),
  "store-loading": once({}),
  "store-failed": once({}),
};

/** Codes whose cause cannot be brought about from outside, or is brought about in a test of its own. */
const elsewhere = new Set<string>([
  "joined",
  "unavailable",
  "client-gone",
  "invalidated-meanwhile",
  "store-busy",
  "store-loading",
  "store-failed",
]);
/** The same of the reasons why an answer was not stored (`shadow`: shadow-mode.test.ts). */
const storedElsewhere = new Set<string>([...elsewhere, "shadow"]);

function send(
  server: RunningSemcache,
  own: HeaderList,
  asked: Partial<Question> & { text?: string; changes?: object },
) {
  const { text = question, changes = {}, headers = [], body = chat(text, changes), ...rest } = asked;
  return ask(server.port, { ...rest, headers: [...own, ...headers], body });
}

async function bring(make: Case): Promise<Answer> {
  const namespace = freshNamespace();
  return make((asked) => send(semcache, [namespace], asked));
}

describe("every code is produced", () => {
  const tables = { missReasons, bypassReasons, notStoredReasons };
  it("and has a case here", () => {
    expect(Object.keys(misses)).toEqual(Object.keys(tables.missReasons));
    expect(Object.keys(bypasses)).toEqual(Object.keys(tables.bypassReasons));
    expect(Object.keys(notStored)).toEqual(Object.keys(tables.notStoredReasons));
  });

  it.each(Object.entries(misses).filter(([code]) => !elsewhere.has(code)))("miss: %s", async (code, make) => {
    const answer = await bring(make);
    expect(answer.status).toBe(200);
    expect(answer.outcome).toBe(`miss/${code}`);
  });

  it.each(Object.entries(bypasses))("bypass: %s", async (code, make) => {
    expect((await bring(make)).outcome).toBe(`bypass/${code}`);
  });

  it.each(Object.entries(notStored).filter(([code]) => !storedElsewhere.has(code)))(
    "not stored: %s",
    async (code, make) => {
      const answer = await bring(make);
      const line = await semcache.log.waitFor(({ request }) => request === answer.id);
      expect(line["notStored"]).toBe(code);
      expect(line["stored"]).toBeUndefined();
    },
  );

  it("miss: joined", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(paced(gate));
    const body = JSON.stringify(chat(question, { stream: true }));
    const bytes = rawRequest("POST", "/v1/chat/completions", [namespace, ["content-type", "application/json"]], body);
    const [first, second] = [await openRaw(semcache.port), await openRaw(semcache.port)];
    await first.send(bytes);
    await first.readUntil("\r\n\r\n");
    await second.send(bytes);
    const head = String(await second.readUntil("\r\n\r\n"));
    expect(head).toContain("x-cache-status: miss\r\n");
    expect(head).toContain("x-semcache-reason: joined\r\n");
    gate.releaseAll();
    const ends = await Promise.all([first.readUntil("0\r\n\r\n"), second.readUntil("0\r\n\r\n")]);
    expect(ends[1].equals(ends[0])).toBe(true);
    first.destroy();
    second.destroy();
    expect(provider.requests).toHaveLength(1);
  });

  it("not stored: client-gone", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(held(gate));
    const client = await openRaw(semcache.port);
    const headers: HeaderList = [namespace, ["content-type", "application/json"]];
    await client.send(rawRequest("POST", "/v1/chat/completions", headers, JSON.stringify(chat(question))));
    await gate.reached(1);
    client.destroy();
    const line = await semcache.log.waitFor((entry) => entry["namespace"] === namespace[1]);
    expect(line).toMatchObject({ status: 0, error: "aborted", notStored: "client-gone" });
    // The provider's call has no reader left.
    expect(await provider.requests[0]?.finished).toBe("aborted");
    gate.releaseAll();
  });

  it("not stored: invalidated-meanwhile, and the answer does not come back", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(held(gate));
    const asked = ask(semcache.port, { headers: [namespace, ["x-semcache-tags", "late"]], body: chat(question) });
    await gate.reached(1);
    const gone = await ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body: { tags: ["late"] } });
    expect(gone.json()).toMatchObject({ entries: 0 });
    gate.releaseAll();
    expect((await asked).status).toBe(200);
    await semcache.log.waitFor((line) => line["reason"] === "invalidated-meanwhile");
    const again = await ask(semcache.port, { headers: [namespace], body: chat(question) });
    expect(again.header("x-cache-status")).toBe("miss");
  });

  it("a dry run invalidates nothing, not even what is under way", async () => {
    const namespace = freshNamespace();
    const gate = new Gate();
    provider.script(held(gate));
    const asked = ask(semcache.port, { headers: [namespace], body: chat(question) });
    await gate.reached(1);
    await ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body: { all: true, dry_run: true } });
    gate.releaseAll();
    await asked;
    expect((await ask(semcache.port, { headers: [namespace], body: chat(question) })).outcome).toBe("hit/exact");
  });

  it("an invalidation has taken effect when it is answered", async () => {
    const namespace = freshNamespace();
    await ask(semcache.port, { headers: [namespace, ["x-semcache-tags", "gone"]], body: chat(question) });
    expect((await ask(semcache.port, { headers: [namespace], body: chat(question) })).outcome).toBe("hit/exact");
    await ask(semcache.port, { path: "/semcache/v1/admin/invalidate", body: { tags: ["gone"] } });
    const headers: HeaderList = [namespace, ["cache-control", "only-if-cached"]];
    for (const text of [question, "How can I reset my password?"]) {
      expect((await ask(semcache.port, { headers, body: chat(text) })).status).toBe(504);
    }
  });
});
