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
  .default({});

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: text.default("localhost"),
      port: integer(0, 65_535).default(8080),
      max_body: size.default("64MiB"),
      admin_token: text
        .refine((value) => value.trim() !== "", { error: "text that is not empty" })
        .nullable()
        .default(null),
      keep_alive: duration.default("75s"),
      shutdown_grace: duration.default("25s"),
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
        })),
      allow: textList.default([]),
      allow_public: truth.default(true),
      proxy: z
        .union([z.literal("env"), httpUrl], { error: "env or a URL" })
        .nullable()
        .default(null),
      timeouts: z
        .strictObject({
          connect: duration.default("10s"),
          headers: duration.default("600s"),
          idle: duration.default("600s"),
        })
        .prefault({}),
    })
    .prefault({}),
  cache: z
    .strictObject({
      mode: choice(["semantic", "exact", "shadow", "off"]).default("semantic"),
      ttl: duration.default("7d"),
      volatile_ttl: duration.default("5m"),
      max_ttl: duration.default("30d"),
      stale_if_error: duration.default("0s"),
      stale_while_revalidate: duration.default("0s"),
      stale_match: choice(["exact", "semantic"]).default("exact"),
      max_stale: duration.default("1h"),
      tenancy: text
        .regex(/^(?:credential|shared|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/, {
          error: "credential, shared or header:<name>",
        })
        .default("credential"),
      tenant_secret: text.min(16, { error: "at least 16 characters" }).nullable().default(null),
      max_request: size.default("2MiB"),
      max_entry: size.default("1MiB"),
      max_temperature: number(0, 10).nullable().default(null),
      ignore_fields: z
        .strictObject({
          "openai-chat": textList.default([]),
          "anthropic-messages": textList.default([]),
          "generic-json": textList.default([]),
        })
        .prefault({}),
      vary_headers: z.array(headerName, { error: "a list of header names" }).default([]),
      eviction_policy: z.union([limitRule, z.array(limitRule).min(1, { error: limits })], { error: limits }).optional(),
      eviction: choice(["lru", "cost_aware"]).default("lru"),
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
      max_error_rate: number(0, 1).default(0.01),
      guard: onOff.default("on"),
      verifier: choice(["local", "off"]).default("local"),
      candidates: integer(1, 64).default(8),
      max_prompt_tokens: integer(1, 254).default(128),
      timeout: duration.default("500ms"),
      max_queue: integer(1, 100_000).default(64),
      audit_rate: number(0, 1).default(0.005),
      /** Set through the first Semcache's `similarity_threshold`; a floor on the cosine that can only tighten. */
      min_similarity: number(-1, 1).nullable().default(null),
    })
    .prefault({}),
  embedding: z
    .strictObject({
      provider: choice(["local"]).default("local"),
      workers: z
        .union([z.literal("auto"), integer(1, 64)], { error: "auto or a whole number from 1 to 64" })
        .default("auto"),
    })
    .prefault({}),
  store: z
    .strictObject({
      kind: choice(["embedded", "memory"]).default("embedded"),
      /** Null: nothing is written to disk, and the entries are in memory. */
      path: text.nullable().default("./semcache-data"),
    })
    .prefault({}),
  prices,
  telemetry: z
    .strictObject({
      log_level: choice(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
      log_format: choice(["json", "text"]).default("json"),
      log_prompts: truth.default(false),
    })
    .prefault({}),
});

/** Settings with the names and notation of the file, defaults filled in. */
export type FileConfig = z.output<typeof configSchema>;
