import { describe, expect, test } from "vitest";
import type { SemcacheError } from "../base/errors.ts";
import { createUpstreamPolicy } from "./upstream-policy.ts";
import type { UpstreamPolicyOptions } from "./upstream-policy.ts";

const PROVIDERS = ["https://api.openai.com", "https://api.anthropic.com"];

function createPolicy(options: Partial<UpstreamPolicyOptions> = {}) {
  return createUpstreamPolicy({
    allow: [],
    allowPublic: true,
    providers: PROVIDERS,
    viaEgressProxy: false,
    ...options,
  });
}

function refusalOf(action: () => void): SemcacheError | null {
  try {
    action();
    return null;
  } catch (error) {
    return error as SemcacheError;
  }
}

describe("without an allow list", () => {
  const policy = createPolicy();

  test.each([
    "https://api.openai.com/v1/chat/completions",
    "https://api.deepseek.com",
    "https://api.deepseek.com.",
    "https://example.com:8443/x?y=z",
    "https://8.8.8.8/",
    "https://0x8.0x8.0x8.0x8/",
    "https://134744072/",
    "https://[2001:4860:4860::8888]/",
    "https://[64:ff9b::8.8.8.8]/",
    // Names that only look like the private ones.
    "https://localhost.example.com",
    "https://mylocalhost",
    "https://notlocal",
    "https://internal.example.com",
    "https://my-internal",
    "https://127.0.0.1.example.com",
    "https://xn--bcher-kva.example",
  ])("allows %s", (url) => {
    expect(refusalOf(() => policy.assertUrl(new URL(url)))).toBeNull();
  });

  test.each([
    // Loopback in every spelling that the URL parser takes for it.
    "https://127.0.0.1",
    "https://127.0.0.1:8443/x",
    "https://127.1",
    "https://127.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0x0.0x0.0x1",
    "https://0X7F.1",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.0.0.1.",
    "https://127.1.",
    "https://①②⑦.⓪.⓪.①",
    "https://127。0。0。1",
    "https://%31%32%37.0.0.1",
    "https://127%2e0%2e0%2e1",
    "https:/127.0.0.1",
    "https:127.0.0.1",
    "https:\\\\127.0.0.1",
    "https://1\t27.0.0.1",
    "https://0",
    "https://0.0.0.0",
    "https://[::1]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[0000:0000:0000:0000:0000:0000:0000:0001]:443",
    "https://[::]",
    "https://[::127.0.0.1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[::FFFF:169.254.169.254]",
    "https://[::ffff:8.8.8.8]",
    "https://[::ffff:0:127.0.0.1]",
    // The other networks that are not ours to call.
    "https://10.0.0.1",
    "https://0xa.1",
    "https://012.0.0.1",
    "https://172.16.0.1",
    "https://172.31.255.255",
    "https://192.168.1.1",
    "https://192.168.257",
    "https://3232235777",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166",
    "https://0xa9fea9fe",
    "https://0251.0376.0251.0376",
    "https://100.64.0.1",
    "https://100.100.100.200",
    "https://198.18.0.1",
    "https://192.0.0.192",
    "https://224.0.0.1",
    "https://240.0.0.1",
    "https://255.255.255.255",
    "https://[64:ff9b::7f00:1]",
    "https://[64:ff9b::169.254.169.254]",
    "https://[64:ff9b:1::8.8.8.8]",
    "https://[2002:7f00:1::]",
    "https://[2002:a9fe:a9fe::1]",
    "https://[2001:0:7f00:1::]",
    "https://[fc00::1]",
    "https://[fd00:ec2::254]",
    "https://[fe80::1]",
    "https://[fec0::1]",
    "https://[ff02::1]",
    "https://[2001:db8::1]",
    // Names that never are public.
    "https://localhost",
    "https://LOCALHOST",
    "https://localhost.",
    "https://localhost..",
    "https://%6cocalhost",
    "https://ｌocalhost",
    "https://loc\u00adalhost",
    "https://app.localhost",
    "https://app.localhost.",
    "https://printer.local",
    "https://local",
    "https://metadata.google.internal",
    "https://metadata.google.internal.",
    "https://host.docker.internal:11434",
    "https://internal",
    // Plain http.
    "http://example.com",
    "http://example.com:8080",
    "http://8.8.8.8",
    "http://10.0.0.1",
    "http://localhost",
    // Another scheme or port of a provider is another origin.
    "http://api.openai.com",
  ])("refuses %s", (url) => {
    const error = refusalOf(() => policy.assertUrl(new URL(url)));
    expect(error).toMatchObject({ code: "upstream-forbidden", status: 403 });
    expect(error?.message).toContain("upstream.allow");
    expect(error?.message).toContain(new URL(url).host);
  });

  test.each(["https://user@example.com", "https://user:secret@example.com", "https://:secret@api.openai.com/v1"])(
    "refuses credentials in %s and does not repeat them",
    (url) => {
      const error = refusalOf(() => policy.assertUrl(new URL(url)));
      expect(error).toMatchObject({ code: "upstream-forbidden" });
      expect(error?.message).not.toContain("user");
      expect(error?.message).not.toContain("secret");
    },
  );

  test.each(["ftp://example.com", "file:///etc/passwd", "ws://example.com", "data:text/plain,x"])(
    "cannot call %s",
    (url) => {
      expect(refusalOf(() => policy.assertUrl(new URL(url)))).toMatchObject({ code: "upstream-invalid" });
    },
  );

  test("messages have neither path nor query", () => {
    const error = refusalOf(() => policy.assertUrl(new URL("https://10.0.0.1/secret-path?key=secret")));
    expect(error?.message).not.toContain("secret");
  });

  test("judges DNS answers", () => {
    const url = new URL("https://example.com");
    expect(policy.isAddressAllowed(url, "93.184.216.34")).toBe(true);
    expect(policy.isAddressAllowed(url, "2606:2800:220:1::1")).toBe(true);
    expect(policy.isAddressAllowed(url, "64:ff9b::808:808")).toBe(true);
    expect(policy.isAddressAllowed(url, "127.0.0.1")).toBe(false);
    expect(policy.isAddressAllowed(url, "::ffff:10.0.0.1")).toBe(false);
    expect(policy.isAddressAllowed(url, "fe80::1%2")).toBe(false);
    expect(policy.isAddressAllowed(url, "")).toBe(false);
    expect(policy.isAddressAllowed(new URL("http://example.com"), "93.184.216.34")).toBe(false);
  });
});

