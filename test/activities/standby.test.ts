import { startUnlink } from "../../src/activities/redis-failure.contract.js";
import { prepareImport } from "../../src/activities/redis-restore.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import * as contract from "../../src/activities/standby.contract.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import { seedWithReadyStandby } from "../support/ready-standby.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const production = sampleEstate().environments.production!;
const { redis, containerApp, storage, primaryRegion } = production;
const app = containerApp.secondary!;
const standbyCache = redis.secondary!;
const run = "region-outage-production-20261122T135830Z-ab12cd";
const base: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
const [vaultAddress, storageAddress] = [
  "https://mcp-server-prod-kv-dr.vault.azure.net/",
  "https://mcpstorageproddr.blob.core.windows.net",
];
const elsewhere = { KEY_VAULT_URL: "https://mcp-server-prod-kv.vault.azure.net/" };

let azure: SimulatedAzure;
let runner: ActivityRunner;
let ports: AzurePorts;

beforeAll(async () => {
  azure = await simulatedAzure(seedWithReadyStandby());
  [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
});
afterAll(() => azure.stop());

async function done<Input, Output>(
  activity: ActivityContract<Input, Output>,
  input: Input,
): Promise<Output> {
  const answer = await runner.run(activity, base, input);
  if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  return answer.value;
}
const requests = async (operation: string) =>
  (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);

/** Begins anew; the lease of a resource is held. */
async function begin(resource: string): Promise<Caller> {
  await azure.control.reset();
  const wanted = { resource, scenario: "region-outage" as const };
  const lease = await runner.run(takeLease, base, wanted);
  if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
  return { ...base, leases: [{ resource, fencing: lease.value.fencing }] };
}
const regionDown = () => azure.control.fault({ name: "region-down", region: primaryRegion });

interface Change {
  readonly name: string;
  readonly operation: string;
  readonly resource: string;
  /** What is so before it is done. */
  readonly given: () => Promise<void>;
  readonly perform: (
    by: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean; revision?: string | undefined }>>;
}

const sideChange = (more: { variables?: Record<string, string>; minReplicas?: number } = {}) => ({
  ...{ app, suffix: "dr-ab12cd-1", minReplicas: 2 },
  variables: { KEY_VAULT_URL: vaultAddress, STORAGE_ACCOUNT_URL: storageAddress },
  ...more,
});

const changes: readonly Change[] = [
  {
    name: "startSideChange",
    operation: "containerApps.update",
    resource: app,
    given: () => Promise.resolve(),
    perform: (by, caller) =>
      by.run(contract.startSideChange, caller, sideChange({ variables: elsewhere })),
  },
  {
    name: "startUnlink at the side that is up",
    operation: "linkedServer.delete",
    resource: redis.primary,
    given: async () => {
      await regionDown();
    },
    perform: (by, caller) =>
      by.run(startUnlink, caller, {
        ...{ primary: redis.primary, secondary: standbyCache },
        ...{ at: "secondary", lease: redis.primary },
      }),
  },
];

describe.each(changes)("$name", ({ operation, resource, given, perform }) => {
  async function prepared(): Promise<Caller> {
    const caller = await begin(resource);
    await given();
    return caller;
  }

  it("changes once when it is run twice", async () => {
    const caller = await prepared();

    const first = await perform(runner, caller);
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(await requests(operation)).toHaveLength(1);
  });

  it.each([
    ["lost-answer", {}],
    ["server-error", { status: 500 }],
    ["throttle", { retryAfterSeconds: 7 }],
  ])("sends exactly one request under %s", async (name, more) => {
    const caller = await prepared();
    await azure.control.fault({ name, times: 1, match: { operation }, ...more });

    const answer = await perform(runner, caller);

    expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(await requests(operation)).toHaveLength(1);
  });

  it("finds its own act when the answer was lost, and does not repeat it", async () => {
    const caller = await prepared();
    await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });

    await perform(runner, caller);
    await azure.control.advance(30);
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests(operation)).toHaveLength(1);
  });

  it("repeats what was refused", async () => {
    const caller = await prepared();
    await azure.control.fault({ name: "throttle", times: 1, match: { operation } });

    await perform(runner, caller);
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests(operation)).toHaveLength(2);
  });

  it("is found by the next process when it is killed between act and answer", async () => {
    const caller = await prepared();
    const doomed = await azure.runner();
    const fault = { name: "hold-answer", times: 1, match: { operation } };
    const holding = await azure.control.fault(fault);

    const lost = perform(doomed, caller).catch(() => undefined);
    expect(await azure.control.held(10_000)).toHaveLength(1);
    await doomed.kill();
    await lost;
    await azure.control.removeFault(holding);
    await azure.control.advance(30);
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests(operation)).toHaveLength(1);
  });

  it("changes nothing without the lease, and nothing in a plan", async () => {
    const caller = await prepared();

    const bare = await perform(runner, { ...caller, leases: [] });
    const plan = await perform(runner, { ...caller, mode: "plan", leases: [] });

    expect(bare).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    expect(plan).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests(operation)).toEqual([]);
  });
});

