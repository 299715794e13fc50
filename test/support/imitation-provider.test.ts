import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { startImitationProvider, type ImitationProvider } from "./imitation-provider.ts";
import {
  answerEarly,
  breakBeforeHead,
  breakMidBody,
  breakMidHead,
  endEarly,
  garbage,
  held,
  huge,
  informational,
  inPieces,
  neverAnswer,
  paced,
  slowHead,
  slowReader,
  wrongContentLength,
} from "./imitation/faults.ts";
import { Gate } from "./imitation/script.ts";
import { openRaw, rawRequest, type RawConnection } from "./raw-http.ts";

let provider: ImitationProvider;
beforeAll(async () => {
  provider = await startImitationProvider();
});
beforeEach(() => provider.reset());
afterAll(() => provider.close());

const question = { model: "gpt-4o", messages: [{ role: "user", content: "What is a cache?" }] };
const json: readonly [string, string] = ["Content-Type", "application/json"];

async function ask(body: object, path = "/v1/chat/completions", extra: (readonly [string, string])[] = []) {
  const connection = await openRaw(provider.port);
  await connection.send(rawRequest("POST", path, [json, ...extra], JSON.stringify(body)));
  return connection;
}

async function answerOf(connection: RawConnection) {
  const answer = await connection.readAnswer();
  connection.destroy();
  return answer;
}

/** Without what is fresh in every call. */
function withoutFresh(text: string): string {
  return text.replaceAll(/"(id|obfuscation|signature)": ?"[^"]*"|"created": ?\d+/gu, "");
}

describe("answers", () => {
  it("are the same for the same body, with fresh ids", async () => {
    const [first, second, other] = [
      await answerOf(await ask(question)),
      await answerOf(await ask(question)),
      await answerOf(await ask({ ...question, temperature: 1 })),
    ];
    expect(first.status).toBe(200);
    expect(withoutFresh(String(first.body))).toBe(withoutFresh(String(second.body)));
    expect(String(first.body)).not.toBe(String(second.body));
    expect(withoutFresh(String(first.body))).not.toBe(withoutFresh(String(other.body)));
    expect(first.rawHeaders.filter((name) => name === "set-cookie")).toHaveLength(2);
  });

  it("stream the text that the JSON answer has", async () => {
    const plain = JSON.parse(String((await answerOf(await ask(question))).body));
    const streamed = await answerOf(await ask({ ...question, stream: true, stream_options: { include_usage: true } }));
    const events = String(streamed.body).trimEnd().split("\n\n");
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      plain.choices[0].message.content,
    );
    expect(chunks[0].choices[0].delta.role).toBe("assistant");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it("record what was sent, byte for byte", async () => {
    await answerOf(await ask(question, "/v1/chat/completions?a=b", [["X-Case", "Kept"]]));
    const request = await provider.waitForRequest(1);
    expect(request.path).toBe("/v1/chat/completions?a=b");
    expect(request.rawHeaders).toContain("X-Case");
    expect(String(request.body)).toBe(JSON.stringify(question));
    expect(await request.finished).toBe("answered");
  });

  it.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ])("are compressed with %s on request", async (coding, decompress) => {
    const compressing = await startImitationProvider({ compress: true });
    const connection = await openRaw(compressing.port);
    const body = JSON.stringify({ ...question, stream: true });
    await connection.send(rawRequest("POST", "/v1/chat/completions", [json, ["accept-encoding", coding]], body));
    const answer = await answerOf(connection);
    expect(answer.header("content-encoding")).toBe(coding);
    expect(String(decompress(answer.body))).toMatch(/data: \[DONE\]\n\n$/u);
    await compressing.close();
  });
});

describe("scripts", () => {
  it("pace a stream by the test's hand", async () => {
    const gate = new Gate();
    provider.script(paced(gate));
    const connection = await ask({ ...question, stream: true });
    await connection.readUntil("\r\n\r\n");
    await gate.reached(1);
    expect(String(connection.received)).not.toContain("data: ");
    gate.release();
    await connection.readUntil("\n\n");
    await gate.reached(2);
    expect(String(connection.received).match(/data: /gu)).toHaveLength(1);
    gate.releaseAll();
    await connection.readUntil("0\r\n\r\n");
    connection.destroy();
  });

  it("hold an answer, and tell when the client goes away", async () => {
    provider.script(held(new Gate()));
    const connection = await ask(question);
    const request = await provider.waitForRequest(1);
    await request.received;
    connection.destroy();
    expect(await request.finished).toBe("aborted");
  });

  it("leave a body unread", async () => {
    const gate = new Gate();
    provider.script(slowReader(gate));
    const connection = await openRaw(provider.port);
    const body = JSON.stringify({ ...question, filler: "x".repeat(16_000_000) });
    const sent = connection.send(rawRequest("POST", "/v1/chat/completions", [json], body));
    await gate.reached(1);
    const request = await provider.waitForRequest(1);
    expect(request.isReceived).toBe(false);
    gate.release();
    await sent;
    expect((await answerOf(connection)).status).toBe(200);
    expect(request.body.length).toBe(body.length);
  });

  it("never answer", async () => {
    provider.script(neverAnswer());
    const connection = await ask(question);
    await (
      await provider.waitForRequest(1)
    ).received;
    expect(connection.received).toHaveLength(0);
    connection.destroy();
  });

  it("cut bytes anywhere without changing them", async () => {
    provider.script(inPieces(3));
    const answer = await answerOf(await ask({ ...question, stream: true }));
    expect(String(answer.body)).toContain("👩‍🚀");
    expect(String(answer.body)).toMatch(/data: \[DONE\]\n\n$/u);
  });

  it.each([
    ["before the head", breakBeforeHead(), ""],
    ["amid the head", breakMidHead(), "x-half-a-hea"],
    ["amid the body", breakMidBody(3), "\n\n\r\n"],
    ["with garbage", garbage(), " \r\n\r\n"],
    ["short of its content-length", wrongContentLength(5), "[DONE]\n\n"],
  ])("break off %s", async (_, script, tail) => {
    provider.script(script);
    const connection = await ask({ ...question, stream: true });
    const bytes = String(await connection.readToEnd());
    expect(bytes.endsWith(tail)).toBe(true);
    expect(bytes).not.toContain("0\r\n\r\n");
    connection.destroy();
  });

  it("end a stream early, properly framed", async () => {
    provider.script(endEarly(2));
    const answer = await answerOf(await ask({ ...question, stream: true }));
    expect(String(answer.body).match(/data: /gu)).toHaveLength(2);
  });

  it("send 1xx before the answer, and a head in pieces", async () => {
    provider.script(informational());
    const connection = await ask(question);
    expect((await connection.readAnswer()).status).toBe(103);
    expect((await connection.readAnswer()).status).toBe(102);
    expect((await answerOf(connection)).status).toBe(200);
    const gate = new Gate();
    provider.script(slowHead(gate));
    const slow = await ask(question);
    gate.release(3);
    expect((await answerOf(slow)).status).toBe(200);
  });

  it("send bodies of any size, and answers before the request is there", async () => {
    provider.script(huge(3_000_000));
    const connection = await ask(question);
    expect((await answerOf(connection)).body.length).toBe(3_000_013);
    provider.script(answerEarly({ status: 413, headers: [], parts: [Buffer.from("too much")] }));
    const early = await openRaw(provider.port);
    await early.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf");
    expect((await answerOf(early)).status).toBe(413);
  });
});
