// `node --import without-opentelemetry.mjs`: an installation that has no package of OpenTelemetry.
import { register } from "node:module";

const hooks = `export function resolve(specifier, context, next) {
  if (!specifier.startsWith("@opentelemetry/")) return next(specifier, context);
  throw Object.assign(new Error("Cannot find package " + specifier), { code: "ERR_MODULE_NOT_FOUND" });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const isThere = await import("@opentelemetry/api").then(
  () => true,
  () => false,
);
if (isThere) throw new Error("Cannot take the packages away: the hooks were not asked");
