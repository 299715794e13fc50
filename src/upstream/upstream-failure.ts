import { SemcacheError, isSemcacheError } from "../base/errors.ts";
import type { CallPhase } from "./phase-timer.ts";

/** System, TLS and parser error codes in words. Their own messages are not used: they name addresses and echo bytes. */
const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ENOTFOUND: "the host name does not exist",
  EAI_AGAIN: "the host name could not be resolved for now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out",
  EADDRNOTAVAIL: "no local address or port is free",
  EMFILE: "this process has too many open files",
  EPROTO: "the TLS handshake failed",
  ERR_SSL_WRONG_VERSION_NUMBER: "the TLS handshake failed: the other side does not speak TLS",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host name",
  CERT_HAS_EXPIRED: "the certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate chain has a self-signed certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's issuer is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's issuer is unknown",
  HPE_HEADER_OVERFLOW: "the headers of the answer are too large",
};

/**
 * The failure of a call as its caller sees it: host and cause, never path, query or credentials.
 *
 * @param connected whether the request had a connection, so that it may have been sent.
 */
export function toUpstreamFailure(url: URL, error: unknown, connected: boolean): SemcacheError {
  if (isSemcacheError(error)) return error;
  const cause = describeCause(error);
  return connected
    ? new SemcacheError("upstream-broken", `Cannot read the answer of ${url.host}: ${cause}`, { cause: error })
    : new SemcacheError("upstream-unreachable", `Cannot connect to ${url.host}: ${cause}`, { cause: error });
}

export function toTimeoutFailure(url: URL, phase: CallPhase, timeoutMs: number): SemcacheError {
  switch (phase) {
    case "connect":
      return new SemcacheError(
        "upstream-connect-timeout",
        `Cannot connect to ${url.host}: ${timeoutMs} ms passed (upstream.timeouts.connect)`,
      );
    case "headers":
      return new SemcacheError(
        "upstream-headers-timeout",
        `Cannot get an answer from ${url.host}: ${timeoutMs} ms passed (upstream.timeouts.headers)`,
      );
    case "idle":
      return new SemcacheError(
        "upstream-idle-timeout",
        `Cannot read the answer of ${url.host}: nothing came for ${timeoutMs} ms (upstream.timeouts.idle)`,
      );
    default:
      phase satisfies never;
      throw new SemcacheError("internal", `Cannot name the timeout: unknown phase ${String(phase)}`);
  }
}

function describeCause(error: unknown): string {
  const code = codeOf(error);
  if (code === null) return "the connection failed";
  const known = causes[code];
  if (known !== undefined) return known;
  if (code.startsWith("HPE_")) return `it is not HTTP (${code})`;
  if (code.startsWith("ERR_SSL_")) return `the TLS handshake failed (${code})`;
  return `the connection failed (${code})`;
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : null;
}
