import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { breakBeforeHead, breakMidBody, fixed, held, paced } from "../support/imitation/faults.ts";
import { Gate, type Script } from "../support/imitation/script.ts";
import type { RawAnswer, RawConnection } from "../support/raw-http.ts";
import { chat, outcomeOf, startScene, watchWarnings, type ChatOptions, type Scene } from "./relay-scene.ts";

let scene: Scene;
const watch = watchWarnings();
beforeAll(async () => {
  scene = await startScene();
});
afterEach(() => scene.provider.reset());
afterAll(async () => {
  await scene.close();
  watch.stop();
  expect(watch.warnings).toEqual([]);
});

async function send(request: Buffer): Promise<RawConnection> {
  const connection = await scene.connect();
  await connection.send(request);
  return connection;
}

/** Whatever was sent before has been read and looked up when two later requests have been answered. */
async function settled(): Promise<void> {
  for (const _ of [1, 2]) await fetch(`${scene.semcache.url}/health`);
}

/** One request that the provider has, and then `followers` equal ones. */
async function launch(request: Buffer, followers: number): Promise<RawConnection[]> {
  const connections = [await send(request)];
  await scene.provider.waitForRequest(1);
  for (let index = 0; index < followers; index++) connections.push(await send(request));
  await settled();
  return connections;
}

function answersOf(connections: readonly RawConnection[]): Promise<RawAnswer[]> {
  return Promise.all(connections.map((connection) => connection.readAnswer()));
}

let count = 0;
/** Far from all others in meaning, so that nothing is a semantic hit. */
const freshPrompt = (): string => `${++count} [[words 12]] ${"qwertzuiop".slice(count % 10)}${count * 7919}`;

