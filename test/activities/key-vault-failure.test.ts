import * as vault from "../../src/activities/key-vault-failure.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { madeByTag } from "../../src/domain/recovery-vault.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { sampleEstate } from "../support/estates.js";
import { change, describeSafety, requestsOf, type Change } from "../support/safe-changes.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";
import type { AzurePorts } from "../support/azure-ports.js";

const production = sampleEstate().environments.production!;
const id = production.keyVault.primary;
const standby = production.keyVault.secondary ?? "";
const app = production.containerApp.primary;
const fresh = standby.replace(/[^/]+$/, "mcp-server-prod-k-ab12cd");
const run = "key-vault-failure-production-20261122T135830Z-ab12cd";
const somebody = "5f1c6f0e-0a0b-4a38-8c8e-1f4d3c1f9e01";
const [from, to] = [
  "https://mcp-server-prod-kv.vault.azure.net/",
  "https://mcp-server-prod-kv-dr.vault.azure.net/",
];

const changes: readonly Change[] = [
  change(
    vault.grantVaultRole,
    { vault: id, principalId: somebody, name: "somebody", role: "Key Vault Secrets User" },
    { operation: "roleAssignments.create", resource: id },
  ),
  change(
    vault.setVaultNetwork,
    { vault: id, rules: production.keyVault.network! },
    { operation: "vaults.update", resource: id, fault: "vault-firewall" },
  ),
  change(
    vault.startVaultRecovery,
    { vault: id, location: "eastus" },
    { operation: "vaults.createOrUpdate", resource: id, fault: "vault-deleted" },
  ),
  change(
    vault.startVaultCreation,
    { vault: fresh, location: "westus" },
    { operation: "vaults.createOrUpdate", resource: fresh },
  ),
  change(
    vault.startVaultMove,
    { app, from, to, suffix: "dr-ab12cd-1" },
    { operation: "containerApps.update", resource: app },
  ),
];

/** The estate's Azure, whose app refers to a secret of its vault besides. */
function seed(): unknown {
  const all = seedFromEstate(sampleEstate()) as {
    containerApps: {
      id: string;
      identity: { userAssigned: string[] };
      containers: { env: object[] }[];
    }[];
  };
  return {
    ...all,
    containerApps: all.containerApps.map((each) =>
      each.id !== app
        ? each
        : {
            ...each,
            secrets: [
              { name: "plain", value: "kept" },
              {
                name: "signing",
                keyVaultUrl: `${from}secrets/jwt-signing-key`,
                identity: each.identity.userAssigned[0],
              },
            ],
            containers: each.containers.map((container) => ({
              ...container,
              env: [...container.env, { name: "SIGNING_KEY", secretRef: "signing" }],
            })),
          },
    ),
  };
}

