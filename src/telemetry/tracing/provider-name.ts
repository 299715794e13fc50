import type { DialectName } from "../../model/dialect-name.ts";

/** Hosts of the providers that the GenAI semantic conventions have a name for (`gen_ai.provider.name`); those that begin with a dot or a dash are endings. */
const hosts: readonly (readonly [host: string, name: string])[] = [
  ["api.openai.com", "openai"],
  ["api.anthropic.com", "anthropic"],
  [".openai.azure.com", "azure.ai.openai"],
  [".services.ai.azure.com", "azure.ai.inference"],
  [".inference.ai.azure.com", "azure.ai.inference"],
  [".amazonaws.com", "aws.bedrock"],
  ["generativelanguage.googleapis.com", "gcp.gemini"],
  ["aiplatform.googleapis.com", "gcp.vertex_ai"],
  // As in us-central1-aiplatform.googleapis.com.
  ["-aiplatform.googleapis.com", "gcp.vertex_ai"],
  [".ml.cloud.ibm.com", "ibm.watsonx.ai"],
  ["api.cohere.com", "cohere"],
  ["api.cohere.ai", "cohere"],
  ["api.deepseek.com", "deepseek"],
  ["api.groq.com", "groq"],
  ["api.mistral.ai", "mistral_ai"],
  ["api.moonshot.ai", "moonshot_ai"],
  ["api.moonshot.cn", "moonshot_ai"],
  ["api.perplexity.ai", "perplexity"],
  ["api.x.ai", "x_ai"],
];

const ofDialect = { "openai-chat": "openai", "anthropic-messages": "anthropic", "generic-json": null } as const;

/**
 * `gen_ai.provider.name`: the provider at this host, or the one whose format is spoken there, or the host itself.
 * Source: OpenTelemetry semantic conventions for generative client AI spans.
 */
export function toProviderName(hostname: string, dialect: DialectName): string {
  const known = hosts.find(([host]) => (/^[.-]/.test(host) ? hostname.endsWith(host) : hostname === host));
  return known?.[1] ?? ofDialect[dialect] ?? hostname;
}
