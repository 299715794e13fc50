import { expect, test } from "vitest";
import { redactSettings } from "./redact.ts";
import { configSchema } from "./schema.ts";

const settingsWith = (url: string) =>
  configSchema.parse({
    upstream: { providers: { openai: { base_url: url } }, proxy: url },
    matching: { judge: { url, model: "m" } },
  });

test("an origin that is allowed has no credentials; one that was written with them is shown without", () => {
  const { upstream } = redactSettings(configSchema.parse({ upstream: { allow: ["http://user:word@host.example"] } }));
  expect(upstream.allow).toEqual(["http://host.example/"]);
});

function shown(url: string): readonly (string | null | undefined)[] {
  const { upstream, matching } = redactSettings(settingsWith(url));
  return [upstream.providers.openai.base_url, upstream.proxy, matching.judge?.url];
}

test.each([
  ["http://user:word@host.example/v1", "http://host.example/v1"],
  ["http://host.example/v1?key=s3cret", "http://host.example/v1?key=hidden"],
  ["http://host.example/v1?version=2&api_key=s3cret&x=1", "http://host.example/v1?version=2&api_key=hidden&x=1"],
  ["http://host.example/?API-Key=s3cret&token=s3cret", "http://host.example/?API-Key=hidden&token=hidden"],
  ["http://host.example/?key=s3cret&key=other", "http://host.example/?key=hidden"],
  ["http://host.example/?%6Bey=s3cret", "http://host.example/?key=hidden"],
])("%s is shown as %s, wherever it stands", (url, expected) => {
  expect(new Set(shown(url))).toEqual(new Set([expected]));
});

test.each(["http://host.example", "http://host.example/v1?api-version=2024-10-21&monkey=1"])(
  "%s is shown as it was written",
  (url) => expect(new Set(shown(url))).toEqual(new Set([url])),
);
