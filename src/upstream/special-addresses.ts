import ipaddr from "ipaddr.js";

/** A block of addresses. Where blocks nest, the most specific one decides. */
interface AddressBlock {
  readonly cidr: string;
  readonly name: string;
  /** "Globally reachable" as the registry has it; N/A (deprecated blocks) counts as false. */
  readonly reachable: boolean;
}

/**
 * IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), with the multicast and unassigned space
 * that they leave out. https://www.iana.org/assignments/iana-ipv4-special-registry/ and .../iana-ipv6-special-registry/
 */
export const addressBlocks: readonly AddressBlock[] = [
  // IPv4
  { cidr: "0.0.0.0/0", name: "public", reachable: true },
  { cidr: "0.0.0.0/8", name: "this network (RFC 791)", reachable: false },
  { cidr: "10.0.0.0/8", name: "private use (RFC 1918)", reachable: false },
  { cidr: "100.64.0.0/10", name: "shared address space, CGNAT (RFC 6598)", reachable: false },
  { cidr: "127.0.0.0/8", name: "loopback (RFC 1122)", reachable: false },
  { cidr: "169.254.0.0/16", name: "link-local, cloud metadata (RFC 3927)", reachable: false },
  { cidr: "172.16.0.0/12", name: "private use (RFC 1918)", reachable: false },
  { cidr: "192.0.0.0/24", name: "IETF protocol assignments (RFC 6890)", reachable: false },
  { cidr: "192.0.0.9/32", name: "port control protocol anycast (RFC 7723)", reachable: true },
  { cidr: "192.0.0.10/32", name: "TURN anycast (RFC 8155)", reachable: true },
  { cidr: "192.0.2.0/24", name: "documentation (RFC 5737)", reachable: false },
  { cidr: "192.31.196.0/24", name: "AS112-v4 (RFC 7535)", reachable: true },
  { cidr: "192.52.193.0/24", name: "AMT (RFC 7450)", reachable: true },
  { cidr: "192.88.99.0/24", name: "deprecated 6to4 relay anycast (RFC 7526)", reachable: false },
  { cidr: "192.168.0.0/16", name: "private use (RFC 1918)", reachable: false },
  { cidr: "192.175.48.0/24", name: "direct delegation AS112 (RFC 7534)", reachable: true },
  { cidr: "198.18.0.0/15", name: "benchmarking (RFC 2544)", reachable: false },
  { cidr: "198.51.100.0/24", name: "documentation (RFC 5737)", reachable: false },
  { cidr: "203.0.113.0/24", name: "documentation (RFC 5737)", reachable: false },
  { cidr: "224.0.0.0/4", name: "multicast (RFC 5771)", reachable: false },
  { cidr: "240.0.0.0/4", name: "reserved (RFC 1112)", reachable: false },
  { cidr: "255.255.255.255/32", name: "limited broadcast (RFC 8190)", reachable: false },
  // IPv6: only 2000::/3 is assigned as global unicast.
  { cidr: "::/0", name: "reserved by the IETF (RFC 4291)", reachable: false },
  { cidr: "::/128", name: "unspecified (RFC 4291)", reachable: false },
  { cidr: "::1/128", name: "loopback (RFC 4291)", reachable: false },
  { cidr: "::ffff:0:0/96", name: "IPv4-mapped (RFC 4291)", reachable: false },
  // The registry calls it reachable; the IPv4 address inside decides, see describeAddress.
  { cidr: "64:ff9b::/96", name: "NAT64 (RFC 6052)", reachable: true },
  { cidr: "64:ff9b:1::/48", name: "local-use NAT64 (RFC 8215)", reachable: false },
  { cidr: "100::/64", name: "discard only (RFC 6666)", reachable: false },
  { cidr: "100:0:0:1::/64", name: "dummy prefix (RFC 9780)", reachable: false },
  { cidr: "2000::/3", name: "public", reachable: true },
  { cidr: "2001::/23", name: "IETF protocol assignments (RFC 2928)", reachable: false },
  { cidr: "2001::/32", name: "Teredo (RFC 4380)", reachable: false },
  { cidr: "2001:1::1/128", name: "port control protocol anycast (RFC 7723)", reachable: true },
  { cidr: "2001:1::2/128", name: "TURN anycast (RFC 8155)", reachable: true },
  { cidr: "2001:1::3/128", name: "DNS-SD SRP anycast (RFC 9665)", reachable: true },
  { cidr: "2001:2::/48", name: "benchmarking (RFC 5180)", reachable: false },
  { cidr: "2001:3::/32", name: "AMT (RFC 7450)", reachable: true },
  { cidr: "2001:4:112::/48", name: "AS112-v6 (RFC 7535)", reachable: true },
  { cidr: "2001:10::/28", name: "deprecated ORCHID (RFC 4843)", reachable: false },
  { cidr: "2001:20::/28", name: "ORCHIDv2 (RFC 7343)", reachable: true },
  { cidr: "2001:30::/28", name: "drone remote id (RFC 9374)", reachable: true },
  { cidr: "2001:db8::/32", name: "documentation (RFC 3849)", reachable: false },
  { cidr: "2002::/16", name: "6to4 (RFC 3056)", reachable: false },
  { cidr: "2620:4f:8000::/48", name: "direct delegation AS112 (RFC 7534)", reachable: true },
  { cidr: "3fff::/20", name: "documentation (RFC 9637)", reachable: false },
  { cidr: "5f00::/16", name: "segment routing SIDs (RFC 9602)", reachable: false },
  { cidr: "fc00::/7", name: "unique local (RFC 4193)", reachable: false },
  { cidr: "fe80::/10", name: "link-local (RFC 4291)", reachable: false },
  { cidr: "fec0::/10", name: "deprecated site-local (RFC 3879)", reachable: false },
  { cidr: "ff00::/8", name: "multicast (RFC 4291)", reachable: false },
];

const parsedBlocks = addressBlocks
  .map((block) => ({ ...block, range: ipaddr.parseCIDR(block.cidr) }))
  .sort((a, b) => b.range[1] - a.range[1]);

const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

export interface AddressKind {
  readonly name: string;
  readonly reachable: boolean;
}

/**
 * What an IP address is for. `address` is a literal without brackets, an IPv6 zone is allowed; anything that is not an
 * address is not reachable.
 */
export function describeAddress(address: string): AddressKind {
  if (!ipaddr.isValid(address)) return { name: "not an IP address", reachable: false };
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv6 && parsed.zoneId) return { name: "scoped (RFC 4007)", reachable: false };
  // On networks with DNS64 every IPv4-only provider has such an address, so the one inside is what counts.
  if (parsed instanceof ipaddr.IPv6 && parsed.match(NAT64)) {
    const inner = describeAddress(new ipaddr.IPv4(parsed.toByteArray().slice(12)).toString());
    return inner.reachable ? inner : { name: `NAT64 of ${inner.name}`, reachable: false };
  }
  for (const { range, name, reachable } of parsedBlocks) {
    if (parsed.kind() === range[0].kind() && parsed.match(range)) return { name, reachable };
  }
  return { name: "unknown", reachable: false };
}
