import { z } from "zod";
import { parseDurationMs, parseSizeBytes } from "../base/units.ts";
import { createPriceList } from "../pricing/price-list.ts";

/*
 * The configuration as a file writes it. Durations and sizes stay text here (so that they can be printed as they were
 * written); `config.ts` turns them into milliseconds and bytes. Each `error` says what is allowed; the loader puts the
 * key and the value before it.
 */

const duration = z
  .union([z.string(), z.number()], { error: "a duration such as 500ms, 75s, 5m, 12h or 7d" })
  .refine((value) => parseDurationMs(String(value)) !== null, {
    error: "a duration such as 500ms, 75s, 5m, 12h or 7d",
  });
const size = z
  .union([z.string(), z.number()], { error: "a size such as 512KiB, 64MiB or 1GiB" })
  .refine((value) => parseSizeBytes(String(value)) !== null, {
    error: "a size such as 512KiB, 64MiB or 1GiB",
  });
const integer = (min: number, max: number) =>
  z
    .int({ error: `a whole number from ${min} to ${max}` })
    .min(min, { error: `a whole number from ${min} to ${max}` })
    .max(max, { error: `a whole number from ${min} to ${max}` });
const number = (min: number, max: number) =>
  z
    .number({ error: `a number from ${min} to ${max}` })
    .min(min, { error: `a number from ${min} to ${max}` })
    .max(max, { error: `a number from ${min} to ${max}` });
const text = z.string({ error: "text" }).min(1, { error: "text that is not empty" });
const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });
const truth = z.boolean({ error: "true or false" });
const onOff = z
  .union([z.boolean(), z.enum(["on", "off"])], { error: "on or off" })
  .transform((value) => (typeof value === "boolean" ? (value ? "on" : "off") : value));
const httpUrl = text.refine(
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && (url.protocol === "http:" || url.protocol === "https:");
  },
  { error: "a URL that begins with http:// or https://" },
);
const headerName = text.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "a header name" });
const perMillion = number(0, 1_000_000);
const tokenPrices = {
  input: perMillion,
  output: perMillion,
  cached_input: perMillion.optional(),
  cache_write: perMillion.optional(),
  cache_write_hour: perMillion.optional(),
};
/** The members of a model's price, and of its price for long inputs, for those who misspell one. */
export const priceKeys = [...Object.keys(tokenPrices), "long", "like"];
export const longPriceKeys = ["above_input_tokens", ...Object.keys(tokenPrices)];
const modelPrice = z.union(
  [
    z.strictObject({ like: text }),
    z.strictObject({
      ...tokenPrices,
      long: z.strictObject({ above_input_tokens: integer(1, 1_000_000_000), ...tokenPrices }).optional(),
    }),
  ],
  {
    error:
      "{ input, output, cached_input?, cache_write?, cache_write_hour?, long? } in US dollars per million tokens, or { like: <model with a price> }",
  },
);
const textList = z.array(text, { error: "a list of text" });

const limits = "{ policy_type: memory_limit_mb | entry_limit, value }, or a list of these";
const limitRule = z.strictObject({
  policy_type: choice(["memory_limit_mb", "entry_limit"]),
  value: integer(1, 1_000_000_000),
});

