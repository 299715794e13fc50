import { freshId, type Call, type ProviderAnswer } from "./answer.ts";
import type { ChatStyle } from "./chat-completion.ts";

type Headers = ProviderAnswer["headers"];

export function openAiHeaders(call: Call, style: ChatStyle = "openai"): Headers {
  if (style !== "openai") {
    return [
      ["x-request-id", freshId(call, "", 24)],
      ["x-ratelimit-remaining-requests", String(5000 - call.number)],
      ["set-cookie", `session=${freshId(call, "", 16)}; Path=/; Secure; HttpOnly`],
    ];
  }
  return [
    ["access-control-expose-headers", "X-Request-ID"],
    ["openai-organization", "user-imitation"],
    ["openai-processing-ms", String(200 + call.number)],
    ["openai-project", "proj_imitation"],
    ["openai-version", "2020-10-01"],
    ["x-ratelimit-limit-requests", "10000"],
    ["x-ratelimit-limit-tokens", "200000"],
    ["x-ratelimit-remaining-requests", String(10_000 - call.number)],
    ["x-ratelimit-remaining-tokens", String(200_000 - 7 * call.number)],
    ["x-ratelimit-reset-requests", "8.64s"],
    ["x-ratelimit-reset-tokens", "2ms"],
    ["X-Request-ID", freshId(call, "req_", 32)],
    ["strict-transport-security", "max-age=31536000; includeSubDomains; preload"],
    ["cf-cache-status", "DYNAMIC"],
    ["set-cookie", `__cf_bm=${freshId(call, "", 20)}; path=/; HttpOnly; Secure; SameSite=None`],
    ["set-cookie", `_cfuvid=${freshId(call, "", 20, 1)}; path=/; HttpOnly; Secure; SameSite=None`],
    ["x-content-type-options", "nosniff"],
    ["server", "cloudflare"],
    ["cf-ray", `${freshId(call, "", 16)}-FRA`],
    ["alt-svc", 'h3=":443"; ma=86400'],
  ];
}

export function anthropicHeaders(call: Call): Headers {
  return [
    ["anthropic-ratelimit-requests-limit", "4000"],
    ["anthropic-ratelimit-requests-remaining", String(4000 - call.number)],
    ["anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"],
    ["anthropic-ratelimit-tokens-limit", "400000"],
    ["anthropic-ratelimit-tokens-remaining", String(400_000 - call.number)],
    ["request-id", freshId(call, "req_011", 21)],
    ["anthropic-organization-id", "00000000-0000-4000-8000-000000000000"],
    ["strict-transport-security", "max-age=31536000; includeSubDomains; preload"],
    ["server", "cloudflare"],
    ["via", "1.1 google"],
    ["cf-cache-status", "DYNAMIC"],
    ["x-robots-tag", "none"],
    ["cf-ray", `${freshId(call, "", 16)}-FRA`],
  ];
}