describe("with an allow list", () => {
  const policy = createPolicy({
    allow: [
      "http://10.0.0.5:11434",
      "https://*.corp.example",
      "http://localhost:8000/",
      "http://[fd00::1]:8080",
      " HTTP://Models.Example ",
      "https://*.lab.internal:8443",
    ],
  });

  test.each([
    "http://10.0.0.5:11434/v1/chat/completions",
    "http://0x0a000005:11434",
    "https://a.corp.example",
    "https://a.b.corp.example/v1",
    "https://A.CORP.EXAMPLE.",
    "https://a.corp.example:443",
    "http://localhost:8000/x",
    "http://localhost.:8000/x",
    "http://[fd00:0::1]:8080",
    "http://models.example:80",
    "https://gpu.lab.internal:8443",
  ])("allows %s, and whatever its name resolves to", (text) => {
    const url = new URL(text);
    expect(refusalOf(() => policy.assertUrl(url))).toBeNull();
    expect(policy.isAddressAllowed(url, "10.0.0.5")).toBe(true);
    expect(policy.isAddressAllowed(url, "127.0.0.1")).toBe(true);
  });

  test.each([
    "https://10.0.0.5:11434",
    "http://10.0.0.5",
    "http://10.0.0.5:11435",
    "http://10.0.0.6:11434",
    "http://a.corp.example",
    "http://localhost",
    "http://localhost:8001",
    "http://app.localhost:8000",
    "http://[fd00::2]:8080",
    "http://models.example:8080",
    "http://x.models.example",
    "https://gpu.lab.internal",
    "https://lab.internal:8443",
    "https://xlab.internal:8443",
    "https://user:password@a.corp.example",
  ])("refuses %s", (url) => {
    expect(refusalOf(() => policy.assertUrl(new URL(url)))).toMatchObject({ code: "upstream-forbidden" });
  });

  test("an origin that is not listed gets public addresses only", () => {
    expect(policy.isAddressAllowed(new URL("https://corp.example"), "10.0.0.5")).toBe(false);
    expect(policy.isAddressAllowed(new URL("https://corp.example.evil"), "10.0.0.5")).toBe(false);
    expect(policy.isAddressAllowed(new URL("https://a.corp.example:8443"), "10.0.0.5")).toBe(false);
    expect(policy.isAddressAllowed(new URL("http://10.0.0.5:80"), "10.0.0.5")).toBe(false);
  });

  test.each([
    "10.0.0.5:11434",
    "api.example.com",
    "",
    "*",
    "https://",
    "https://*",
    "https://*.",
    "https://*.10.0.0.1",
    "https://*.[::1]",
    "https://a.*.example",
    "https://*a.example",
    "ftp://example.com",
    "https://example.com/v1",
    "https://example.com?x",
    "https://example.com#x",
    "https://example.com:99999",
    "//example.com",
  ])("the entry %j is an error that names it", (entry) => {
    const error = refusalOf(() => createPolicy({ allow: [entry] }));
    expect(error).toMatchObject({ code: "config-invalid" });
    expect(error?.message).toContain(`"${entry}"`);
  });

  test.each([
    "https://user:secret@example.com",
    "https://user:secret@example.com/v1",
    "https://user:se/secret@example.com",
    "ftp://user:secret@example.com",
    "https://*.user:secret@example.com:99999",
    "https://example.com?key=secret",
  ])("an entry with credentials is an error that does not repeat them: %s", (entry) => {
    const error = refusalOf(() => createPolicy({ allow: [entry] }));
    expect(error).toMatchObject({ code: "config-invalid" });
    expect(error?.message).not.toContain("secret");
  });
});