describe("startSideChange", () => {
  it("changes nothing where the app does so already, however the address is written", async () => {
    const caller = await begin(app);
    const bare = vaultAddress.slice(0, -1);
    const variables = { KEY_VAULT_URL: bare, STORAGE_ACCOUNT_URL: `${storageAddress}/` };

    const answer = await runner.run(contract.startSideChange, caller, sideChange({ variables }));

    expect(answer).toMatchObject({ ok: true, value: { changed: false } });
    expect(answer).not.toHaveProperty("value.revision");
    expect(await requests("containerApps.update")).toEqual([]);
  });

  it("tells the app its variables and leaves the others as they are", async () => {
    const caller = await begin(app);

    const answer = await runner.run(
      contract.startSideChange,
      caller,
      sideChange({ variables: elsewhere }),
    );
    await azure.control.advance(120);

    const after = await done(contract.observeSide, { app, rule: containerApp.health });
    expect(answer).toMatchObject({ value: { revision: "mcp-server-prod-dr--dr-ab12cd-1" } });
    expect(after).toMatchObject({
      ...{ vault: elsewhere.KEY_VAULT_URL, storage: storageAddress, minReplicas: 2 },
      serving: ["mcp-server-prod-dr--dr-ab12cd-1"],
    });
  });

  it("has it keep more replicas where it keeps too few", async () => {
    const caller = await begin(app);

    const answer = await runner.run(
      contract.startSideChange,
      caller,
      sideChange({ minReplicas: 3 }),
    );
    await azure.control.advance(180);

    expect(answer).toMatchObject({ ok: true, value: { changed: true } });
    const seen = await done(contract.observeSide, { app, rule: containerApp.health });
    expect(seen).toMatchObject({ minReplicas: 3, ready: 3 });

    const suffix = "dr-ab12cd-2";
    const fewer = { ...sideChange({ variables: elsewhere }), suffix };
    await runner.run(contract.startSideChange, { ...caller, step: "fewer" }, fewer);
    await azure.control.advance(180);
    const after = await done(contract.observeSide, { app, rule: containerApp.health });
    expect(after).toMatchObject({ vault: elsewhere.KEY_VAULT_URL, minReplicas: 3, ready: 3 });
  });
});

describe("observeSide", () => {
  const look = (id = app) => done(contract.observeSide, { app: id, rule: containerApp.health });

  it("tells what the app is told, and how many replicas are ready", async () => {
    await azure.control.reset();

    expect(await look()).toMatchObject({
      ...{ vault: vaultAddress, storage: storageAddress },
      ...{ ready: 2, minReplicas: 2, answers: true, healthy: true },
      serving: ["mcp-server-prod-dr--v41"],
    });
  });

  it("sees an app that answers and is not well", async () => {
    await azure.control.reset();
    await azure.control.fault({ name: "redis-down", resource: standbyCache });

    expect(await look()).toMatchObject({ answers: true, healthy: false });
  });

  it("sees an app that does not answer at all", async () => {
    await azure.control.reset();
    await azure.control.fault({ name: "region-down", region: "westus", planes: ["data"] });

    expect(await look()).toMatchObject({ answers: false, healthy: false });
  });

  it("fails for a while where Resource Manager does not show the app", async () => {
    await azure.control.reset();
    await regionDown();

    const wanted = { app: containerApp.primary, rule: containerApp.health };
    const answer = await runner.run(contract.observeSide, base, wanted);

    expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
  });
});

describe("proveSide", () => {
  async function prove(path = containerApp.proof!) {
    const { fqdn = "" } = await done(contract.observeSide, { app, rule: containerApp.health });
    return done(contract.proveSide, { fqdn, path, id: "a-run-1" });
  }
  /** A cache that is linked takes no writes; the app needs one of its own. */
  async function writable(): Promise<void> {
    await azure.control.reset();
    await ports.cacheChanges.unlink(standbyCache, redis.primary);
    await azure.control.advance(300);
  }

  it("holds where what was written is read back, also the second time", async () => {
    await writable();

    expect(await prove()).toMatchObject({ holds: true });
    expect(await prove()).toMatchObject({ holds: true });
  });

  it("does not hold where the write is refused", async () => {
    await writable();
    const fault = { name: "storage-unavailable", resource: storage.secondary };
    await azure.control.fault(fault);

    const seen = await prove();

    expect(seen.holds).toBe(false);
    expect(seen.detail).toContain("the write was answered 50");
  });

  it("does not hold where there is no such address", async () => {
    await writable();

    const seen = await prove("/nowhere/{id}");

    expect(seen.holds).toBe(false);
    expect(seen.detail).toContain("the write was answered 404");
  });

  it("does not hold where nobody answers", async () => {
    await writable();
    const { fqdn = "" } = await done(contract.observeSide, { app, rule: containerApp.health });
    await azure.control.fault({ name: "region-down", region: "westus", planes: ["data"] });

    const seen = await done(contract.proveSide, { fqdn, path: containerApp.proof!, id: "1" });

    expect(seen.holds).toBe(false);
    expect(seen.detail).toContain("no answer");
  });
});

describe("prepareImport", () => {
  const wanted = {
    storage: { primary: storage.primary, secondary: storage.secondary },
    region: "westus",
  };

  it("needs no account of the region that is away", async () => {
    await azure.control.reset();
    await regionDown();

    const { place } = await done(prepareImport, wanted);

    expect(place.endpoint).toContain("mcpstorageproddr");
  });

  it("fails for a while where only the account that cannot be looked at could do", async () => {
    await azure.control.reset();
    await regionDown();

    const answer = await runner.run(prepareImport, base, { ...wanted, region: "eastus" });

    expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
  });
});