describe("key vault activities", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;
  let ports: AzurePorts;

  beforeAll(async () => {
    azure = await simulatedAzure(seed());
    [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
  });
  afterAll(() => azure.stop());

  const base: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
  async function begin({ resource, fault }: Pick<Change, "resource" | "fault">): Promise<Caller> {
    await azure.control.reset(seed());
    if (fault !== undefined) await azure.control.fault({ name: fault, resource });
    // The references of the app are read before a change of them is accepted.
    const description = { contentType: undefined, enabled: true, notBeforeAt: undefined };
    await ports.secrets.set(to, "jwt-signing-key", "of the standby", {
      ...description,
      expiresAt: undefined,
      tags: {},
    });
    const lease = await runner.run(takeLease, base, { resource, scenario: "key-vault-failure" });
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...base, leases: [{ resource, fencing: lease.value.fencing }] };
  }
  const requests = (operation: string) => requestsOf(azure, operation);

  describeSafety(changes, { azure: () => azure, runner: () => runner, begin });

  it("moves an app in one revision that keeps all but its vault", async () => {
    const caller = await begin({ resource: app });
    const path = `${app}?`;

    await runner.run(vault.startVaultMove, caller, { app, from, to, suffix: "dr-ab12cd-1" });
    await azure.control.advance(300);
    const seen = (await ports.arm.get(path.slice(0, -1), "2026-07-01")) as {
      properties: {
        latestReadyRevisionName: string;
        configuration: { secrets: { name: string; keyVaultUrl?: string }[] };
        template: { scale: object; containers: { env: { name: string; value?: string }[] }[] };
      };
    };

    const { configuration, template, latestReadyRevisionName } = seen.properties;
    expect(latestReadyRevisionName).toBe("mcp-server-prod--dr-ab12cd-1");
    expect(configuration.secrets).toMatchObject([
      { name: "plain" },
      { name: "signing", keyVaultUrl: `${to}secrets/jwt-signing-key` },
    ]);
    const env = new Map(
      (template.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
    );
    expect(env.get("KEY_VAULT_URL")).toBe(to);
    expect([...env.keys()].sort()).toEqual([
      ...["AZURE_CLIENT_ID", "KEY_VAULT_URL", "REDIS_CONNECTION_SECRET", "SIGNING_KEY"],
      "STORAGE_ACCOUNT_URL",
    ]);
    expect(template.scale).toMatchObject({ minReplicas: 2 });
  });

  it("sees the vault of the revision that serves, while a newer one names another", async () => {
    const caller = await begin({ resource: app });
    const look = { app, sides: { primary: id, secondary: standby }, locations: ["eastus"] };
    const used = async () => {
      const seen = await runner.run(vault.diagnoseVault, base, {
        ...look,
        health: production.containerApp.health,
        check: production.keyVault.healthCheck,
      });
      return seen.ok && seen.value.vault.side;
    };

    await runner.run(vault.startVaultMove, caller, { app, from, to, suffix: "dr-ab12cd-1" });
    const meanwhile = await used();
    await azure.control.advance(300);

    expect([meanwhile, await used()]).toEqual(["primary", "secondary"]);
  });

  it("sees the vault in use while the region of the other one is down, or the provider is", async () => {
    await begin({ resource: app });
    const look = {
      ...{ app, sides: { primary: id, secondary: standby }, locations: ["eastus", "westus"] },
      health: production.containerApp.health,
      check: production.keyVault.healthCheck,
    };
    const operation = "vaults.get";
    await azure.control.fault({ name: "server-error", status: 503, match: { operation } });
    const refused = await runner.run(vault.diagnoseVault, base, look);
    await azure.control.fault({ name: "vault-unavailable", resource: id });
    await azure.control.advance(60);
    const silent = await runner.run(vault.diagnoseVault, base, look);
    await begin({ resource: app });
    await azure.control.fault({ name: "region-down", region: "eastus" });
    await azure.control.advance(60);
    const other = await runner.run(vault.diagnoseVault, base, {
      ...{ ...look, app: production.containerApp.secondary ?? "", standby: app },
      sides: { primary: standby, secondary: id },
    });

    expect(refused).toMatchObject({ ok: true, value: { condition: "healthy", vault: { id } } });
    expect(silent).toMatchObject({
      ok: true,
      value: {
        ...{ condition: "unavailable", vault: { id, known: "observed" } },
        sources: [{ says: "unknown" }, { says: "failed" }, { says: "failed" }],
      },
    });
    expect(other).toMatchObject({
      ok: true,
      value: {
        ...{ condition: "healthy", vault: { id: standby, known: "observed" } },
        detail: expect.stringContaining("the other side was not seen: ") as string,
      },
    });
  });

  it("waits for a role where the app cannot read the reference yet", async () => {
    const caller = await begin({ resource: app });
    const nowhere = to.replace("-dr", "-no");

    const move = { app, from, to: nowhere, suffix: "dr-ab12cd-1" };
    const answer = await runner.run(vault.startVaultMove, caller, move);

    expect(answer).toMatchObject({ ok: false, failure: { class: "permission-lag" } });
  });

  it("does not take over a vault that somebody else has made", async () => {
    const caller = await begin({ resource: standby });

    const answer = await runner.run(vault.startVaultCreation, caller, {
      vault: standby,
      location: "westus",
    });

    expect(answer).toMatchObject({ ok: false, failure: { code: "name-taken" } });
    expect(await requests("vaults.createOrUpdate")).toHaveLength(0);
  });

  it("chooses the standby, else the reserved name, else one that is free", async () => {
    await begin({ resource: id });
    const lost = { sides: production.keyVault, lost: id };
    const sides = { primary: id };

    const choices = await Promise.all([
      runner.run(vault.chooseVault, base, { sides: { primary: id, secondary: standby }, lost: id }),
      runner.run(vault.chooseVault, base, {
        sides,
        lost: lost.lost,
        reservedName: "mcp-kept-free",
      }),
      runner.run(vault.chooseVault, base, {
        ...{ sides, lost: lost.lost, reservedName: "mcp-server-prod-kv-dr" },
      }),
    ]);

    const [first, reserved, free] = choices.map((choice) => choice.ok && choice.value);
    expect(first).toMatchObject({ kind: "standby", vault: standby });
    expect(reserved).toMatchObject({ kind: "new" });
    expect(JSON.stringify(reserved)).toContain("/vaults/mcp-kept-free");
    expect(JSON.stringify(free)).toMatch(/vaults\/mcp-server-prod-k[v]?-[0-9a-f]{6}"/);
  });

  it("finds the vault that this run has made when it chooses once more", async () => {
    const sides = { primary: id };
    await begin({ resource: id });
    const first = await runner.run(vault.chooseVault, base, { sides, lost: id });
    if (!first.ok) throw new Error("nothing was chosen");
    await ports.keyVaults.startCreation(first.value.vault, {
      ...{ location: "westus", sku: "standard", retentionDays: 90, network: undefined },
      tags: { [madeByTag]: run },
    });

    const again = await runner.run(vault.chooseVault, base, { sides, lost: id });

    expect(again).toMatchObject({ ok: true, value: { vault: first.value.vault } });
  });

  it("takes up the reserved vault that an earlier run has made, and no stranger's", async () => {
    const choiceAmong = async (tags: Record<string, string>) => {
      await begin({ resource: id });
      await ports.keyVaults.startCreation(id.replace(/[^/]+$/, "mcp-kept-free"), {
        ...{ location: "eastus", sku: "standard", retentionDays: 90, network: undefined, tags },
      });
      await azure.control.advance(120);
      const wanted = { sides: { primary: id }, lost: id, reservedName: "mcp-kept-free" };
      return runner.run(vault.chooseVault, base, wanted);
    };
    const earlier = await choiceAmong({ [madeByTag]: "key-vault-failure-of-yesterday" });
    const stranger = await choiceAmong({});

    expect(earlier).toMatchObject({ ok: true, value: { kind: "standby" } });
    expect(JSON.stringify(earlier)).toContain("/vaults/mcp-kept-free");
    expect(JSON.stringify(stranger)).toMatch(/"kind":"new".*vaults\/mcp-server-prod-k[v]?-/);
  });
});
