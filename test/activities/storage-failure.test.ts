import * as storage from "../../src/activities/storage-failure.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import { madeByTag } from "../../src/domain/recovery-vault.js";
import type { ActivityContract, Caller } from "../../src/durable/activity-contract.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { sampleEstate } from "../support/estates.js";
import { change, describeSafety, requestsOf, type Change } from "../support/safe-changes.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";
import type { AzurePorts } from "../support/azure-ports.js";

const { production, development } = sampleEstate().environments as Required<
  ReturnType<typeof sampleEstate>["environments"]
>;
const sides = {
  primary: production.storage.primary,
  secondary: production.storage.secondary ?? "",
};
const { primary, secondary } = sides;
const app = production.containerApp.primary;
const fresh = secondary.replace(/[^/]+$/, "mcpstorageproddrab12cd");
const [from, to] = [
  "https://mcpstorageprod.blob.core.windows.net",
  "https://mcpstorageproddr.blob.core.windows.net",
];
const run = "storage-failure-production-20261122T135830Z-ab12cd";
const somebody = "5f1c6f0e-0a0b-4a38-8c8e-1f4d3c1f9e01";
const blobReader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const look = {
  ...{ app, sides, container: "branding", check: production.storage.healthCheck },
  health: production.containerApp.health,
};

const failOver = { account: primary, from: "eastus", kind: "unplanned" } as const;
const changes: readonly Change[] = [
  change(storage.startStorageFailover, failOver, {
    operation: "storageAccounts.failover",
    resource: primary,
  }),
  change(
    storage.startAccountCreation,
    { account: fresh, location: "westus", sku: "Standard_RAGRS", lease: primary },
    { operation: "storageAccounts.create", resource: primary },
  ),
  change(
    storage.setRedundancy,
    { account: development.storage.primary, sku: "Standard_RAGRS" },
    { operation: "storageAccounts.update", resource: development.storage.primary },
  ),
  change(
    storage.grantStorageRole,
    {
      ...{ account: secondary, principalId: somebody, name: "somebody", lease: secondary },
      role: "Storage Blob Data Reader",
    },
    { operation: "roleAssignments.create", resource: secondary },
  ),
  change(
    storage.startStorageMove,
    { app, to, suffix: "dr-ab12cd-1" },
    { operation: "containerApps.update", resource: app },
  ),
];

interface Seed {
  readonly roleAssignments: readonly { readonly scope: string; readonly principalId: string }[];
}
const seed = () => seedFromEstate(sampleEstate()) as Seed;

