/** What a test asks through a client library; each library puts it into its own form. */
export interface Question {
  readonly prompt: string;
  /** Offers `get_weather` and `get_population`; the imitation provider then calls both. */
  readonly tools?: boolean;
  /** Asks for usage in the stream, where the API has a switch for it. */
  readonly usage?: boolean;
}

/** What an answer says, whichever form it came in. */
export interface Essence {
  readonly id: string | null;
  readonly text: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finish: string | null;
  /** Null where the form has none. */
  readonly usage: { readonly input: number; readonly output: number } | null;
}

export interface Connection {
  /** Origin of the proxy or of the provider. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** For libraries that take headers and no fetch. */
  readonly headers: Readonly<Record<string, string>>;
  /** Origin of the provider, for `x-llm-proxy-host`. */
  readonly providerUrl: string;
}

/** A client library, set up as its users do. */
export interface Library {
  readonly name: string;
  connect(connection: Connection): Client;
  /** True where the provider's stream tells the usage without {@link Question.usage}. */
  readonly alwaysStreamsUsage: boolean;
  /**
   * When a stream that Semcache makes from a JSON answer tells the usage. `include_usage` decides in OpenAI's format:
   * DeepSeek and Mistral tell it unasked, but who the provider is cannot be seen in the JSON.
   */
  readonly usageInMadeStream: "always" | "when-asked" | "never";
  /** Asserts that this is the library's own error for the provider's 429. */
  expectRateLimit(error: unknown): void;
}

export interface Client {
  /** Everything that the client object holds. */
  plain(question: Question): Promise<unknown>;
  /** Every chunk or event that the client gives, in order. */
  streamed(question: Question): Promise<readonly unknown[]>;
  essenceOf(held: unknown): Essence;
  essenceOfStream(parts: readonly unknown[]): Essence;
}

const city = { type: "string", description: "Name of the city" };

/** The tools of {@link Question}, as JSON schema. */
export const tools = [
  {
    name: "get_weather",
    description: "The weather in a city",
    schema: { type: "object" as const, properties: { city, days: { type: "integer" } }, required: ["city", "days"] },
  },
  {
    name: "get_population",
    description: "How many people live in a city",
    schema: { type: "object" as const, properties: { city }, required: ["city"] },
  },
];