describe("equal requests at the same time", () => {
  test.each([
    ["plain", { stream: false }],
    ["streamed", { stream: true }],
    ["streamed with usage", { stream: true, fields: { stream_options: { include_usage: true } } }],
    ["of the other dialect", { stream: true, path: "/v1/messages", fields: { max_tokens: 64 } }],
  ] as const)("%s: one provider call, the same bytes for all", async (_, options) => {
    const gate = new Gate();
    scene.provider.script(held(gate), { times: 10 });
    const request = chat(freshPrompt(), options);
    const connections = await launch(request, 7);
    gate.releaseAll();
    const [first, ...others] = await answersOf(connections);
    expect(first && outcomeOf(first)).toMatch(/^200 miss (?!joined)/);
    for (const answer of others) {
      expect(outcomeOf(answer)).toBe("200 miss joined");
      expect(answer.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
      expect(answer.header("x-request-id")).toBe(first?.header("x-request-id"));
    }
    expect(scene.provider.requests).toHaveLength(1);
    // Whoever has read the end finds it stored.
    expect(outcomeOf(await scene.ask(request))).toBe("200 hit exact");
  });

  test("in one turn of the event loop: one provider call", async () => {
    const gate = new Gate();
    scene.provider.script(held(gate), { times: 10 });
    const request = chat(freshPrompt());
    const connections = await Promise.all(Array.from({ length: 8 }, () => scene.connect()));
    for (const { socket } of connections) socket.write(request);
    await scene.provider.waitForRequest(1);
    await settled();
    gate.releaseAll();
    const outcomes = (await answersOf(connections)).map((answer) => outcomeOf(answer)).sort();
    // Who was still searching when the answer came finds it.
    expect(outcomes.filter((outcome) => !/joined|hit/.test(outcome))).toHaveLength(1);
    expect(scene.provider.requests).toHaveLength(1);
  });

  test("who joins amid a stream gets everything from the start, and then the rest at its pace", async () => {
    const gate = new Gate();
    scene.provider.script(paced(gate), { times: 2 });
    const request = chat(freshPrompt(), { stream: true });
    const first = await send(request);
    await first.readUntil("\r\n\r\n");
    let early = "";
    for (let index = 0; index < 3; index++) {
      gate.release();
      early += (await first.readUntil("\n\n")).toString();
    }
    const second = await send(request);
    expect((await second.readUntil("\r\n\r\n")).toString()).toMatch(/x-semcache-reason: joined/);
    let caughtUp = "";
    for (let index = 0; index < 3; index++) caughtUp += (await second.readUntil("\n\n")).toString();
    expect(events(caughtUp)).toEqual(events(early));
    gate.releaseAll();
    const rests = [await first.readUntil("0\r\n\r\n"), await second.readUntil("0\r\n\r\n")].map((rest) =>
      events(rest.toString()),
    );
    expect(rests[1]).toEqual(rests[0]);
    expect(rests[0]?.at(-1)).toBe("data: [DONE]");
    expect(scene.provider.requests).toHaveLength(1);
  });

  test("an answer that has just ended is a hit, for plain and streamed requests, again and again", async () => {
    for (let round = 0; round < 10; round++) {
      const request = chat(freshPrompt(), { stream: round % 2 === 0 });
      const connection = await send(request);
      const answer = await connection.readAnswer();
      await connection.send(request);
      const again = await connection.readAnswer();
      expect(outcomeOf(again)).toBe("200 hit exact");
      expect(again.body.equals(answer.body)).toBe(true);
    }
  });

  test("who asks while an answer ends joins it or hits it, and never calls the provider", async () => {
    const request = chat(freshPrompt(), { stream: true });
    const first = await send(request);
    const others: RawConnection[] = [];
    while (first.received.indexOf("[DONE]") === -1) {
      others.push(await send(request));
      await new Promise(setImmediate);
    }
    for (const answer of await answersOf(others))
      expect(outcomeOf(answer)).toMatch(/^200 (?:miss joined|hit exact|hit semantic)$/);
    expect(scene.provider.requests).toHaveLength(1);
  });
});

describe("requests that do not join", () => {
  const base: ChatOptions = { stream: true };
  const usage = { stream_options: { include_usage: true } };
  test.each<[string, ChatOptions, ChatOptions]>([
    ["plain and streamed", base, { stream: false }],
    ["with and without usage", base, { stream: true, fields: usage }],
    ["other codings", base, { ...base, headers: [["accept-encoding", "gzip"]] }],
    ["another tenant", base, { ...base, credential: "sk-two" }],
    ["another namespace", base, { ...base, headers: [["x-semcache-namespace", "n"]] }],
    ["another temperature", base, { ...base, fields: { temperature: 1 } }],
    ["another query", base, { ...base, path: "/v1/chat/completions?api-version=2" }],
    ["another organization", base, { ...base, headers: [["openai-organization", "o"]] }],
    ["a refresh behind", base, { ...base, headers: [["x-semcache-mode", "refresh"]] }],
    ["a refresh before", { ...base, headers: [["cache-control", "no-cache"]] }, base],
    [
      "two refreshes",
      { ...base, headers: [["cache-control", "no-cache"]] },
      { ...base, headers: [["cache-control", "no-cache"]] },
    ],
    ["no-store", base, { ...base, headers: [["cache-control", "no-store"]] }],
    ["caching off", base, { ...base, headers: [["x-semcache-mode", "off"]] }],
    ["a browser", base, { ...base, headers: [["origin", "https://x.example"]] }],
  ])("%s", async (_, one, other) => {
    const gate = new Gate();
    scene.provider.script(held(gate), { times: 2 });
    const prompt = freshPrompt();
    const connections = [await send(chat(prompt, one))];
    await scene.provider.waitForRequest(1);
    connections.push(await send(chat(prompt, other)));
    await scene.provider.waitForRequest(2);
    gate.releaseAll();
    for (const answer of await answersOf(connections)) {
      expect(answer.status).toBe(200);
      expect(outcomeOf(answer)).not.toMatch(/joined/);
    }
  });

  test.each<[string, ChatOptions]>([
    ["another user agent", { headers: [["user-agent", "other"]] }],
    ["an idempotency key", { headers: [["idempotency-key", "k"]] }],
    ["another user field", { fields: { user: "u2" } }],
    ["the other route", { path: "/chat/completions" }],
    ["a max-age", { headers: [["cache-control", "max-age=5"]] }],
  ])("but %s makes no difference", async (_, other) => {
    const gate = new Gate();
    scene.provider.script(held(gate), { times: 2 });
    const prompt = freshPrompt();
    const connections = await launch(chat(prompt), 0);
    connections.push(await send(chat(prompt, other)));
    await settled();
    gate.releaseAll();
    expect((await answersOf(connections)).map((answer) => outcomeOf(answer))[1]).toBe("200 miss joined");
    expect(scene.provider.requests).toHaveLength(1);
  });
});

describe("clients that leave", () => {
  test("the first may go, the others get everything", async () => {
    const gate = new Gate();
    scene.provider.script(paced(gate));
    const request = chat(freshPrompt(), { stream: true });
    const connections = await launch(request, 2);
    gate.release();
    const [first, second, third] = connections as [RawConnection, RawConnection, RawConnection];
    for (const connection of connections) await connection.readUntil("\n\n");
    first.destroy();
    gate.release();
    await second.readUntil("\n\n");
    second.destroy();
    gate.releaseAll();
    expect((await third.readUntil("0\r\n\r\n")).toString()).toContain("data: [DONE]");
    expect(await scene.provider.requests[0]?.finished).toBe("answered");
    expect(outcomeOf(await scene.ask(request))).toBe("200 hit exact");
  });

  test.each([
    ["before the answer", false],
    ["amid the answer", true],
  ])("%s: the provider's call is aborted when the last one goes, not before", async (_, amid) => {
    const gate = new Gate();
    scene.provider.script(amid ? paced(gate) : held(gate));
    const request = chat(freshPrompt(), { stream: true });
    const [first, second] = (await launch(request, 1)) as [RawConnection, RawConnection];
    if (amid) {
      gate.release();
      for (const connection of [first, second]) await connection.readUntil("\n\n");
    }
    first.destroy();
    await settled();
    expect(scene.provider.requests[0]?.outcome).toBeNull();
    second.destroy();
    expect(await scene.provider.requests[0]?.finished).toBe("aborted");
    // Nothing of it was kept.
    scene.provider.reset();
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss (?!joined)/);
  });

  test("a request that was left is not joined afterwards", async () => {
    const gate = new Gate();
    scene.provider.script(held(gate));
    const request = chat(freshPrompt());
    const [only] = await launch(request, 0);
    only?.destroy();
    await scene.provider.requests[0]?.finished;
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss (?!joined)/);
    expect(scene.provider.requests).toHaveLength(2);
  });
});

