/**
 * The content codings that a recorded answer can be decoded from (RFC 9110, 8.4.1). Providers are not asked for other
 * ones: an answer in zstd could be relayed, but never stored.
 */
export const decodableCodings = ["gzip", "deflate", "br"] as const;

const KNOWN = new Set<string>([...decodableCodings, "x-gzip", "identity"]);

/**
 * One accept-encoding value without the codings that we cannot decode; `*` becomes the decodable ones that are not
 * named elsewhere in the value, with its weight. A value that has none of these comes back as it is. Null: nothing is
 * left.
 */
export function toDecodableEncodings(value: string): string | null {
  const elements = value
    .split(",")
    .map((text) => ({ text: text.trim(), name: text.split(";", 1)[0]?.trim().toLowerCase() ?? "" }))
    .filter(({ name }) => name !== "");
  // An empty value asks for identity (RFC 9110, 12.5.3).
  if (elements.every(({ name }) => KNOWN.has(name))) return value;

  const named = new Set(elements.map(({ name }) => name));
  const kept = elements.flatMap(({ text, name }) => {
    if (KNOWN.has(name)) return [text];
    if (name !== "*") return [];
    const parameters = text.slice(1);
    // `*;q=0` refuses all that is not named, identity included: as it stands it lets nothing undecodable through.
    if (/^\s*;\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameters)) return [text];
    return decodableCodings.filter((coding) => !named.has(coding)).map((coding) => `${coding}${parameters}`);
  });
  return kept.length > 0 ? kept.join(", ") : null;
}
