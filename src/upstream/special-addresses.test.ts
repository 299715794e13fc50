import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { addressBlocks, describeAddress } from "./special-addresses.ts";

test.each([
  // Both edges of each block, and the first public address on each side of it.
  ["0.0.0.0", false],
  ["0.255.255.255", false],
  ["1.0.0.0", true],
  ["9.255.255.255", true],
  ["10.0.0.0", false],
  ["10.255.255.255", false],
  ["11.0.0.0", true],
  ["100.63.255.255", true],
  ["100.64.0.0", false],
  ["100.127.255.255", false],
  ["100.128.0.0", true],
  ["126.255.255.255", true],
  ["127.0.0.1", false],
  ["127.255.255.255", false],
  ["128.0.0.0", true],
  ["169.253.255.255", true],
  ["169.254.169.254", false],
  ["169.255.0.0", true],
  ["172.15.255.255", true],
  ["172.16.0.0", false],
  ["172.31.255.255", false],
  ["172.32.0.0", true],
  ["192.0.0.8", false],
  ["192.0.0.9", true],
  ["192.0.0.10", true],
  ["192.0.0.170", false],
  ["192.0.1.0", true],
  ["192.0.2.1", false],
  ["192.31.196.1", true],
  ["192.52.193.1", true],
  ["192.88.99.2", false],
  ["192.167.255.255", true],
  ["192.168.0.0", false],
  ["192.168.255.255", false],
  ["192.169.0.0", true],
  ["192.175.48.1", true],
  ["198.17.255.255", true],
  ["198.18.0.0", false],
  ["198.19.255.255", false],
  ["198.20.0.0", true],
  ["198.51.100.7", false],
  ["203.0.113.7", false],
  ["203.0.114.0", true],
  ["223.255.255.255", true],
  ["224.0.0.1", false],
  ["239.255.255.255", false],
  ["240.0.0.0", false],
  ["255.255.255.255", false],
  ["8.8.8.8", true],
  ["::", false],
  ["::1", false],
  ["::2", false],
  ["::7f00:1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:8.8.8.8", false],
  ["::ffff:0:127.0.0.1", false],
  ["64:ff9b::7f00:1", false],
  ["64:ff9b::10.1.2.3", false],
  ["64:ff9b::169.254.169.254", false],
  ["64:ff9b::8.8.8.8", true],
  ["64:ff9b:0:0:0:1:808:808", false],
  ["64:ff9b:1::808:808", false],
  ["100::1", false],
  ["100:0:0:1::1", false],
  ["1fff:ffff::1", false],
  ["2000::1", true],
  ["2001::1", false],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", false],
  ["2001:1::1", true],
  ["2001:1::3", true],
  ["2001:1::4", false],
  ["2001:2::1", false],
  ["2001:3::1", true],
  ["2001:4:112::1", true],
  ["2001:10::1", false],
  ["2001:20::1", true],
  ["2001:30::1", true],
  ["2001:1ff:ffff::1", false],
  ["2001:200::1", true],
  ["2001:db8::1", false],
  ["2001:4860:4860::8888", true],
  ["2002:7f00:1::", false],
  ["2002:808:808::1", false],
  ["2003::1", true],
  ["2620:4f:8000::1", true],
  ["3ffe::1", true],
  ["3fff::1", false],
  ["3fff:1000::1", true],
  ["4000::1", false],
  ["5f00::1", false],
  ["fc00::1", false],
  ["fd12:3456::1", false],
  ["fe80::1", false],
  ["fe80::1%eth0", false],
  ["2001:4860:4860::8888%eth0", false],
  ["fec0::1", false],
  ["ff02::1", false],
  ["", false],
  ["api.example.com", false],
  ["[::1]", false],
])("%s is reachable: %s", (address, reachable) => {
  expect(describeAddress(address).reachable).toBe(reachable);
});

test("names the most specific block", () => {
  expect(describeAddress("169.254.169.254").name).toContain("link-local");
  expect(describeAddress("2001:0::1").name).toContain("Teredo");
  expect(describeAddress("64:ff9b::a00:1").name).toBe("NAT64 of private use (RFC 1918)");
});

test("a block decides over every address in it that no narrower block names", () => {
  const blocks = addressBlocks.filter(({ cidr }) => !cidr.startsWith("64:ff9b::/"));
  fc.assert(
    fc.property(
      fc.constantFrom(...blocks),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ({ cidr, reachable }, noise) => {
        const [network, bits] = ipaddr.parseCIDR(cidr);
        const bytes = network.toByteArray().map((byte, index) => {
          const hostBits = Math.min(8, Math.max(0, (index + 1) * 8 - bits));
          return byte | ((noise[index] ?? 0) & (2 ** hostBits - 1));
        });
        const address = ipaddr.fromByteArray(bytes);
        const narrower = blocks.some((other) => {
          const [range, length] = ipaddr.parseCIDR(other.cidr);
          return length > bits && range.kind() === address.kind() && address.match([range, length] as never);
        });
        fc.pre(!narrower);
        expect(describeAddress(address.toString()).reachable).toBe(reachable);
      },
    ),
  );
});

test("an address inside NAT64 is judged as the IPv4 address that it stands for", () => {
  fc.assert(
    fc.property(fc.ipV4(), (inner) => {
      expect(describeAddress(`64:ff9b::${inner}`).reachable).toBe(describeAddress(inner).reachable);
    }),
  );
});