const prices = z
  .record(z.string(), modelPrice, { error: "a map of model names to prices" })
  .superRefine((models, context) => {
    const listed = createPriceList();
    for (const [name, price] of Object.entries(models)) {
      if (name === "" || name.indexOf("*") !== name.lastIndexOf("*")) {
        context.addIssue({ code: "custom", path: [name], message: "a model's name, with one * at most" });
      }
      if ("like" in price && listed.find(price.like) === null) {
        context.addIssue({
          code: "custom",
          path: [name, "like"],
          message: "the name of a model that semcache prices lists",
        });
      }
    }
  })
  .default({})
  .describe("US dollars per million tokens of more models, or other prices of listed ones");

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: text
        .default("localhost")
        .describe("Name or address to listen on; localhost is 127.0.0.1 and, where it exists, ::1"),
      port: integer(0, 65_535).default(8080).describe("Port to listen on; 0: any free one"),
      max_body: size.default("64MiB").describe("Larger request bodies are answered with 413"),
      admin_token: text
        .refine((value) => value.trim() !== "", { error: "text that is not empty" })
        .nullable()
        .default(null)
        .describe("Bearer token of the admin API and of put and get; without one they answer local callers only"),
      keep_alive: duration.default("75s").describe("How long an idle connection of a client is kept open"),
      shutdown_grace: duration.default("25s").describe("How long requests under way may go on after the stop signal"),
    })
    .prefault({}),
  upstream: z
    .strictObject({
      providers: z
        .record(z.string(), z.strictObject({ base_url: httpUrl }), { error: "a map of provider names to { base_url }" })
        .default({})
        .transform((providers) => ({
          openai: { base_url: "https://api.openai.com" },
          anthropic: { base_url: "https://api.anthropic.com" },
          ...providers,
        }))
        .describe("Where requests go that name no provider; these addresses need no entry in upstream.allow"),
      allow: textList
        .default([])
        .describe(
          "Origins that x-llm-proxy-host and x-llm-proxy-upstream may name beside public https ones; the host may begin with *.",
        ),
      allow_public: truth
        .default(true)
        .describe("Whether callers may name any public https host; false: only the providers and upstream.allow"),
      proxy: z
        .union([z.literal("env"), httpUrl], { error: "env or a URL" })
        .nullable()
        .default(null)
        .describe("Egress proxy: its URL, or env for HTTPS_PROXY and its like; null: none"),
      timeouts: z
        .strictObject({
          connect: duration.default("10s").describe("Most time for the connection to a provider"),
          headers: duration.default("600s").describe("Most time from the request to the head of the answer"),
          idle: duration.default("600s").describe("Most time between two pieces of an answer"),
        })
        .prefault({}),
    })
    .prefault({}),
  cache: z
    .strictObject({
      mode: choice(["semantic", "exact", "shadow", "off"])
        .default("semantic")
        .describe(
          "semantic: by meaning; exact: equal requests only; shadow: look up and judge, never serve; off: relay only",
        ),
      ttl: duration.default("7d").describe("How long an entry answers"),
      volatile_ttl: duration
        .default("5m")
        .describe("How long an answer about now (today, latest...) answers equal requests"),
      max_ttl: duration.default("30d").describe("The most that x-semcache-ttl can ask for"),
      stale_if_error: duration
        .default("0s")
        .describe("How long past its time an answer may stand in for a provider that fails; 0s: not at all"),
      stale_while_revalidate: duration
        .default("0s")
        .describe("How long past its time an answer is served at once, while the provider is asked in the background"),
      stale_match: choice(["exact", "semantic"])
        .default("exact")
        .describe("Whether stale answers are for equal requests only"),
      max_stale: duration.default("1h").describe("Nothing staler than this is served, whoever asks"),
      tenancy: text
        .regex(/^(?:credential|shared|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/, {
          error: "credential, shared or header:<name>",
        })
        .default("credential")
        .describe("What tells tenants apart: the credential of the request, nothing, or a header that a gateway sets"),
      tenant_secret: text
        .min(16, { error: "at least 16 characters" })
        .nullable()
        .default(null)
        .describe("Keeps tenants apart in keys; null: made once and kept in the data folder"),
      max_request: size.default("2MiB").describe("Larger requests are relayed uncached"),
      max_entry: size.default("1MiB").describe("Larger answers are not kept"),
      max_temperature: number(0, 10)
        .nullable()
        .default(null)
        .describe("Requests with a higher temperature are relayed uncached; null: temperature does not matter"),
      ignore_fields: z
        .strictObject({
          "openai-chat": textList
            .default([])
            .describe("More top-level fields of such requests that cannot change an answer"),
          "anthropic-messages": textList
            .default([])
            .describe("More top-level fields of such requests that cannot change an answer"),
          "generic-json": textList
            .default([])
            .describe("More top-level fields of such requests that cannot change an answer"),
        })
        .prefault({}),
      vary_headers: z
        .array(headerName, { error: "a list of header names" })
        .default([])
        .describe("More request headers that change answers: requests that differ in them share nothing"),
      eviction_policy: z
        .union([limitRule, z.array(limitRule).min(1, { error: limits })], { error: limits })
        .optional()
        .describe("How much may be kept: MiB, or entries; not set: 4096 MiB, and a quarter of the memory at most"),
      eviction: choice(["lru", "cost_aware"])
        .default("lru")
        .describe("What leaves first: what was not used for longest, or what saves least for its size"),
    })
    .superRefine((cache, context) => {
      // Not cut down in silence: the entry would be gone before its time.
      for (const key of ["stale_if_error", "stale_while_revalidate"] as const) {
        if ((parseDurationMs(String(cache[key])) ?? 0) <= (parseDurationMs(String(cache.max_stale)) ?? 0)) continue;
        context.addIssue({
          code: "custom",
          path: [key],
          message: `at most cache.max_stale, which is ${cache.max_stale}`,
        });
      }
    })
    .prefault({}),
  matching: z
    .strictObject({
      max_error_rate: number(0, 1)
        .default(0.01)
        .describe("Aimed-at share of wrong answers among hits by meaning; lower is stricter"),
      guard: onOff
        .default("on")
        .describe("Whether numbers, names, negations and the like are compared by rules; off is for experiments"),
      verifier: choice(["local", "off"])
        .default("local")
        .describe("Whether a model judges each pair of prompts; off is for experiments"),
      candidates: integer(1, 64).default(8).describe("The most entries that one lookup judges"),
      max_prompt_tokens: integer(1, 254).default(128).describe("Longer prompts are matched exactly only"),
      timeout: duration.default("500ms").describe("A lookup that takes longer is a miss"),
      max_queue: integer(1, 100_000).default(64).describe("Lookups that may wait for the models; more are misses"),
      audit_rate: number(0, 1)
        .nullable()
        .default(null)
        .describe(
          "Share of the served hits, exact ones among them, that is asked of the provider afterwards; 0: none; null: 0.005 of the hits by meaning",
        ),
      judge: z
        .strictObject(
          {
            url: httpUrl.describe("Base URL of an OpenAI-compatible API, such as https://api.openai.com/v1"),
            model: text.describe("The model that is asked"),
            api_key: text.nullable().default(null).describe("Sent as a bearer token; null: none"),
            max_calls_per_day: integer(1, 1_000_000).default(200).describe("By days of UTC, over restarts"),
            timeout: duration.default("30s").describe("A verdict that takes longer is none"),
          },
          { error: "{ url, model, api_key?, max_calls_per_day?, timeout? }, or null" },
        )
        .nullable()
        .default(null)
        .describe(
          "A language model that is asked whether two answers say the same, where the local models cannot tell",
        ),
      min_similarity: number(-1, 1)
        .nullable()
        .default(null)
        .describe("A floor on the cosine that can only tighten; the first Semcache's similarity_threshold sets it"),
    })
    .prefault({}),
  embedding: z
    .strictObject({
      provider: choice(["local"]).default("local").describe("What turns prompts into vectors"),
      workers: z
        .union([z.literal("auto"), integer(1, 64)], { error: "auto or a whole number from 1 to 64" })
        .default("auto")
        .describe("Threads for the models; auto: by the number of cores"),
    })
    .prefault({}),
  store: z
    .strictObject({
      kind: choice(["embedded", "memory"])
        .default("embedded")
        .describe("embedded: entries are kept on disk; memory: they end with the process"),
      path: text
        .nullable()
        .default("./semcache-data")
        .describe("The data folder; null: nothing is written to disk, and the entries are in memory"),
    })
    .prefault({}),
  prices,
  telemetry: z
    .strictObject({
      log_level: choice(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
        .default("info")
        .describe("The least severe lines that are written"),
      log_format: choice(["json", "text"]).default("json").describe("One JSON object a line, or text for people"),
      log_prompts: truth.default(false).describe("Whether log lines and decisions have the prompts in them"),
    })
    .prefault({}),
});

/** Settings with the names and notation of the file, defaults filled in. */
export type FileConfig = z.output<typeof configSchema>;