describe("storage activities", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;
  let ports: AzurePorts;

  beforeAll(async () => {
    azure = await simulatedAzure(seed());
    [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
  });
  afterAll(() => azure.stop());

  const base: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
  async function begin(resource: string): Promise<Caller> {
    await azure.control.reset(seed());
    const lease = await runner.run(takeLease, base, { resource, scenario: "storage-failure" });
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...base, leases: [{ resource, fencing: lease.value.fencing }] };
  }
  async function valueOf<Input, Output>(
    contract: ActivityContract<Input, Output>,
    input: Input,
    caller: Partial<Caller> = {},
  ): Promise<Output> {
    const answer = await runner.run(contract, { ...base, ...caller }, input);
    if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
    return answer.value;
  }
  const requests = (operation: string) => requestsOf(azure, operation);

  describeSafety(changes, {
    azure: () => azure,
    runner: () => runner,
    begin: ({ resource }) => begin(resource),
  });

  describe("a failover", () => {
    const operation = "storageAccounts.failover";
    const start = (caller: Caller, more: object = {}) =>
      runner.run(storage.startStorageFailover, caller, { ...failOver, ...more });

    it.each([
      ["is under way", 60],
      ["has come through", 7_200],
    ])("is not ordered where one that somebody else has ordered %s", async (_how, later) => {
      const caller = await begin(primary);
      await start(caller);
      await azure.control.advance(later);

      const second = await start({ ...caller, step: "another step" });

      expect(second).toMatchObject({ ok: true, value: { changed: false } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("is never ordered again where nobody can tell what became of the first order", async () => {
      const caller = await begin(primary);
      await azure.control.fault({ name: "server-error", times: 1, match: { operation } });

      const first = await start(caller);
      const soon = await start({ ...caller, attempt: 2 });
      await azure.control.advance(240);
      const later = await start({ ...caller, attempt: 3 });

      expect(first).toMatchObject({ ok: false, failure: { class: "transient" } });
      expect(soon).toMatchObject({ ok: false, failure: { code: "outcome-not-yet-visible" } });
      expect(later).toMatchObject({ ok: false, failure: { code: "outcome-unknown" } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("is one order where two runs of the activity meet", async () => {
      const caller = await begin(primary);

      const answers = await Promise.all([start(caller), start({ ...caller, attempt: 2 })]);

      expect(answers.some(({ ok }) => ok)).toBe(true);
      expect(await requests(operation)).toHaveLength(1);
    });

    it("ends in the other region, which every look tells", async () => {
      const caller = await begin(primary);
      await start(caller);

      const meanwhile = await valueOf(storage.observeAccount, { account: primary });
      await azure.control.advance(7_200);
      const after = await valueOf(storage.observeAccount, { account: primary });

      expect(meanwhile).toMatchObject({ state: "failing-over", usable: false });
      expect(after).toMatchObject({
        ...{ state: "ready", usable: true },
        redundancy: { sku: "Standard_LRS", primaryLocation: "westus" },
      });
      expect(after.redundancy?.geo).toBeUndefined();
    });

    it("fails for good where the account is gone", async () => {
      const caller = await begin(fresh);

      const answer = await start(caller, { account: fresh });

      expect(answer).toMatchObject({ ok: false, failure: { code: "account-missing" } });
    });
  });

  describe("the diagnosis", () => {
    const resetWith = async (
      keep: (assignment: Seed["roleAssignments"][number]) => boolean,
    ): Promise<void> => {
      const roleAssignments = seed().roleAssignments.filter(keep);
      await azure.control.reset({ ...seed(), roleAssignments });
      await azure.control.advance(60);
    };
    const ofService = async (): Promise<string> => {
      const { users } = await valueOf(storage.findStorageUsers, { app, instead: primary });
      return users.find(({ name }) => name === "this service")?.principalId ?? "";
    };

    it("finds the account that the app uses, and that it is well", async () => {
      await begin(primary);

      const seen = await valueOf(storage.diagnoseStorage, look);

      expect(seen).toMatchObject({
        ...{ condition: "healthy", usable: true },
        account: { id: primary, side: "primary", known: "observed", address: from },
        redundancy: { sku: "Standard_RAGZRS", primaryLocation: "eastus", geo: { status: "Live" } },
      });
      expect(seen.redundancy?.secondaryEndpoint).toContain("-secondary");
      expect(seen.sources.every(({ says }) => says === "well")).toBe(true);
    });

    it("writes nothing in a plan", async () => {
      await begin(primary);
      const before = (await azure.control.log(0, true)).length;

      const seen = await valueOf(storage.diagnoseStorage, look, { mode: "plan" });

      expect(seen.usable).toBe(true);
      expect(await azure.control.log(0, true)).toHaveLength(before);
    });

    it("tells one that answers nobody, by three witnesses", async () => {
      await begin(primary);
      await azure.control.fault({ name: "storage-unavailable", resource: primary });
      await azure.control.advance(60);

      const seen = await valueOf(storage.diagnoseStorage, look);

      expect(seen).toMatchObject({ condition: "unavailable", usable: false });
      expect(seen.sources.filter(({ says }) => says === "failed").length).toBeGreaterThan(1);
    });

    it("sees the account in use while the region of the other one is down", async () => {
      await begin(primary);
      await azure.control.fault({ name: "region-down", region: "eastus" });
      await azure.control.advance(60);

      const seen = await valueOf(storage.diagnoseStorage, {
        ...{ ...look, app: production.containerApp.secondary ?? "", standby: app },
        sides: { primary: secondary, secondary: primary },
      });

      expect(seen).toMatchObject({
        ...{ condition: "healthy", usable: true },
        account: { id: secondary, side: "primary", known: "observed", address: to },
      });
      expect(seen.detail).toContain("the other side was not seen: ");
    });

    it("goes by the app and by its own use where the provider refuses management calls", async () => {
      await begin(primary);
      const operation = "storageAccounts.getProperties";
      await azure.control.fault({ name: "server-error", status: 503, match: { operation } });
      const well = await valueOf(storage.diagnoseStorage, look);
      await azure.control.fault({ name: "storage-unavailable", resource: primary });
      await azure.control.advance(60);
      const bad = await valueOf(storage.diagnoseStorage, look);

      expect(well).toMatchObject({ condition: "healthy", account: { id: primary, address: from } });
      expect(bad).toMatchObject({
        condition: "unavailable",
        account: { id: primary, known: "observed", address: from },
      });
      expect(bad.sources.map(({ says }) => says)).toEqual(["unknown", "failed", "failed"]);
      expect(bad.redundancy).toBeUndefined();
    });

    it("tells one that fails over, and one that is gone", async () => {
      const caller = await begin(primary);
      await azure.control.fault({ name: "storage-unavailable", resource: primary });
      await runner.run(storage.startStorageFailover, caller, failOver);
      await azure.control.advance(60);
      const failingOver = await valueOf(storage.diagnoseStorage, look);
      const lost = primary.replace(/[^/]+$/, "mcpstoragelost");
      const told = JSON.stringify(seed()).replaceAll(
        from,
        "https://mcpstoragelost.blob.core.windows.net",
      );
      await azure.control.reset(JSON.parse(told));
      await azure.control.advance(60);
      const gone = await valueOf(storage.diagnoseStorage, { ...look, sides: { primary: lost } });

      expect(failingOver.condition).toBe("failing-over");
      expect(gone).toMatchObject({
        ...{ condition: "gone", usable: false },
        account: { id: lost, side: "primary", known: "observed" },
      });
      expect(gone.redundancy).toBeUndefined();
    });

    it("does not take its own missing role for a failure of the account", async () => {
      const service = await ofService();
      await resetWith(({ scope, principalId }) => scope !== primary || principalId !== service);

      const seen = await valueOf(storage.diagnoseStorage, look);

      expect(seen.usable).toBe(false);
      expect(seen.condition).toBe("healthy");
    });

    it("says where the app itself cannot, and nothing explains it", async () => {
      const service = await ofService();
      await resetWith(({ scope, principalId }) => scope !== primary || principalId === service);

      const seen = await valueOf(storage.diagnoseStorage, look);

      expect(seen).toMatchObject({ condition: "unexplained", usable: true });
    });

    it("sees the account of the revision that serves, while a newer one names another", async () => {
      const caller = await begin(app);

      await runner.run(storage.startStorageMove, caller, { app, to, suffix: "dr-ab12cd-1" });
      const meanwhile = await valueOf(storage.diagnoseStorage, look);
      await azure.control.advance(300);
      const after = await valueOf(storage.diagnoseStorage, look);

      expect([meanwhile.account.side, after.account.side]).toEqual(["primary", "secondary"]);
      expect(after.account).toMatchObject({ id: secondary, address: to });
    });
  });

  it("moves an app in one revision that keeps all but its account", async () => {
    const caller = await begin(app);

    await runner.run(storage.startStorageMove, caller, { app, to, suffix: "dr-ab12cd-1" });
    await azure.control.advance(300);
    const seen = (await ports.arm.get(app, "2026-07-01")) as {
      properties: {
        latestReadyRevisionName: string;
        template: { containers: { env: { name: string; value?: string }[] }[]; scale: object };
      };
    };

    const { template, latestReadyRevisionName } = seen.properties;
    const env = Object.fromEntries(
      (template.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
    );
    expect(latestReadyRevisionName).toBe("mcp-server-prod--dr-ab12cd-1");
    expect(env["STORAGE_ACCOUNT_URL"]).toBe(to);
    expect(env["KEY_VAULT_URL"]).toContain("mcp-server-prod-kv.");
    expect(template.scale).toMatchObject({ minReplicas: 2 });
  });

  it("makes an account that nobody reads without a role, and that names its run", async () => {
    const caller = await begin(primary);
    const wanted = { account: fresh, location: "westus", sku: "Standard_RAGRS", lease: primary };

    await runner.run(storage.startAccountCreation, caller, wanted);
    await azure.control.advance(120);
    const seen = (await ports.arm.get(fresh, "2023-05-01")) as {
      sku: { name: string };
      tags: Record<string, string>;
      properties: { allowBlobPublicAccess: boolean; minimumTlsVersion: string };
    };

    expect(seen).toMatchObject({ sku: { name: "Standard_RAGRS" }, tags: { [madeByTag]: run } });
    expect(seen.properties).toMatchObject({
      ...{ allowBlobPublicAccess: false, minimumTlsVersion: "TLS1_2" },
    });
  });

  it("does not take over an account that somebody else has made", async () => {
    const caller = await begin(secondary);

    const answer = await runner.run(storage.startAccountCreation, caller, {
      ...{ account: secondary, location: "westus", sku: "Standard_RAGRS", lease: secondary },
    });

    expect(answer).toMatchObject({ ok: false, failure: { code: "name-taken" } });
    expect(await requests("storageAccounts.create")).toHaveLength(0);
  });

  describe("the choice", () => {
    const choose = (more: object = {}) =>
      valueOf(storage.chooseAccount, { sides, lost: primary, ...more });
    const make = async (name: string, by: string | undefined) => {
      const caller = await begin(primary);
      const account = primary.replace(/[^/]+$/, name);
      const wanted = { account, location: "westus", sku: "Standard_LRS", lease: primary };
      await runner.run(
        storage.startAccountCreation,
        by === undefined ? caller : { ...caller, run: by },
        wanted,
      );
      await azure.control.advance(120);
      return account;
    };

    it("is the other side where it stands, and the first side where the other is lost", async () => {
      await begin(primary);

      expect((await choose()).standby).toBe(secondary);
      expect((await choose({ lost: secondary })).standby).toBe(primary);
    });

    it("is not a side that is unavailable or fails over", async () => {
      const caller = await begin(secondary);
      await azure.control.fault({ name: "storage-unavailable", resource: secondary });
      const away = await choose();

      const back = await begin(primary);
      await runner.run(storage.startStorageFailover, back, failOver);
      const failing = await choose({ lost: secondary });

      expect(caller.leases).toHaveLength(1);
      expect([away.standby, failing.standby]).toEqual([undefined, undefined]);
    });

    it("names a free account: the reserved one, else one of its own", async () => {
      await begin(primary);

      const reserved = await choose({ reservedName: "mcpkeptfree" });
      const taken = await choose({ reservedName: "mcpstorageproddr" });

      expect(reserved.free).toMatch(/mcp-server-prod-dr\/.*\/mcpkeptfree$/);
      expect(taken.free).toMatch(/\/mcpstorageproddr[0-9a-f]{6}$/);
    });

    it("finds the account that this run has made", async () => {
      const account = await make("mcpkeptfree", undefined);

      const again = await choose({ sides: { primary }, reservedName: "mcpkeptfree" });

      expect(again).toMatchObject({ free: account });
    });
  });

  it("finds the app, this service and whoever else may use the account, such as the edge", async () => {
    await begin(primary);

    const { users, appHasIdentity } = await valueOf(storage.findStorageUsers, {
      app,
      instead: primary,
    });

    const roles = users.map(({ role }) => role).sort();
    expect(appHasIdentity).toBe(true);
    expect(users.map(({ name }) => name)).toContain("this service");
    expect(roles).toContain("Storage Blob Data Reader");
    expect(roles.filter((role) => role === "Storage Blob Data Contributor").length).toBe(
      users.length - 1,
    );
    const [edge] = users.filter(({ role }) => role === "Storage Blob Data Reader");
    const known = seed().roleAssignments as readonly {
      scope: string;
      principalId: string;
      roleDefinitionId: string;
    }[];
    expect(
      known.find(
        ({ scope, roleDefinitionId }) => scope === primary && roleDefinitionId === blobReader,
      )?.principalId,
    ).toBe(edge?.principalId);
  });

  it("finds the app and itself where the account is gone, and asks again where it is throttled", async () => {
    await begin(primary);

    const gone = await valueOf(storage.findStorageUsers, { app, instead: fresh });
    await azure.control.fault({
      ...{ name: "throttle", retryAfterSeconds: 7, times: 1 },
      match: { operation: "roleAssignments.listForScope" },
    });
    const first = await runner.run(storage.findStorageUsers, base, { app, instead: primary });
    const again = await runner.run(storage.findStorageUsers, base, { app, instead: primary });

    expect(gone.users.every(({ role }) => role === "Storage Blob Data Contributor")).toBe(true);
    expect(first).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(again.ok && again.value.users.length).toBeGreaterThan(gone.users.length);
  });

  it("counts what is newer than an instant in the copy of the account", async () => {
    await begin(primary);
    const place = { endpoint: from, container: "branding" };
    const { blobs = [] } = (await ports.blobCopies.page(place)) ?? {};
    const since =
      blobs
        .map(({ modifiedAt }) => modifiedAt)
        .sort()
        .at(-1) ?? "";
    await azure.control.advance(60);
    await ports.anyBlob.write({ ...place, name: "late.svg" }, "late");

    const counted = await valueOf(storage.countNewerBlobs, {
      ...{ endpoint: from, containers: ["branding", "not-there"], since },
    });

    expect(counted).toMatchObject({ newer: 1, names: ["branding/late.svg"], complete: true });
  });

  it("brings what one account has to the other, and again only what is new", async () => {
    const caller = await begin(secondary);
    await azure.control.advance(60);
    const between = { from, to, container: "branding" };
    const bringing = { ...between, lease: secondary };
    const name = (endpoint: string) => ({ endpoint, container: "branding", name: "late.svg" });

    const first = await valueOf(storage.bringBlobs, bringing, caller);
    await azure.control.advance(60);
    await ports.anyBlob.write(name(from), "late");
    const second = await valueOf(storage.bringBlobs, bringing, caller);
    const compared = await valueOf(storage.compareAccounts, between);
    const back = await valueOf(storage.compareAccounts, { ...between, from: to, to: from });

    expect(first).toMatchObject({ changed: true, failed: [], waiting: 0 });
    expect(first.brought).toBe(first.done);
    expect(second.brought).toBe(1);
    expect(await ports.anyBlob.text(name(to))).toBe("late");
    expect(compared).toMatchObject({ toBring: 0, newerThere: [], olderCopies: 0 });
    expect(back).toMatchObject({ toBring: 0, newerThere: [], olderCopies: 0 });
  });

  it("keeps at home what the copies in use are older than", async () => {
    const caller = await begin(secondary);
    await azure.control.advance(60);
    const at = (endpoint: string, name: string) => ({ endpoint, container: "branding", name });
    await ports.anyBlob.write(at(from, "copied.svg"), "as it was backed up");
    await ports.anyBlob.write(at(from, "written.svg"), "as it was backed up");
    await valueOf(
      storage.bringBlobs,
      { from, to, container: "branding", lease: secondary },
      caller,
    );
    await azure.control.advance(60);
    await ports.anyBlob.write(at(from, "copied.svg"), "written last at home");
    await ports.anyBlob.write(at(to, "written.svg"), "written by the app meanwhile");

    const home = { from: to, to: from, container: "branding" };
    const compared = await valueOf(storage.compareAccounts, home);
    await valueOf(storage.bringBlobs, { ...home, lease: secondary }, caller);

    expect(compared).toMatchObject({
      ...{ toBring: 1, olderCopies: 1, newerThere: [] },
      keptThere: ["branding/copied.svg"],
      newerHere: ["branding/written.svg"],
    });
    expect(await ports.anyBlob.text(at(from, "copied.svg"))).toBe("written last at home");
    expect(await ports.anyBlob.text(at(from, "written.svg"))).toBe("written by the app meanwhile");
  });
});