describe("answers that are no answers", () => {
  test.each([500, 429])("a %i goes to all, as it is, and is not stored", async (status) => {
    const gate = new Gate();
    const reply = fixed({ status, headers: [["retry-after", "3"]], parts: [Buffer.from(`{"error":{"n":${status}}}`)] });
    const script: Script = async (exchange) => {
      await gate.pass();
      await reply(exchange);
    };
    scene.provider.script(script);
    const request = chat(freshPrompt());
    const connections = await launch(request, 3);
    gate.releaseAll();
    for (const answer of await answersOf(connections)) {
      expect(answer.status).toBe(status);
      expect(answer.header("retry-after")).toBe("3");
      expect(answer.body.toString()).toBe(`{"error":{"n":${status}}}`);
    }
    expect(scene.provider.requests).toHaveLength(1);
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss/);
  });

  test("a failure before the head: the readers share one new call", async () => {
    const gate = new Gate();
    scene.provider.script(async (exchange) => {
      await gate.pass();
      await breakBeforeHead()(exchange);
    });
    const connections = await launch(chat(freshPrompt()), 4);
    gate.releaseAll();
    const answers = await answersOf(connections);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(scene.provider.requests).toHaveLength(2);
  });

  test("and when that fails too, all get the error", async () => {
    const gate = new Gate();
    const script: Script = async (exchange) => {
      await gate.pass();
      await breakBeforeHead()(exchange);
    };
    scene.provider.script(script, { times: 5 });
    const connections = await launch(chat(freshPrompt()), 4);
    gate.releaseAll();
    const answers = await answersOf(connections);
    expect(answers.map(({ status }) => status)).toEqual([502, 502, 502, 502, 502]);
    for (const answer of answers) expect(answer.header("x-semcache-error")).toBe("upstream-broken");
    expect(scene.provider.requests).toHaveLength(2);
  });

  test("an answer that breaks off ends broken for all, and nobody calls again", async () => {
    const gate = new Gate();
    scene.provider.script(breakMidBody(3, gate));
    const request = chat(freshPrompt(), { stream: true });
    const connections = await launch(request, 3);
    for (const connection of connections) for (const _ of [1, 2, 3]) await connection.readUntil("\n\n");
    gate.releaseAll();
    for (const connection of connections) {
      const rest = (await connection.readToEnd()).toString();
      expect(rest).not.toMatch(/0\r\n\r\n$/);
    }
    expect(scene.provider.requests).toHaveLength(1);
    expect(outcomeOf(await scene.ask(request))).toMatch(/^200 miss (?!joined)/);
  });
});

function events(text: string): string[] {
  // Without the frames of HTTP's chunks, which need not be the same.
  return text.split(/\r\n|\n/).filter((line) => line.startsWith("data: ") || line.startsWith("event: "));
}
