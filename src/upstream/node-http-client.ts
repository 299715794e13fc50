import type { RequestOptions } from "node:http";
import type { LookupFunction } from "node:net";
import { SemcacheError } from "../base/errors.ts";
import { isAddressLiteral, withoutTrailingDots } from "./allowed-origin.ts";
import { createCheckedLookup } from "./checked-lookup.ts";
import { createProxyChoice } from "./egress-proxy.ts";
import type { EgressProxySetting } from "./egress-proxy.ts";
import { NodeHttpCall } from "./node-http-call.ts";
import type { PhaseTimeouts } from "./phase-timer.ts";
import { createProviderAgents } from "./provider-agents.ts";
import type { TunnelOptions } from "./provider-agents.ts";
import type { UpstreamClient } from "./upstream-client.ts";
import { describeAddress } from "./special-addresses.ts";
import { literalAddress } from "./upstream-policy.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";

/** Larger header blocks of an answer are refused (`upstream-broken`). Node's own limit of 16 KiB is met in the wild. */
const MAX_HEADER_BYTES = 64 * 1024;

export interface NodeHttpClientOptions {
  readonly policy: UpstreamPolicy;
  readonly timeouts: PhaseTimeouts;
  /** `upstream.proxy`. Through a proxy the names are resolved there; the policy has judged them before. */
  readonly proxy: EgressProxySetting;
  /** Instead of the system's resolver. */
  readonly lookup?: LookupFunction;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The client to providers on node:http. Bodies are neither decoded nor collected, nothing is retried, redirects are
 * handed on.
 *
 * @throws {SemcacheError} `config-invalid`: the proxy.
 */
export function createNodeHttpClient(options: NodeHttpClientOptions): UpstreamClient {
  const { policy, timeouts, lookup } = options;
  const chooseProxy = createProxyChoice(options.proxy, options.environment ?? process.env);
  const agents = createProviderAgents();
  const calls = new Set<NodeHttpCall>();
  let closing: (() => void) | null = null;

  const connection = (url: URL): RequestOptions & { tunnel?: TunnelOptions } => {
    if (closing) throw new SemcacheError("draining", `Cannot call ${url.host}: the server is shutting down`);
    const literal = isAddressLiteral(url.hostname);
    const address = literalAddress(url.hostname);
    if (literal && !policy.isAddressAllowed(url, address)) {
      throw new SemcacheError(
        "upstream-forbidden",
        `Cannot call ${url.protocol}//${url.host}: this address is ${describeAddress(address).name}, and it is not in upstream.allow`,
      );
    }
    const proxy = chooseProxy(url);
    return {
      host: address,
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      // SNI has no trailing dot and no addresses (RFC 6066, 3).
      ...(url.protocol === "https:" && { servername: literal ? "" : withoutTrailingDots(url.hostname) }),
      agent: agents.agentFor(url),
      lookup: createCheckedLookup(url, policy, lookup),
      maxHeaderSize: MAX_HEADER_BYTES,
      ...(proxy && { tunnel: { proxy, target: url, timeoutMs: timeouts.connectMs } }),
    };
  };

  return {
    call(request, handler) {
      const call = new NodeHttpCall(request, handler, {
        timeouts,
        connection,
        onAnswer: (answer) => {
          const hint = answer.headers["keep-alive"];
          if (typeof hint === "string") agents.noteKeepAlive(answer.socket, hint);
        },
        onDone: (done) => {
          calls.delete(done);
          if (calls.size === 0) closing?.();
        },
      });
      calls.add(call);
      return call;
    },
    async close() {
      agents.close();
      await new Promise<void>((resolve) => {
        closing = resolve;
        if (calls.size === 0) resolve();
      });
    },
  };
}