describe("providers", () => {
  test("are allowed wherever they are, with all of their origin", () => {
    const policy = createPolicy({ providers: ["http://127.0.0.1:9999/openai/v1/"], allowPublic: false });
    expect(refusalOf(() => policy.assertUrl(new URL("http://127.0.0.1:9999/openai/v1/models")))).toBeNull();
    expect(policy.isAddressAllowed(new URL("http://127.0.0.1:9999"), "127.0.0.1")).toBe(true);
    expect(refusalOf(() => policy.assertUrl(new URL("http://127.0.0.1:9998/")))).not.toBeNull();
  });

  test.each(["api.openai.com", "ftp://api.openai.com", "https://user:secret@api.openai.com", "ftp://user:secret@host"])(
    "the base URL %s is an error",
    (baseUrl) => {
      const error = refusalOf(() => createPolicy({ providers: [baseUrl] }));
      expect(error).toMatchObject({ code: "config-invalid" });
      expect(error?.message).not.toContain("secret");
    },
  );
});

test("allow_public: false leaves providers and the list", () => {
  const policy = createPolicy({ allowPublic: false, allow: ["https://api.deepseek.com"] });
  expect(refusalOf(() => policy.assertUrl(new URL("https://api.openai.com/v1")))).toBeNull();
  expect(refusalOf(() => policy.assertUrl(new URL("https://api.deepseek.com")))).toBeNull();
  expect(refusalOf(() => policy.assertUrl(new URL("https://example.com")))?.message).toContain("upstream.allow_public");
  expect(policy.isAddressAllowed(new URL("https://example.com"), "8.8.8.8")).toBe(false);
});

describe("through an egress proxy", () => {
  const policy = createPolicy({ viaEgressProxy: true, allow: ["https://vllm:8000"] });

  test.each(["https://example.com", "https://8.8.8.8", "https://vllm:8000"])("allows %s", (url) => {
    expect(refusalOf(() => policy.assertUrl(new URL(url)))).toBeNull();
  });

  test.each(["https://vault", "https://vault.", "https://10.0.0.1", "https://metadata.google.internal"])(
    "refuses %s, which only the proxy could resolve",
    (url) => {
      expect(refusalOf(() => policy.assertUrl(new URL(url)))).toMatchObject({ code: "upstream-forbidden" });
    },
  );
});
