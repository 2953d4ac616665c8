import * as protection from "../../src/activities/protection.contract.js";
import * as redis from "../../src/activities/redis-backup.contract.js";
import * as restore from "../../src/activities/redis-restore.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import type { Answer, Caller } from "../../src/durable/activity-contract.js";
import { withRedis } from "../simulator/caches.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const production = sampleEstate().environments.production!;
const cache = production.redis.primary;
const run = "backup-redis-production-20261122T140000Z";
const place = {
  endpoint: "https://mcpstorageprod.blob.core.windows.net",
  container: "redis-backups",
  prefix: "mcp-redis-prod/20261122T140000Z-run",
  own: false,
};

interface Change {
  readonly name: string;
  /** The request that Azure gets, and how many seconds after it its trace can be seen. */
  readonly operation: string;
  readonly visibleAfter: number;
  readonly prepare: (ports: AzurePorts, control: SimulatedAzure["control"]) => Promise<void>;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean; operation?: string | undefined }>>;
}

const exported: Change = {
  name: "startExport",
  operation: "redis.exportData",
  visibleAfter: 30,
  prepare: async (ports) => {
    await ports.blobCopies.ensureContainer(place);
  },
  perform: (runner, caller) =>
    runner.run(redis.startExport, caller, { cache, place, access: "sas" }),
};

const imported: Change = {
  name: "startImport",
  operation: "redis.importData",
  visibleAfter: 1_300,
  prepare: async (ports, control) => {
    await ports.blobCopies.ensureContainer(place);
    const container = await ports.cacheFiles.signedUrl(place);
    const { prefix } = place;
    await ports.redisCaches.startExport(cache, { container, prefix, byIdentity: false });
    await control.advance(700);
  },
  perform: (runner, caller) =>
    runner.run(restore.startImport, caller, {
      cache,
      place,
      files: [place.prefix],
      access: "identity",
    }),
};

describe("changes of a cache", () => {
  let azure: SimulatedAzure;
  let ports: AzurePorts;
  let runner: ActivityRunner;

  beforeAll(async () => {
    azure = await simulatedAzure();
    ports = await azure.ports();
    runner = await azure.runner();
  });
  afterAll(() => azure.stop());

  async function begin({ prepare }: Change): Promise<Caller> {
    await azure.control.reset();
    await prepare(ports, azure.control);
    const caller: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
    const wanted = { resource: cache, scenario: "redis-backup" as const };
    const lease = await runner.run(takeLease, caller, wanted);
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...caller, leases: [{ resource: cache, fencing: lease.value.fencing }] };
  }
  const requests = async (operation: string) =>
    (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);

  it("of its settings are none in a plan; what soft deletion does to its exports is said", async () => {
    await azure.control.reset();
    const { primary, secondary } = production.storage;
    const wanted = { cache, windowHours: 5, storage: { primary, secondary } };
    const plan: Caller = { run, step: "protect", attempt: 1, leases: [], mode: "plan" };
    const before = await runner.run(protection.protectCache, plan, wanted);
    const planned = (await azure.control.log()).filter(
      ({ mutating, service, operation }) =>
        mutating && service === "arm" && !operation.includes("listKeys"),
    );
    await ports.storageAccounts.protect(primary, 90);
    const after = await runner.run(protection.protectCache, plan, wanted);

    expect(before).toMatchObject({ ok: true, value: { changed: true, drift: [] } });
    expect(planned).toEqual([]);
    expect(after).toMatchObject({
      ok: true,
      value: {
        drift: [
          expect.stringMatching(
            /^its exports pass through mcpstorageprod, which keeps each as deleted for 90 days/,
          ) as string,
        ],
      },
    });
  });

  for (const subject of [exported, imported]) {
    const { name, operation, visibleAfter } = subject;

    withRedis(`${name} changes once when it is run twice`, async () => {
      const caller = await begin(subject);
      const first = await subject.perform(runner, caller);
      const again = await subject.perform(runner, { ...caller, attempt: 2 });

      expect(first).toMatchObject({ ok: true, value: { changed: true } });
      expect(JSON.stringify(first)).not.toContain("sig=");
      expect(again).toEqual(first);
      expect(await requests(operation)).toHaveLength(1);
    });

    for (const fault of ["lost-answer", "server-error", "throttle"]) {
      withRedis(`${name} sends exactly one request under ${fault}`, async () => {
        const caller = await begin(subject);
        await azure.control.fault({ name: fault, times: 1, match: { operation } });
        const answer = await subject.perform(runner, caller);

        expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
        expect(await requests(operation)).toHaveLength(1);
      });
    }

    withRedis(`${name} finds its own act when the answer was lost`, async () => {
      const caller = await begin(subject);
      await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });
      await subject.perform(runner, caller);
      const early = await subject.perform(runner, { ...caller, attempt: 2 });
      await azure.control.advance(visibleAfter);
      const later = await subject.perform(runner, { ...caller, attempt: 3 });

      if (!early.ok) expect(["busy", "transient"]).toContain(early.failure.class);
      expect(later).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(1);
    });

    withRedis(`${name} acts again after a clear refusal`, async () => {
      const caller = await begin(subject);
      await azure.control.fault({ name: "throttle", times: 1, match: { operation } });
      await subject.perform(runner, caller);
      const again = await subject.perform(runner, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(2);
    });

    withRedis(`${name} changes nothing without the lease, nor in a plan`, async () => {
      const caller = await begin(subject);
      const none = await subject.perform(runner, { ...caller, leases: [] });
      const plan = await subject.perform(runner, { ...caller, step: "other", mode: "plan" });

      expect(none).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
      expect(plan).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(0);
    });
  }
});
