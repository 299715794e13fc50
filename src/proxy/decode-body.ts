import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Buffer;

/** Content codings (RFC 9110, 8.4.1) that we can record. Requests ask the provider for no other ones. */
const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** Providers use one; each further one may be another small body that becomes a large one. */
const MAX_CODINGS = 2;

export type DecodedBody =
  | { readonly kind: "decoded"; readonly body: Buffer }
  | { readonly kind: "undecodable" | "too-large" };

/** Undoes `content-encoding`; past `maxBytes` decoding stops, so that a small answer cannot become a large one in memory. */
export function decodeBody(body: Buffer, contentEncoding: string | null, maxBytes: number): DecodedBody {
  let decoded = body;
  const codings = (contentEncoding ?? "")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (codings.length > MAX_CODINGS) return { kind: "undecodable" };
  // Codings are listed in the order in which they were applied.
  for (const name of codings.reverse()) {
    const decoder = decoders[name];
    if (decoder === undefined) return { kind: "undecodable" };
    try {
      decoded = decoder(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      return { kind: (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "undecodable" };
    }
  }
  return decoded.length > maxBytes ? { kind: "too-large" } : { kind: "decoded", body: decoded };
}
