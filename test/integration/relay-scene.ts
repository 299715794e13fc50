import {
  startImitationProvider,
  type ImitationOptions,
  type ImitationProvider,
} from "../support/imitation-provider.ts";
import { openRaw, rawRequest, type RawAnswer, type RawConnection } from "../support/raw-http.ts";
import { startSemcache, type RunningSemcache } from "../support/semcache.ts";

export type Headers = readonly (readonly [string, string])[];

/** A client's socket, Semcache, and a provider: all real, in one process. */
export interface Scene {
  readonly provider: ImitationProvider;
  readonly semcache: RunningSemcache;
  /** A connection to Semcache; closed with the scene. */
  connect(): Promise<RawConnection>;
  /** One request on a connection of its own. */
  ask(request: Uint8Array): Promise<RawAnswer>;
  close(): Promise<void>;
}

export async function startScene(
  overrides: { readonly [key: string]: unknown } = {},
  imitation: ImitationOptions = {},
): Promise<Scene> {
  const provider = await startImitationProvider(imitation);
  const semcache = await startSemcache(provider.url, overrides);
  const clients = createClients(semcache.port);
  return {
    provider,
    semcache,
    ...clients,
    async close() {
      clients.hangUp();
      await semcache.close();
      await provider.close();
    },
  };
}

export function createClients(port: number) {
  const connections: RawConnection[] = [];
  const connect = async (): Promise<RawConnection> => {
    const connection = await openRaw(port);
    connections.push(connection);
    return connection;
  };
  return {
    connect,
    async ask(request: Uint8Array): Promise<RawAnswer> {
      const connection = await connect();
      await connection.send(request);
      const answer = await connection.readAnswer();
      connection.destroy();
      return answer;
    },
    hangUp() {
      for (const connection of connections.splice(0)) connection.destroy();
    },
  };
}

export interface ChatOptions {
  readonly stream?: boolean;
  readonly fields?: { readonly [key: string]: unknown };
  readonly headers?: Headers;
  readonly credential?: string;
  readonly path?: string;
}

/** The bytes of a chat request whose last message is `prompt`. */
export function chat(prompt: string, options: ChatOptions = {}): Buffer {
  const { stream = false, fields = {}, headers = [], credential = "sk-one", path = "/v1/chat/completions" } = options;
  const body = JSON.stringify({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: prompt }],
    ...(stream && { stream: true }),
    ...fields,
  });
  return rawRequest(
    "POST",
    path,
    [["content-type", "application/json"], ["authorization", `Bearer ${credential}`], ...headers],
    body,
  );
}

/** Status, `x-cache-status` and `x-semcache-reason` (or the match) in one word each. */
export function outcomeOf({ status, header }: RawAnswer): string {
  const why = header("x-semcache-match") ?? header("x-semcache-reason") ?? header("x-semcache-error") ?? "";
  return `${status} ${header("x-cache-status") ?? "-"} ${why}`.trim();
}

/** What the process says of faults that nobody caught. Vitest fails on unhandled rejections by itself. */
export function watchWarnings(): { readonly warnings: readonly string[]; stop(): void } {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => {
    warnings.push(`${warning.name}: ${warning.message}`);
  };
  process.on("warning", onWarning);
  return { warnings, stop: () => void process.off("warning", onWarning) };
}
