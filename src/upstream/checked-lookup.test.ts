import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { expect, test } from "vitest";
import { createCheckedLookup } from "./checked-lookup.ts";
import { createUpstreamPolicy } from "./upstream-policy.ts";

const URL_UNDER_TEST = new URL("https://api.example.com/v1?key=secret");

function createLookup(answers: readonly (readonly string[] | string | Error)[], allow: readonly string[] = []) {
  const policy = createUpstreamPolicy({ allow, allowPublic: true, providers: [], viaEgressProxy: false });
  let call = 0;
  const resolver: LookupFunction = (_, __, callback) => {
    const answer = answers[call++] ?? [];
    if (answer instanceof Error) callback(answer, []);
    else if (typeof answer === "string") callback(null, answer, 4);
    else
      callback(
        null,
        answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  };
  const lookup = createCheckedLookup(URL_UNDER_TEST, policy, resolver);
  return (all: boolean) =>
    new Promise<{ error: Error | null; address: string | LookupAddress[]; family: number | undefined }>((resolve) => {
      lookup("api.example.com", { all }, (error, address, family) => resolve({ error, address, family }));
    });
}

test("gives public addresses in their order", async () => {
  const lookup = createLookup([["2606:4700::1", "104.18.0.1"], ["104.18.0.1"]]);
  expect(await lookup(true)).toMatchObject({
    error: null,
    address: [
      { address: "2606:4700::1", family: 6 },
      { address: "104.18.0.1", family: 4 },
    ],
  });
  expect(await lookup(false)).toEqual({ error: null, address: "104.18.0.1", family: 4 });
});

test("of a name with public and private addresses only the public ones are left", async () => {
  const mixed = ["127.0.0.1", "::ffff:10.0.0.1", "104.18.0.1", "fd00::1", "64:ff9b::7f00:1", "64:ff9b::6812:1"];
  const lookup = createLookup([mixed, mixed]);
  const { address } = await lookup(true);
  expect(address).toEqual([
    { address: "104.18.0.1", family: 4 },
    { address: "64:ff9b::6812:1", family: 6 },
  ]);
  expect(await lookup(false)).toMatchObject({ address: "104.18.0.1" });
});

test.each([[["127.0.0.1"]], [["169.254.169.254", "fe80::1%2"]], ["10.0.0.1"], [[]]])(
  "refuses when none is left of %j, without telling the caller what it was",
  async (answer) => {
    for (const all of [true, false]) {
      const { error } = await createLookup([answer])(all);
      expect(error).toMatchObject({ code: "upstream-forbidden" });
      expect(error?.message).toContain("https://api.example.com");
      expect(error?.message).toContain("upstream.allow");
      expect(error?.message).not.toMatch(/secret|127|169|fe80|10\.0/);
    }
  },
);

test("every answer is checked, not only the first", async () => {
  const lookup = createLookup([["104.18.0.1"], ["127.0.0.1"], ["104.18.0.1"]]);
  expect((await lookup(true)).error).toBeNull();
  expect((await lookup(true)).error).toMatchObject({ code: "upstream-forbidden" });
  expect((await lookup(true)).error).toBeNull();
});

test("a listed origin may have any address", async () => {
  const lookup = createLookup([["127.0.0.1"]], ["https://api.example.com"]);
  expect(await lookup(true)).toMatchObject({ error: null, address: [{ address: "127.0.0.1" }] });
});

test("the resolver's own error is handed on", async () => {
  const failure = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" });
  expect((await createLookup([failure])(true)).error).toBe(failure);
});
