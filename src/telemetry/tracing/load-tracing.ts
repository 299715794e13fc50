import { createOpenTelemetryTracing, type OpenTelemetryApi, type OpenTelemetryOptions } from "./open-telemetry.ts";
import { noTracing, type Tracing } from "./tracing.ts";

/** Spans where `@opentelemetry/api`, an optional peer dependency, is installed; nothing, and no word of it, where it is not. */
export async function loadTracing(options: OpenTelemetryOptions): Promise<Tracing> {
  let api: OpenTelemetryApi;
  try {
    api = await import("@opentelemetry/api");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") options.onFault(error);
    return noTracing;
  }
  return createOpenTelemetryTracing(api, options);
}
