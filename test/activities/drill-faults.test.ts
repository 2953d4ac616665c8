import * as contract from "../../src/activities/drill.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import { minutes } from "../../src/domain/duration.js";
import type { Undo } from "../../src/domain/drill.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { drills, type Drills } from "../../src/state/drills.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import { change, describeSafety, requestsOf, type Change } from "../support/safe-changes.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const environment = "production";
const production = sampleEstate().environments[environment]!;
const app = production.containerApp.primary;
const vault = production.keyVault.primary;
const cache = production.redis.primary;
const address = "https://mcp-server-prod-kv.vault.azure.net/";
const [there, missing] = ["jwt-signing-key", "disaster-recovery-drill"];
const [resting, serving] = ["mcp-server-prod--v40", "mcp-server-prod--v41"];
const run = "drill-q1-production-20261122T135500Z-ab12cd";
const at = "2026-11-22T13:55:00.000Z";

const revision: Undo = { kind: "activate-revision", app, revision: serving };
const secret: Undo = { kind: "recover-secret", vault, address, secret: there };
const target = minutes(15);
const exported = {
  set: "redis/mcp-server-prod-redis/20261122T133000Z-backup/",
  takenAt: "2026-11-22T13:30:00.000Z",
  way: "snapshot",
} as const;

const changes: readonly Change[] = [
  change(
    contract.injectFault,
    {
      ...{ environment, undo: revision, target },
      fault: { kind: "deactivate-revision", app, revision: serving },
    },
    { operation: "containerAppsRevisions.deactivate", resource: app },
  ),
  change(
    contract.injectFault,
    {
      ...{ environment, undo: secret, target },
      fault: { kind: "delete-secret", vault, address, secret: there },
    },
    { operation: "secrets.delete", resource: vault },
  ),
  change(
    contract.undoFault,
    { undo: { kind: "activate-revision", app, revision: resting } },
    { operation: "containerAppsRevisions.activate", resource: app },
  ),
  change(
    contract.injectFault,
    {
      environment,
      fault: { kind: "reboot-all", cache },
      undo: { kind: "restore-cache", cache, ...exported, held: 3, persistent: false },
      target,
    },
    { operation: "redis.forceReboot", resource: cache },
  ),
  change(
    contract.makeTestSecret,
    { vault, address, secret: missing },
    { operation: "secrets.set", resource: vault },
  ),
];

const recovery = change(
  contract.undoFault,
  { undo: secret },
  { operation: "deletedSecrets.recover", resource: vault },
);

describe("what a drill breaks and mends", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;
  let ports: AzurePorts;
  let papers: Drills;

  beforeAll(async () => {
    azure = await simulatedAzure();
    [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
    papers = drills(ports.state);
  });
  afterAll(() => azure.stop());

  const base: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
  /** The drill has the environment in hand, and nothing is broken yet. */
  async function begin({ resource }: Pick<Change, "resource">): Promise<Caller> {
    await azure.control.reset();
    await papers.change(environment, () => ({
      ...{ version: 1, environment, drill: "q1", run, resource },
      ...{ scenario: "container-app-failure", status: "begun", begunAt: at },
    }));
    const lease = await runner.run(takeLease, base, { resource, scenario: "container-app-drill" });
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...base, leases: [{ resource, fencing: lease.value.fencing }] };
  }
  const trial = { azure: () => azure, runner: () => runner };
  describeSafety(changes, { ...trial, begin });
  describeSafety([recovery], {
    ...trial,
    async begin(subject) {
      const caller = await begin(subject);
      await ports.secrets.remove(address, there);
      await azure.control.advance(60);
      return caller;
    },
  });

  it("writes down how a fault is undone before it breaks anything", async () => {
    const caller = await begin({ resource: app });
    const [first] = changes;
    await azure.control.fault({
      ...{ name: "server-error", status: 503, times: 1 },
      match: { operation: "containerAppsRevisions.deactivate" },
    });

    const refused = await first?.perform(runner, caller);

    expect(refused).toMatchObject({ ok: false });
    expect(await papers.read(environment)).toMatchObject({ status: "broken", undo: revision });
  });

  it("breaks nothing where another drill has the environment in hand", async () => {
    const caller = await begin({ resource: app });
    await papers.change(environment, (standing) =>
      standing === undefined ? undefined : { ...standing, run: `${run}0` },
    );

    const answer = await changes[0]?.perform(runner, caller);

    expect(answer).toMatchObject({ ok: false, failure: { code: "not-in-hand" } });
    expect(await requestsOf(azure, "containerAppsRevisions.deactivate")).toEqual([]);
  });

  it("reboots the primary node once, however often it is asked for", async () => {
    const caller = await begin({ resource: cache });
    const fault = { kind: "reboot-primary", cache } as const;
    const wanted = { environment, fault, undo: { kind: "none" }, target } as const;

    const first = await runner.run(contract.injectFault, caller, wanted);
    const again = await runner.run(contract.injectFault, { ...caller, attempt: 2 }, wanted);

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(await requestsOf(azure, "redis.forceReboot")).toHaveLength(1);
  });
});
