import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anonymousTenant, createTenantResolver, sharedTenant } from "./tenant.ts";

const secret = randomBytes(32);
const byCredential = createTenantResolver({ tenancy: "credential", secret });
const byHeader = createTenantResolver({ tenancy: "header:X-Team", secret });
const shared = createTenantResolver({ tenancy: "shared", secret });
const TARGET = "/v1/chat/completions";

function tenantOf(rawHeaders: readonly string[], target = TARGET): string | null {
  return byCredential.resolve(rawHeaders, target);
}

describe("tenancy: credential", () => {
  const alice = tenantOf(["Authorization", "Bearer alice"]);

  test("the same credential is the same tenant, whatever surrounds it", () => {
    expect(alice).toMatch(/^[\w-]{43}$/);
    expect(tenantOf(["authorization", "Bearer alice"])).toBe(alice);
    expect(tenantOf(["User-Agent", "x", "AUTHORIZATION", "Bearer alice", "x-team", "b", "cookie", "c"])).toBe(alice);
    expect(tenantOf(["authorization", "Bearer alice"], "/v1/messages?beta=true&model=x")).toBe(alice);
  });

  test("hop-by-hop names, and names that only sound alike, are not credentials", () => {
    expect(tenantOf(["authorization", "Bearer alice", "proxy-authorization", "Basic eA=="])).toBe(alice);
    expect(tenantOf(["proxy-authorization", "Basic eA=="])).toBe(anonymousTenant);
    expect(tenantOf([], "/v1/x?api_keys=1&monkey=2&x=key")).toBe(anonymousTenant);
  });

  test.each([
    "cf-aig-authorization",
    "Ocp-Apim-Subscription-Key",
    "x-portkey-api-key",
    "X-Auth-Token",
    "private-token",
    "x-client-secret",
  ])("%s is a credential, alone and beside a dummy", (name) => {
    for (const beside of [[], ["authorization", "Bearer dummy"]]) {
      const one = tenantOf([...beside, name, "one"]);
      expect(one).not.toBe(tenantOf([...beside, name, "two"]));
      expect(one).not.toBe(tenantOf(beside));
      expect(one).not.toBe(anonymousTenant);
    }
  });

  test.each([
    "idempotency-key",
    "x-request-id",
    "x-stainless-lang",
    "openai-organization",
    "author",
    "x-tokens-left",
    "user-agent",
  ])("%s is no credential", (name) => {
    expect(tenantOf([name, "one"])).toBe(anonymousTenant);
  });

  test("a cookie counts only where nothing else tells callers apart", () => {
    expect(tenantOf(["cookie", "session=one"])).not.toBe(tenantOf(["cookie", "session=two"]));
    expect(tenantOf(["cookie", "session=one"])).not.toBe(anonymousTenant);
    expect(tenantOf(["authorization", "x", "cookie", "__cf_bm=1"])).toBe(tenantOf(["authorization", "x"]));
  });

  test("without a credential the tenant is anonymous", () => {
    expect(tenantOf([])).toBe("anonymous");
    expect(tenantOf(["content-type", "application/json"], "/v1/x?a=b")).toBe("anonymous");
  });

  test.each<readonly [string, readonly string[], string]>([
    ["another value", ["authorization", "Bearer bob"], TARGET],
    ["another case", ["authorization", "Bearer Alice"], TARGET],
    ["another scheme", ["authorization", "Basic alice"], TARGET],
    ["another header", ["x-api-key", "Bearer alice"], TARGET],
    ["the azure header", ["api-key", "Bearer alice"], TARGET],
    ["the google header", ["x-goog-api-key", "Bearer alice"], TARGET],
    ["a second credential", ["authorization", "Bearer alice", "x-api-key", "k"], TARGET],
    ["a second line", ["authorization", "Bearer alice", "authorization", "Bearer bob"], TARGET],
    ["a second line before", ["authorization", "Bearer bob", "authorization", "Bearer alice"], TARGET],
    ["an equal second line", ["authorization", "Bearer alice", "Authorization", "Bearer alice"], TARGET],
    ["lines that look joined", ["authorization", "Bearer alice, Bearer bob"], TARGET],
    ["an empty line", ["authorization", ""], TARGET],
    ["a parameter", ["authorization", "Bearer alice"], `${TARGET}?key=k`],
    ["another parameter", ["authorization", "Bearer alice"], `${TARGET}?api_key=k`],
    ["only a parameter", [], `${TARGET}?key=Bearer%20alice`],
    ["nothing", [], TARGET],
  ])("%s is another tenant", (_, rawHeaders, target) => {
    expect(tenantOf(rawHeaders, target)).not.toBe(alice);
  });

  test("credential parameters are found where a provider would find them", () => {
    const keyed = tenantOf([], "/v1/x?key=secret");
    expect(keyed).not.toBe(anonymousTenant);
    for (const target of [
      "/v1/x?a=b&key=secret",
      "/v1/x?key=secret&alt=sse",
      "/v1/x?k%65y=secret",
      "https://p.example/v1?key=secret",
      "/v1/x?key=s%65cret",
      "/v1/x?a=%zz&key=secret",
    ]) {
      expect(tenantOf([], target)).toBe(keyed);
    }
    for (const target of [
      "/v1/x?key=",
      "/v1/x?key=other",
      "/v1/x?key=secret&key=x",
      "/v1/x?key=x&key=secret",
      "/v1/x?api_key=secret",
    ]) {
      expect(tenantOf([], target)).not.toBe(keyed);
      expect(tenantOf([], target)).not.toBe(anonymousTenant);
    }
  });

  test("callers keep their ids when more of them come than are remembered", () => {
    const before = Array.from({ length: 1500 }, (_, caller) => tenantOf(["x-api-key", `k${caller}`]));
    expect(new Set(before).size).toBe(1500);
    expect(before.map((_, caller) => tenantOf(["x-api-key", `k${caller}`]))).toEqual(before);
  });

  test("another secret gives other ids", () => {
    const other = createTenantResolver({ tenancy: "credential", secret: randomBytes(32) });
    expect(other.resolve(["authorization", "Bearer alice"], TARGET)).not.toBe(alice);
  });

  test("two requests are the same tenant if and only if their credentials are equal", () => {
    const name = fc.constantFrom("authorization", "x-api-key", "api-key", "x-goog-api-key");
    const value = fc.constantFrom("", "a", "b", "a, b", "authorization", '"', '","', "1:a", "a1:b");
    const line = fc.tuple(name, value);
    const credentials = fc.array(line, { maxLength: 3 });
    fc.assert(
      fc.property(credentials, credentials, (a, b) => {
        // Lines of one name have an order, names among themselves have none.
        const toKey = (lines: readonly (readonly [string, string])[]) =>
          JSON.stringify(lines.toSorted(([x], [y]) => (x < y ? -1 : Number(x > y))));
        expect(tenantOf(a.flat()) === tenantOf(b.flat())).toBe(toKey(a) === toKey(b));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("tenancy: header", () => {
  test("is the header's value, and nothing else", () => {
    const team = byHeader.resolve(["x-team", "a", "authorization", "Bearer alice"], TARGET);
    expect(team).toMatch(/^[\w-]{43}$/);
    expect(byHeader.resolve(["X-TEAM", "a", "authorization", "Bearer bob"], `${TARGET}?key=1`)).toBe(team);
    expect(byHeader.resolve(["x-team", "A"], TARGET)).not.toBe(team);
  });

  test.each<readonly [string, readonly string[]]>([
    ["without the header", []],
    ["with another header", ["x-teams", "a", "authorization", "Bearer alice"]],
    ["with an empty value", ["x-team", ""]],
    ["with a blank value", ["x-team", " "]],
    ["with two lines, one of which the caller may have sent", ["x-team", "a", "x-team", "b"]],
    ["with two equal lines", ["x-team", "a", "x-team", "a"]],
  ])("%s there is no tenant", (_, rawHeaders) => {
    expect(byHeader.resolve(rawHeaders, TARGET)).toBeNull();
  });
});

describe("tenancy: shared", () => {
  test("is one tenant", () => {
    expect(shared.resolve(["authorization", "Bearer alice"], TARGET)).toBe(sharedTenant);
    expect(shared.resolve([], TARGET)).toBe(sharedTenant);
  });
});

test("tenants of different kinds never have the same id", () => {
  const byAuthorization = createTenantResolver({ tenancy: "header:authorization", secret });
  const byOtherHeader = createTenantResolver({ tenancy: "header:x-other", secret });
  const rawHeaders = ["authorization", "a", "x-team", "a", "x-other", "a"];
  const resolvers = [byCredential, byHeader, byAuthorization, byOtherHeader, shared];
  const ids = [...resolvers.map((resolver) => resolver.resolve(rawHeaders, TARGET)), anonymousTenant];
  expect(new Set(ids).size).toBe(ids.length);
  for (const name of ["anonymous", "shared"]) expect(byHeader.resolve(["x-team", name], TARGET)).not.toBe(name);
});
