import { once } from "node:events";
import { request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { SemcacheError } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";

export interface ServerAddress {
  /** Origin, and a path where the server stands behind one; without a slash at its end. */
  readonly url: string;
  readonly token: string | null;
  /** What to do where nobody answers. */
  readonly advice: string;
}

/** A server that is silent for so long has gone. */
const IDLE_MS = 600_000;
/** An answer that is one JSON document. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** A request of the admin API that was begun; its body, if any, is the caller's to write and end. */
export function openCall(
  address: ServerAddress,
  call: { readonly method: string; readonly path: string; readonly type?: string },
): { readonly request: ClientRequest; readonly response: Promise<IncomingMessage> } {
  const { method, path, type } = call;
  const { url, token } = address;
  const open = url.startsWith("https:") ? requestHttps : requestHttp;
  const request = open(`${url}/semcache/v1/admin/${path}`, {
    method,
    agent: false,
    timeout: IDLE_MS,
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  request.once("timeout", () => request.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
  const response = once(request, "response").then(
    ([message]) => message as IncomingMessage,
    (error: unknown) => {
      throw unreachable(address, error);
    },
  );
  // Whoever writes the body looks at it later; a connection that fails before must not end the process.
  response.catch(() => undefined);
  request.on("error", () => undefined);
  return { request, response };
}

/** @throws {SemcacheError} with what the server says */
export async function callJson(
  address: ServerAddress,
  call: { readonly method: string; readonly path: string; readonly body?: object },
): Promise<{ readonly status: number; readonly json: unknown }> {
  const { method, path, body } = call;
  const { request, response } = openCall(address, {
    method,
    path,
    ...(body === undefined ? {} : { type: "application/json" }),
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return readJson(address, await response);
}

/**
 * The bytes of an answer, as they come.
 *
 * @throws {SemcacheError} with what the server says, before the first byte; where the connection breaks, between them
 */
export async function openDownload(
  address: ServerAddress,
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { request, response: coming } = openCall(address, { method: "GET", path });
  request.end();
  signal?.addEventListener("abort", () => request.destroy(), { once: true });
  const response = await coming;
  if (response.statusCode !== 200) {
    throw toServerError(address, response.statusCode ?? 0, (await readJson(address, response)).json);
  }
  return (async function* () {
    try {
      yield* response as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw unreachable(address, error);
    } finally {
      request.destroy();
    }
  })();
}

export async function readJson(
  address: ServerAddress,
  response: IncomingMessage,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_JSON_BYTES) throw new Error(`its answer has more than ${MAX_JSON_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(address, error);
  }
  const status = response.statusCode ?? 0;
  try {
    return { status, json: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    throw new SemcacheError("bad-request", `Cannot use ${address.url}: its answer (${status}) is not Semcache's`);
  }
}

/** What the server says is wrong, as an error of our own. */
export function toServerError({ url }: ServerAddress, status: number, json: unknown): SemcacheError {
  const error = isJsonObject(json) ? json["error"] : undefined;
  const message = isJsonObject(error) && typeof error["message"] === "string" ? error["message"] : null;
  const advice = status === 401 ? "; give it with --token or SEMCACHE_SERVER__ADMIN_TOKEN" : "";
  return message === null
    ? new SemcacheError("bad-request", `Cannot use ${url}: it answered ${status}, and not as Semcache does`)
    : new SemcacheError("bad-request", `${message}${advice}`);
}

export function unreachable({ url, advice }: ServerAddress, error: unknown): SemcacheError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new SemcacheError("upstream-unreachable", `Cannot reach Semcache at ${url}: ${code ?? message}; ${advice}`, {
    cause: error,
  });
}
