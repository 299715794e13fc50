import { SemcacheError } from "../base/errors.ts";
import { createAdmission, type AdmissionOptions } from "../cache/admission.ts";
import type { NotStoredReason } from "../model/reason.ts";
import { understand, type UnderstandingRecord } from "../proxy/understand.ts";
import type { ImporterOptions, LineTask } from "./entry-importer.ts";
import type { ImportLine } from "./import-line.ts";

type Exchanged = Extract<ImportLine, { kind: "exchange" }> & { readonly rawHeaders: readonly string[] };

/**
 * A request and its answer, got in another way than through the proxy: understood and admitted as the proxy would have,
 * so that the same request finds it.
 *
 * @throws {SemcacheError} for a request that the proxy would refuse
 */
export function takeExchange(options: ImporterOptions, exchanged: Exchanged, generation: number): LineTask {
  const { settings } = options;
  const { route, path, request, answer, rawHeaders } = exchanged;
  const understood = understand(
    options,
    {
      route,
      target: path,
      body: { kind: "whole", bytes: Buffer.from(request, "utf8") },
      request: { rawHeaders, headers: toHeaders(rawHeaders) },
    },
    nobodysRecord(),
  );
  if (understood.kind === "bypass") {
    return { key: "", run: async () => ({ kind: "skipped", reason: understood.reason }) };
  }
  const { plan, target, dialect, exactKey } = understood;
  const { status, contentType } = answer;
  return {
    key: exactKey,
    async run() {
      if (status < 200 || status > 299) return { kind: "skipped", reason: "status" };
      const startedAtMs = options.clock.now();
      let lost: { readonly reason: NotStoredReason; readonly error: unknown } | null = null;
      const admission = createAdmission({
        ...options,
        maxEntryBytes: settings.maxEntryBytes,
        onLost: (reason, error) => (lost = { reason, error }),
      } satisfies AdmissionOptions);
      const admitted = admission.admit({
        exactKey,
        partition: understood.partition,
        tenant: understood.tenant,
        namespace: plan.namespace,
        dialect: dialect.name,
        upstream: target.url.origin + target.url.pathname,
        model: understood.request.model,
        promptText: understood.promptText,
        semantic: plan.writeVector,
        prepared: null,
        ttlMs: plan.ttlMs,
        tags: plan.tags,
        generation,
        startedAtMs,
        // Nobody waited for it: what a hit would have saved is not known.
        providerMs: 0,
        openaiVersion: null,
        answer: {
          status,
          contentType,
          shape: /^text\/event-stream\b/i.test(contentType) ? "stream" : "json",
          body: Buffer.from(answer.text, "utf8"),
          framingComplete: true,
        },
        examine: (recorded) => dialect.examine(recorded),
      });
      if (admitted.kind === "refused") return { kind: "skipped", reason: admitted.reason };
      await admitted.landed;
      const { reason, error } = (lost as { reason: NotStoredReason; error: unknown } | null) ?? {
        reason: null,
        error: null,
      };
      if (reason === null) return { kind: "stored" };
      if (reason === "store-failed") throw toStoreError(error);
      return { kind: "skipped", reason };
    },
  };
}

function toStoreError(error: unknown): SemcacheError {
  return error instanceof SemcacheError
    ? error
    : new SemcacheError("store-failed", `Cannot import: ${String(error)}`, { cause: error });
}

/** As node joins them. */
function toHeaders(rawHeaders: readonly string[]): { [name: string]: string } {
  const headers: { [name: string]: string } = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers[(rawHeaders[index] as string).toLowerCase()] = rawHeaders[index + 1] as string;
  }
  return headers;
}

/** Of an import there is no report for each request. */
function nobodysRecord(): UnderstandingRecord {
  return { enter: () => undefined, upstream: null, frame: null, dialect: null, model: null, stream: false };
}
