import { describe, expect, test } from "vitest";
import { createProxyChoice } from "./egress-proxy.ts";

const HTTPS = new URL("https://api.openai.com/v1");
const HTTP = new URL("http://models.example/v1");

test("no proxy by default, whatever the environment says", () => {
  expect(createProxyChoice(null, { https_proxy: "http://p:3128" })(HTTPS)).toBeNull();
});

test("one proxy for everything", () => {
  const choose = createProxyChoice("http://user:pw@p.example:3128", { no_proxy: "*" });
  expect(choose(HTTPS)?.host).toBe("p.example:3128");
  expect(choose(HTTP)?.username).toBe("user");
});

describe("env", () => {
  test("chooses by scheme, lower case first", () => {
    const choose = createProxyChoice("env", {
      https_proxy: "http://s:1",
      HTTPS_PROXY: "http://other:1",
      HTTP_PROXY: "p:2",
    });
    expect(choose(HTTPS)?.host).toBe("s:1");
    expect(choose(HTTP)?.host).toBe("p:2");
  });

  test("all_proxy stands in, an empty variable is none", () => {
    const choose = createProxyChoice("env", { https_proxy: "", ALL_PROXY: "http://a:1" });
    expect(choose(HTTPS)?.host).toBe("a:1");
    expect(createProxyChoice("env", {})(HTTPS)).toBeNull();
  });

  test.each([
    ["api.openai.com", "https://api.openai.com", true],
    ["openai.com", "https://api.openai.com", true],
    [".openai.com", "https://api.openai.com", true],
    ["*.openai.com", "https://api.openai.com", true],
    ["OpenAI.com", "https://api.openai.com.", true],
    ["penai.com", "https://api.openai.com", false],
    ["api.openai.com:443", "https://api.openai.com", true],
    ["api.openai.com:8443", "https://api.openai.com", false],
    ["*", "https://api.openai.com", true],
    ["other.example, api.openai.com", "https://api.openai.com", true],
    ["10.0.0.5", "http://10.0.0.5:11434", true],
    ["::1", "http://[::1]:8080", true],
    ["[::1]:8080", "http://[::1]:8080", true],
    ["", "https://api.openai.com", false],
  ])("no_proxy %j and %s", (noProxy, url, direct) => {
    const choose = createProxyChoice("env", { all_proxy: "http://p:1", no_proxy: noProxy });
    expect(choose(new URL(url)) === null).toBe(direct);
  });
});

test.each(["socks5://p:1080", "http://", "ftp://p"])("%s is an error that does not repeat credentials", (proxy) => {
  expect(() => createProxyChoice(proxy, {})).toThrow(/upstream\.proxy/);
  expect(() => createProxyChoice(proxy.replace("://", "://user:secret@"), {})).toThrow(/^(?!.*secret)/);
});
