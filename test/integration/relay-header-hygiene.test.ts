import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { raw } from "../support/imitation/faults.ts";
import { rawRequest } from "../support/raw-http.ts";
import { chat, startScene, type Scene } from "./relay-scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ cache: { mode: "exact", tenancy: "header:X-Team", vary_headers: ["x-vary"] } });
});
afterAll(() => scene.close());

type Pair = readonly [string, string];

const cased = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom("lower", "UPPER", "Title"))
    .map(([name, how]) =>
      how === "lower"
        ? name
        : how === "UPPER"
          ? name.toUpperCase()
          : name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()),
    );
const value = fc.stringMatching(/^[!-~\u00a1-\u00ff]([ -~\u00a1-\u00ff]{0,20}[!-~\u00a1-\u00ff])?$/);
const pairs = (names: fc.Arbitrary<string>): fc.Arbitrary<Pair[]> =>
  fc.array(fc.tuple(names, value), { maxLength: 12 });

const harmless = [
  "x-request-id",
  "authorization",
  "x-api-key",
  "user-agent",
  "cookie",
  "traceparent",
  "x-vary",
  "anthropic-version",
  "x-semcach",
  "x-llm",
  "cache-controls",
  "openai-beta",
  "x-b",
];
const named = new Set(["x-hop-one", "x-hop-two"]);

const oursToday = (): fc.Arbitrary<Pair[]> =>
  fc.subarray<Pair>(
    [
      ["x-llm-prompt", "$.messages[-1].content"],
      ["X-LLM-Proxy-Prompt", "$.messages[-1].content"],
      ["X-Semcache-Mode", "exact"],
      ["x-semcache-ttl", "60"],
      ["x-semcache-namespace", "n"],
      ["X-SEMCACHE-TAGS", "a,b"],
      ["x-semcache-max-error", "0.001"],
      ["x-semcache-anything", "at all"],
      ["Cache-Control", "max-age=60"],
      ["cache-control", "no-transform"],
      ["x-team", "blue"],
      ["Keep-Alive", "timeout=5"],
      ["TE", "trailers"],
      ["Trailer", "x-t"],
      ["Proxy-Authorization", "Basic eDp5"],
      ["Proxy-Connection", "keep-alive"],
      ["HTTP2-Settings", "AAMAAABk"],
      ["X-Hop-One", "1"],
      ["x-hop-two", "2"],
      ["Connection", "x-hop-one, X-Hop-Two, authorization, x-api-key, x-vary, anthropic-version, keep-alive"],
    ],
    { minLength: 0 },
  );

let count = 0;

test("the provider gets the client's headers in order, case and number, and none that is for us or for one connection", async () => {
  await fc.assert(
    fc.asyncProperty(
      pairs(cased(harmless)),
      oursToday(),
      fc.boolean(),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      async (theirs, ours, isChat, viaHost, positions) => {
        const all: Pair[] = [...theirs];
        const mixed = viaHost ? [...ours, ["x-llm-proxy-host", scene.provider.url] as const] : ours;
        for (const pair of mixed) all.splice((positions.next().value ?? 0) % (all.length + 1), 0, pair);
        scene.provider.reset();
        const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: `hygiene ${count++}` }] });
        const request = isChat
          ? rawRequest("POST", "/v1/chat/completions", all, body)
          : rawRequest("POST", "/v1/embeddings", all, body);
        const answer = await scene.ask(request);
        const sent = scene.provider.requests[0]?.rawHeaders ?? [];
        expect(answer.status).toBe(200);
        const isConnectionNamed = all.some(([name]) => name === "Connection");
        const expected = all.filter(
          ([name]) => harmless.includes(name.toLowerCase()) || (!isConnectionNamed && named.has(name.toLowerCase())),
        );
        // Host first, the length last, and node's own word on its connection.
        expect(sent).toEqual([
          "host",
          `127.0.0.1:${scene.provider.port}`,
          ...expected.flat(),
          "content-length",
          String(body.length),
          "Connection",
          "keep-alive",
        ]);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

test("the client gets the provider's headers in order, case and number, and none that only we may say", async () => {
  const kept = [
    "x-request-id",
    "set-cookie",
    "server",
    "date",
    "etag",
    "cache-control",
    "x-cache",
    "via",
    "x-semcach",
    "retry-after",
    "vary",
  ];
  const dropped = [
    "x-cache-status",
    "x-semcache-entry",
    "x-semcache-match",
    "x-semcache-request",
    "x-semcache-reason",
    "x-semcache-new",
    "keep-alive",
    "te",
    "upgrade",
    "proxy-authenticate",
    "trailer",
    "x-hop-one",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cased([...kept, ...dropped]), value), { maxLength: 15 }),
      fc.boolean(),
      async (headers, stream) => {
        scene.provider.reset();
        const lines = [...headers, ["Connection", "x-hop-one, set-cookie, retry-after"] as const]
          .map(([name, text]) => `${name}: ${text}\r\n`)
          .join("");
        scene.provider.script(raw(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 2\r\n\r\n{}`, "latin1")));
        const answer = await scene.ask(chat(`answer ${count++}`, { stream, headers: [["x-team", "blue"]] }));
        const own = answer.rawHeaders.filter((_, index, all) => {
          const name = (all[index - (index % 2)] ?? "").toLowerCase();
          return !/^(?:x-semcache-(?:request|reason|frame)|x-cache-status|connection|keep-alive)$/.test(name);
        });
        const expected = headers.filter(([name]) => kept.includes(name.toLowerCase()));
        expect(own).toEqual([...expected.flat(), "Content-Length", "2"]);
        expect(answer.header("x-cache-status")).toBe("miss");
        expect(answer.rawHeaders.filter((name) => name.toLowerCase() === "x-cache-status")).toHaveLength(1);
        expect(answer.rawHeaders.filter((name) => name.toLowerCase() === "x-semcache-request")).toHaveLength(1);
        expect(answer.header("x-semcache-request")).toMatch(/^[0-9a-f-]{36}$/);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
