import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { backupAccount, seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { guidOfRole } from "../../local/stack/seeded-grants.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { manifestIn } from "../../src/domain/backup.js";
import type { EnvironmentName } from "../../src/domain/environment-name.js";
import { Estate } from "../../src/domain/estate.js";
import type {
  EnvironmentReadiness,
  ReadinessFinding,
  RecoveryScenario,
} from "../../src/domain/readiness/readiness.js";
import { azureHand, seedWithHand, type AzureHand } from "../support/azure-hand.js";
import { sampleJson } from "../support/estates.js";
import { ended, productionOf } from "../support/recovery-run.js";

const reservedAccount = "mcpstorageprodspare";
const versions = {
  vaults: "2023-07-01",
  apps: "2025-01-01",
  traffic: "2022-04-01",
  storage: "2023-05-01",
};
const metricAlerts = "2018-03-01";
const actionGroups = "2023-01-01";

/** The sample with a name kept for production, and a schedule in development that cannot hold its RPO. */
function bentEstate(): unknown {
  const { environments, ...rest } = sampleJson();
  const { development, production, staging } = environments;
  Object.assign(production["storage"]!, { recovery: { reservedName: reservedAccount } });
  Object.assign(staging["images"] as object, {
    recoveryRegistry: (staging["images"] as { registry: string }).registry.replace(
      /registries\/.*$/,
      "registries/mcpregistrystgdr",
    ),
  });
  Object.assign(development["backups"]!["keyVault"] as object, { interval: "PT18H" });
  return { ...rest, environments };
}

/** The newest image of staging was never brought to its registry in the other region. */
function withoutImages(seed: unknown): unknown {
  const { registries } = seed as { registries: { id: string; images: object[] }[] };
  registries.find(({ id }) => id.endsWith("mcpregistrystgdr"))?.images.pop();
  return seed;
}

describe("readiness", () => {
  let stack: Stack;
  let service: ServiceClient;
  let azure: AzureHand;

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "readiness-"));
    try {
      const estateFile = path.join(folder, "estate.json");
      writeFileSync(estateFile, JSON.stringify(bentEstate()));
      const seed = withoutImages(seedWithHand(seedFromEstate(Estate.parse(bentEstate()))));
      stack = await startStack({ estateFile, seed });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    service = new ServiceClient(stack.host, { "x-operator": "olga" });
    azure = azureHand(stack.simulatorReady);
    await backUp("production");
  }, 120_000);
  afterAll(() => stack.stop());

  async function backUp(environment: EnvironmentName): Promise<void> {
    const order = JSON.stringify({ environment, reason: "a test" });
    const { json } = await service.call("POST", "/api/backups", order);
    const { backups } = json as { backups: readonly { id: string }[] };
    for (const { id } of backups) await ended(stack, id, 60_000);
  }

  /** What every check has found, made now. */
  async function evaluated(
    environment: EnvironmentName = "production",
  ): Promise<EnvironmentReadiness> {
    // Azure counts calls by time, and no operator asks twice in a second.
    await stack.simulator.advance(10);
    const order = JSON.stringify({ environment, reason: "a test" });
    const ordered = await service.call("POST", "/api/readiness", order);
    expect(ordered.status).toBe(202);
    const { at } = ordered.json as { at: string };
    const giveUpAt = performance.now() + 20_000;
    for (;;) {
      const { json } = await service.call("GET", `/api/readiness?environment=${environment}`);
      const [view] = (json as { environments: EnvironmentReadiness[] }).environments;
      if (view !== undefined && (view.evaluatedAt ?? "") >= at) return view;
      if (performance.now() > giveUpAt) throw new Error("the evaluation did not end");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const verdictsIn = ({ scenarios }: EnvironmentReadiness) =>
    Object.fromEntries(scenarios.map(({ scenario, verdict }) => [scenario, verdict]));
  const told = ({ check, level, what }: ReadinessFinding) => `${check} ${level}: ${what}`;
  /** Expects one finding and no other, and the verdicts that follow from it. */
  function expectOnly(
    view: EnvironmentReadiness,
    wanted: {
      readonly check: string;
      readonly level: ReadinessFinding["level"];
      readonly what: RegExp;
      readonly scenarios: readonly RecoveryScenario[];
    },
  ): void {
    expect(view.findings.map(told)).toEqual([
      expect.stringMatching(
        new RegExp(`^${wanted.check} ${wanted.level}: .*${wanted.what.source}`),
      ),
    ]);
    const [finding] = view.findings;
    expect(finding?.remedy).not.toBe("");
    const verdict = wanted.level === "not-ready" ? "not-ready" : "degraded";
    for (const { scenario, verdict: is } of view.scenarios) {
      if (is === "not-applicable") continue;
      expect([scenario, is]).toEqual([
        scenario,
        wanted.scenarios.includes(scenario) ? verdict : "ready",
      ]);
    }
  }

  const production = () => productionOf(stack);
  const every: readonly RecoveryScenario[] = [
    "container-app-failure",
    "redis-failure",
    "key-vault-failure",
    "storage-failure",
    "region-outage",
  ];
  const standbyApp = (): string => production().containerApp.secondary ?? "";
  const profile = (): string => production().trafficManager?.profile ?? "";
  const endpoint = (type: string, name: string): string => `${profile()}/${type}/${name}`;
  const standbyVault = "https://mcp-server-prod-kv-dr.vault.azure.net";
  const vault = "https://mcp-server-prod-kv.vault.azure.net";
  const rule = (word: string): string =>
    production().alerting?.rules.find((id) => id.includes(word)) ?? "";

  it("finds nothing on an estate that is well", async () => {
    const view = await evaluated();

    expect(view.findings).toEqual([]);
    expect(verdictsIn(view)).toEqual(Object.fromEntries(every.map((name) => [name, "ready"])));
    expect(view.checks.every(({ at }) => at !== undefined)).toBe(true);
  });

  it("finds a role that was removed", async () => {
    const resource = production().containerApp.primary;
    const fault = await stack.simulator.fault({
      ...{ name: "role-missing", role: guidOfRole("container-apps"), resource },
    });
    const view = await evaluated();
    await stack.simulator.removeFault(fault);

    const [found, ...others] = view.findings;
    expect(found && told(found)).toMatch(
      /^control-plane-rights not-ready: .*no role that allows .*Microsoft\.App\/containerApps\/write/,
    );
    // It may not read the app any more either, so what depends on it is not known.
    expect(others.every(({ level }) => level === "unknown" || level === "degraded")).toBe(true);
    expect(others.every(({ what }) => what.includes("does not have authorization"))).toBe(true);
    expect(new Set(Object.values(verdictsIn(view)))).toEqual(new Set(["not-ready"]));
  });

  it("finds a role for data that was removed", async () => {
    const resource = production().storage.primary;
    const fault = await stack.simulator.fault({
      ...{ name: "role-missing", role: "Storage Blob Data Contributor", resource },
    });
    const view = await evaluated();
    await stack.simulator.removeFault(fault);

    expectOnly(view, {
      ...{ check: "data-plane-rights", level: "not-ready", what: /may not list the container/ },
      scenarios: ["storage-failure", "region-outage"],
    });
  });

  it("finds a reserved name that somebody has taken", async () => {
    const staging = stack.estate.environments.staging?.storage.secondary ?? "";
    const taken = staging.replace(/[^/]+$/, reservedAccount);
    await azure.arm("PUT", taken, versions.storage, {
      location: "westus",
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
    });
    const view = await evaluated();
    await stack.simulator.advance(60);
    await azure.arm("DELETE", taken, versions.storage);

    expectOnly(view, {
      ...{ check: "reserved-names", level: "degraded", what: /mcpstorageprodspare is taken/ },
      scenarios: ["storage-failure", "region-outage"],
    });
  });

  it("finds a set that was changed after it was made", async () => {
    const address = `https://${backupAccount}.blob.core.windows.net/backups/key-vault/mcp-server-prod-kv/latest.json`;
    const pointer = await azure.blob("GET", address);
    const { sha256 } = JSON.parse(pointer) as { sha256: string };
    await azure.blob("PUT", address, pointer.replace(sha256, "0".repeat(64)));
    const view = await evaluated();
    await azure.blob("PUT", address, pointer);

    expectOnly(view, {
      ...{ check: "backup-usable", level: "not-ready", what: /not what the pointer's hash says/ },
      scenarios: ["key-vault-failure", "region-outage"],
    });
    expect(pointer).toContain(manifestIn(""));
  });

  it("finds a secret that the standby vault lacks", async () => {
    await azure.vault("DELETE", `${standbyVault}/secrets/jwt-signing-key`);
    const view = await evaluated();
    await stack.simulator.advance(60);
    await azure.vault("POST", `${standbyVault}/deletedsecrets/jwt-signing-key/recover`);
    await stack.simulator.advance(60);

    expectOnly(view, {
      ...{ check: "secret-parity", level: "not-ready", what: /lacks 1 secrets of .*jwt-signing/ },
      scenarios: ["key-vault-failure", "region-outage"],
    });
  });

  it("finds a secret that is older in the standby vault", async () => {
    const value = { value: "another key" };
    await azure.vault("PUT", `${vault}/secrets/jwt-signing-key`, value);
    const view = await evaluated();
    await azure.vault("PUT", `${standbyVault}/secrets/jwt-signing-key`, value);

    expectOnly(view, {
      ...{
        check: "secret-parity",
        level: "not-ready",
        what: /older values than .*jwt-signing-key/,
      },
      scenarios: ["key-vault-failure", "region-outage"],
    });
  });

  it("finds a time to live that is too long", async () => {
    await patchProfile({ dnsConfig: { ttl: 300 } });
    const view = await evaluated();
    await patchProfile({ dnsConfig: { ttl: 30 } });

    expectOnly(view, {
      ...{
        check: "traffic-ttl",
        level: "degraded",
        what: /for 5 min 00 s; 1 min 00 s is the most/,
      },
      scenarios: ["region-outage"],
    });
  });

  it("finds an endpoint of another type than the estate's", async () => {
    const external = endpoint("ExternalEndpoints", "westus");
    const { properties } = (await azure.arm("GET", external, versions.traffic)) as {
      properties: Record<string, unknown>;
    };
    await azure.arm("DELETE", external, versions.traffic);
    const nested = endpoint("NestedEndpoints", "westus");
    await azure.arm("PUT", nested, versions.traffic, {
      properties: {
        targetResourceId: stack.estate.environments.staging?.trafficManager?.profile,
        ...{ endpointStatus: "Disabled", priority: 2, minChildEndpoints: 1 },
      },
    });
    const view = await evaluated();
    await azure.arm("DELETE", nested, versions.traffic);
    const { target, priority, endpointStatus } = properties;
    const original = { properties: { target, priority, endpointStatus } };
    await azure.arm("PUT", external, versions.traffic, original);

    expectOnly(view, {
      ...{ check: "traffic-endpoint-type", level: "not-ready", what: /westus is of type nested/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds an endpoint that was disabled", async () => {
    const primary = endpoint("ExternalEndpoints", "eastus");
    const set = (endpointStatus: string) =>
      azure.arm("PATCH", primary, versions.traffic, { properties: { endpointStatus } });
    await set("Disabled");
    const view = await evaluated();
    await set("Enabled");

    expectOnly(view, {
      ...{ check: "traffic-endpoints", level: "not-ready", what: /every endpoint is disabled/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds a routing method that is not by priority", async () => {
    await patchProfile({ trafficRoutingMethod: "Weighted" });
    const view = await evaluated();
    await patchProfile({ trafficRoutingMethod: "Priority" });

    expectOnly(view, {
      ...{ check: "traffic-routing", level: "degraded", what: /routes by Weighted/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds a standby that keeps no replicas", async () => {
    await patchStandby(() => ({ scale: { minReplicas: 0 } }));
    const view = await evaluated();
    await patchStandby(() => ({ scale: { minReplicas: 2 } }));

    expectOnly(view, {
      ...{ check: "standby-replicas", level: "degraded", what: /keeps 0 replicas.* wants 2/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds a standby with another image", async () => {
    await patchStandby(([container]) => ({
      containers: [{ ...container, image: "mcpregistry.azurecr.io/mcp-server:1.3.9" }],
    }));
    const view = await evaluated();
    await patchStandby(([container]) => ({
      containers: [{ ...container, image: "mcpregistry.azurecr.io/mcp-server:1.4.1" }],
    }));

    expectOnly(view, {
      ...{ check: "standby-image", level: "degraded", what: /runs .*:1\.3\.9, and .*:1\.4\.1/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds a variable that one app has and the other has not", async () => {
    let original: unknown[] = [];
    await patchStandby(([container]) => {
      original = container?.env ?? [];
      return { containers: [{ ...container, env: [...original, { name: "DEBUG", value: "1" }] }] };
    });
    const view = await evaluated();
    await patchStandby(([container]) => ({ containers: [{ ...container, env: original }] }));

    expectOnly(view, {
      check: "configuration-drift",
      level: "degraded",
      what: /variable DEBUG: absent in mcp-server-prod, a plain value in mcp-server-prod-dr/,
      scenarios: ["region-outage"],
    });
  });

  it("finds an alert rule that is disabled", async () => {
    const set = (enabled: boolean) =>
      azure.arm("PATCH", rule("redis"), metricAlerts, { properties: { enabled } });
    await set(false);
    const view = await evaluated();
    await set(true);

    expectOnly(view, {
      ...{ check: "alert-rules", level: "not-ready", what: /mcp-redis-prod-errors is disabled/ },
      scenarios: ["redis-failure"],
    });
  });

  it("finds an alert rule that is missing, tells people once, and again when it is mended", async () => {
    const subjects = () =>
      stack.receiver.received
        .filter(({ notice }) => notice.kind === "readiness")
        .map(({ notice }) => notice.subject);
    const [bad, good] = [
      "[production] a recovery now would be not-ready",
      "[production] ready to recover again",
    ];
    const id = rule("vault");
    const whole = await azure.arm("GET", id, metricAlerts);
    await evaluated();
    await until(() => subjects().at(-1) === good);
    const before = subjects().length;

    await azure.arm("DELETE", id, metricAlerts);
    const view = await evaluated();
    await until(() => subjects().length > before);
    await evaluated();
    await azure.arm("PUT", id, metricAlerts, whole);
    await evaluated();
    await until(() => subjects().at(-1) === good);

    expect(subjects().slice(before)).toEqual([bad, good]);
    expect(
      stack.receiver.received.find(({ notice }) => notice.lines.join().includes("mcp-vault-prod-")),
    ).toBeDefined();
    expectOnly(view, {
      ...{ check: "alert-rules", level: "not-ready", what: /no alert rule mcp-vault-prod/ },
      scenarios: every,
    });
  });

  it("finds an action group that calls somebody else, and shows no key of its address", async () => {
    const { actionGroup = "" } = production().alerting ?? {};
    const whole = (await azure.arm("GET", actionGroup, actionGroups)) as {
      properties: { webhookReceivers: readonly object[] };
    };
    const [receiver] = whole.properties.webhookReceivers;
    const other = { ...receiver, serviceUri: "https://old.example.com/api/alerts?code=hush" };
    const properties = { ...whole.properties, webhookReceivers: [other] };
    await azure.arm("PUT", actionGroup, actionGroups, { ...whole, properties });
    const view = await evaluated();
    await azure.arm("PUT", actionGroup, actionGroups, whole);

    expectOnly(view, {
      ...{
        check: "action-group",
        level: "not-ready",
        what: /calls old\.example\.com\/api\/alerts/,
      },
      scenarios: every,
    });
    expect(JSON.stringify(view)).not.toContain("hush");
  });

  it("finds a resource group in the primary region", async () => {
    const group = profile().split("/").slice(0, 5).join("/");
    await stack.simulator.placeGroup(group, "eastus");
    const view = await evaluated();
    await stack.simulator.placeGroup(group, "westus");

    expectOnly(view, {
      check: "resource-group-region",
      ...{ level: "not-ready", what: /mcp-server-prod-dr lies in eastus/ },
      scenarios: ["region-outage"],
    });
  });

  it("finds an image that the other region cannot pull", async () => {
    const view = await evaluated("staging");

    const images = view.findings.filter(({ check }) => check === "recovery-images");
    expect(images.map(({ level, what }) => `${level}: ${what}`)).toEqual([
      expect.stringMatching(/^not-ready: .*mcp-server:1\.4\.1 of .* is not in mcpregistrystg/),
    ]);
    expect(images[0]?.remedy).toContain("az acr import");
    expect(verdictsIn(view)).toMatchObject({ "region-outage": "not-ready" });
  });

  it("finds a schedule that is slower than the RPO allows, where nothing is backed up yet", async () => {
    const view = await evaluated("development");

    expect(view.findings.map(told)).toEqual([
      ...["key-vault", "redis", "blobs"].map(
        (kind) =>
          expect.stringMatching(`^backup-usable not-ready: there is no ${kind} set`) as unknown,
      ),
      expect.stringMatching(/^backup-schedule degraded: a key-vault .* every 18 h .* RPO of 1 d/),
    ]);
    expect(verdictsIn(view)).toMatchObject({ "container-app-failure": "ready" });
    const outage = view.scenarios.find(({ scenario }) => scenario === "region-outage");
    expect(outage).toMatchObject({ verdict: "not-applicable" });
    expect(outage?.byHand?.length).toBeGreaterThan(2);
  });

  const ofBackups = ({ findings }: EnvironmentReadiness) =>
    findings.map(({ check, about, level }) => `${check} ${level}: ${about}`).sort();

  it("finds sets that are too old", async () => {
    await stack.simulator.advance(3_700);
    const old = await evaluated();
    await backUp("production");

    expect(ofBackups(old)).toEqual([
      "backup-age not-ready: blobs",
      "backup-age not-ready: key-vault",
      "backup-age not-ready: redis",
    ]);
    expect(verdictsIn(old)).toMatchObject({ "redis-failure": "not-ready" });
  });

  it("finds a replica that is too far behind", async () => {
    const resource = production().storage.primary;
    const fault = await stack.simulator.fault({ name: "replication-stalled", resource });
    await stack.simulator.advance(3_700);
    await backUp("production");
    const view = await evaluated();
    await stack.simulator.removeFault(fault);

    expectOnly(view, {
      ...{ check: "storage-geo-lag", level: "degraded", what: /copied until 1 h/ },
      scenarios: ["storage-failure", "region-outage"],
    });
  });

  it("finds sets of which no restore was ever proven, and nothing once they are", async () => {
    await stack.simulator.advance(49 * 3_600);
    await backUp("production");
    const view = await evaluated();
    const order = JSON.stringify({ environment: "production", reason: "a test" });
    const { json } = await service.call("POST", "/api/proofs", order);
    const { proofs } = json as { proofs: readonly { id: string }[] };
    for (const { id } of proofs) await ended(stack, id, 60_000);

    expect(ofBackups(view)).toEqual([
      "backup-proof degraded: blobs",
      "backup-proof degraded: key-vault",
      "backup-proof degraded: redis",
    ]);
    expect((await evaluated()).findings.map(told)).toEqual([]);
  }, 90_000);

  // Nobody can take purge protection away again, so it comes last.
  it("says why sets of secrets stay verified where a policy forces purge protection on the scratch vault", async () => {
    const { scratchVault = "" } = production().proof;
    const properties = { enablePurgeProtection: true };
    // Days have gone by, and a token lasts for one.
    await azureHand(stack.simulatorReady).arm("PATCH", scratchVault, versions.vaults, {
      properties,
    });
    await backUp("production");

    expectOnly(await evaluated(), {
      ...{ check: "backup-proof", level: "degraded", what: /key-vault sets stay verified.*purge/ },
      scenarios: ["key-vault-failure", "region-outage"],
    });
  }, 90_000);

  async function patchProfile(properties: object): Promise<void> {
    await azure.arm("PATCH", profile(), versions.traffic, { properties });
  }

  interface Container {
    readonly env?: unknown[];
  }
  /** Makes a revision of the standby app, and lets it come up. */
  async function patchStandby(change: (containers: readonly Container[]) => object): Promise<void> {
    const app = (await azure.arm("GET", standbyApp(), versions.apps)) as {
      location: string;
      properties: { template: { containers: readonly Container[] } };
    };
    const { containers } = app.properties.template;
    const template = { ...change(containers), revisionSuffix: `t${Date.now().toString(36)}` };
    await azure.arm("PATCH", standbyApp(), versions.apps, {
      location: app.location,
      properties: { template },
    });
    await stack.simulator.advance(120);
  }

  /** Notices are delivered by instances of their own, a moment later. */
  async function until(holds: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > giveUpAt) throw new Error("the notice did not come");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});
