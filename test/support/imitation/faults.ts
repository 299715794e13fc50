import type { ProviderAnswer } from "./answer.ts";
import type { Gate, Script } from "./script.ts";

/** Head at once, then one gate pass before each part and one before the end. */
export function paced(gate: Gate): Script {
  return async ({ answer, sendHead, sendPart, response }) => {
    const reply = await answer();
    sendHead(reply);
    response.flushHeaders();
    for (const part of reply.parts) {
      await gate.pass();
      await sendPart(part);
    }
    await gate.pass();
    response.end();
  };
}

/** The usual answer, after one gate pass. */
export function held(gate: Gate): Script {
  return async ({ answer, send }) => {
    const reply = await answer();
    await gate.pass();
    await send(reply);
  };
}

/** Reads nothing of the body until one gate pass, then answers as usual. */
export function slowReader(gate: Gate): Script {
  return async ({ request, answer, send }) => {
    request.pause();
    await gate.pass();
    request.resume();
    await send(await answer());
  };
}

/** The usual answer in writes of `size` bytes, cut through events and characters. */
export function inPieces(size: number): Script {
  return async ({ answer, sendHead, sendPart, response }) => {
    const reply = await answer();
    const whole = Buffer.concat(reply.parts);
    sendHead(reply);
    for (let at = 0; at < whole.length; at += size) await sendPart(whole.subarray(at, at + size));
    response.end();
  };
}

/** A fixed answer instead of the usual one, sent when the request is whole. */
export function fixed(answer: Omit<ProviderAnswer, "streamed">): Script {
  return async ({ request, send }) => {
    await request.received;
    await send({ ...answer, streamed: answer.parts.length > 1 });
  };
}

/** Takes the request and says nothing, for as long as the client waits. */
export function neverAnswer(): Script {
  return () => undefined;
}

export function breakBeforeHead(): Script {
  return async ({ request, socket }) => {
    await request.received;
    socket.destroy();
  };
}

export function breakMidHead(): Script {
  return raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-half-a-hea");
}

/** The first `parts` parts (of a JSON answer: half of its bytes), then the connection is cut; through `gate` if given. */
export function breakMidBody(parts: number, gate?: Gate): Script {
  return async ({ answer, sendHead, sendPart, socket }) => {
    const reply = await answer();
    const [only = Buffer.alloc(0)] = reply.parts;
    const sent = reply.streamed ? reply.parts.slice(0, parts) : [only.subarray(0, only.length >> 1)];
    sendHead(reply);
    for (const part of sent) await sendPart(part);
    await gate?.pass();
    socket.destroy();
  };
}

/** The first `parts` events of a stream and a proper end of the HTTP body: whole as HTTP, half as a stream. */
export function endEarly(parts: number): Script {
  return async ({ answer, send }) => {
    const reply = await answer();
    await send({ ...reply, parts: reply.parts.slice(0, parts) });
  };
}

/** Bytes that are no HTTP answer. */
export function garbage(): Script {
  return raw("\u0000\u0001 not http at all \r\n\r\n");
}

/** Any bytes in place of an answer, then the end of the connection. */
export function raw(bytes: string | Uint8Array): Script {
  return async ({ request, socket }) => {
    await request.received;
    socket.end(bytes, () => socket.destroy());
  };
}

/** The usual answer with a content-length that is `difference` bytes off. */
export function wrongContentLength(difference: number): Script {
  return async ({ answer, socket }) => {
    const { status, headers, parts } = await answer();
    const body = Buffer.concat(parts);
    const lines = [...headers, ["content-length", String(body.length + difference)]].map((pair) => pair.join(": "));
    socket.write(`HTTP/1.1 ${status} Imitated\r\n${lines.join("\r\n")}\r\n\r\n`);
    socket.end(body, () => socket.destroy());
  };
}

/** The head in three pieces, with a gate pass before each, then the body. */
export function slowHead(gate: Gate): Script {
  return async ({ answer, socket }) => {
    const { status, headers, parts } = await answer();
    const body = Buffer.concat(parts);
    const lines = [...headers, ["content-length", String(body.length)]].map((pair) => pair.join(": "));
    const head = `HTTP/1.1 ${status} Imitated\r\n${lines.join("\r\n")}\r\nconnection: close\r\n\r\n`;
    const third = Math.ceil(head.length / 3);
    for (let at = 0; at < head.length; at += third) {
      await gate.pass();
      socket.write(head.slice(at, at + third));
    }
    socket.end(body);
  };
}

/** 103 Early Hints and 102 Processing before the usual answer. */
export function informational(): Script {
  return async ({ answer, response, send }) => {
    const reply = await answer();
    response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
    response.writeProcessing();
    await send(reply);
  };
}

/** 200 and `bytes` bytes of valid JSON, written as the client reads. */
export function huge(bytes: number): Script {
  return async ({ request, sendHead, sendPart, response }) => {
    await request.received;
    sendHead({ status: 200, headers: [["content-type", "application/json"]], parts: [], streamed: false });
    await sendPart(Buffer.from('{"filler":"'));
    const block = Buffer.alloc(65_536, "x");
    for (let left = bytes; left > 0 && !response.closed; left -= block.length) {
      await sendPart(left < block.length ? block.subarray(0, left) : block);
    }
    await sendPart(Buffer.from('"}'));
    response.end();
  };
}

/** An answer to the head alone, before the body has been read. */
export function answerEarly(answer: Omit<ProviderAnswer, "streamed">): Script {
  return ({ send }) => send({ ...answer, streamed: false });
}
