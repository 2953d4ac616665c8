import type { OrchestrationHandler } from "durable-functions";
import { saveRecord } from "../../src/activities/run.contract.js";
import { turned } from "../../src/domain/region-sides.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import type { ScenarioId } from "../../src/domain/scenario-id.js";
import { failBackKeyVault } from "../../src/orchestrators/fail-back-key-vault.js";
import { failBackRedis } from "../../src/orchestrators/fail-back-redis.js";
import { failBackStorage } from "../../src/orchestrators/fail-back-storage.js";
import { recoverKeyVault } from "../../src/orchestrators/recover-key-vault.js";
import { recoverRedis } from "../../src/orchestrators/recover-redis.js";
import { recoverStorage } from "../../src/orchestrators/recover-storage.js";
import { accountPatient } from "../support/account-patient.js";
import { cachePatient } from "../support/cache-patient.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, stub, type Stub } from "../support/replay-driver.js";
import { vaultPatient } from "../support/vault-patient.js";

const { estate } = orderOf();
const [home, away] = [estate.containerApp.primary, estate.containerApp.secondary ?? ""];

interface Case {
  readonly scenario: ScenarioId;
  readonly orchestrator: OrchestrationHandler;
  readonly resource: string;
  readonly stubs: (users: "primary" | "secondary") => readonly Stub[];
}

const cases: readonly Case[] = [
  {
    scenario: "redis-failure",
    orchestrator: recoverRedis,
    resource: estate.redis.secondary ?? "",
    stubs: (users) => cachePatient({ users, active: "secondary" }).stubs,
  },
  {
    scenario: "key-vault-failure",
    orchestrator: recoverKeyVault,
    resource: estate.keyVault.secondary ?? "",
    stubs: (users) => vaultPatient({ users, condition: "role-missing" }).stubs,
  },
  {
    scenario: "storage-failure",
    orchestrator: recoverStorage,
    resource: estate.storage.secondary ?? "",
    stubs: (users) => accountPatient({ users, condition: "unavailable" }).stubs,
  },
];

/** The apps that the run's activities were told to look at or to change. */
async function appsOf(
  { scenario, orchestrator, resource, stubs }: Case,
  users: "primary" | "secondary",
) {
  const { calls } = await replay(orchestrator, {
    instanceId: runOf(scenario),
    input: orderOf({ scenario, resource }),
    stubs: stubs(users),
    startAt: Date.parse(detectedAt) + 6_000,
  });
  return new Set(
    calls.flatMap(({ input }) => {
      const { app } = input as { app?: unknown };
      return typeof app === "string" ? [app] : [];
    }),
  );
}

describe.each(cases)("$scenario, after users have been led to the other region", (subject) => {
  it("is recovered for the app that they use", async () => {
    expect(await appsOf(subject, "secondary")).toEqual(new Set([away]));
  });

  it("is recovered for the first app while they are there", async () => {
    expect(await appsOf(subject, "primary")).toEqual(new Set([home]));
  });
});

describe.each<readonly [string, OrchestrationHandler, string, readonly Stub[]]>([
  ["redis", failBackRedis, estate.redis.primary, cachePatient({ users: "secondary" }).stubs],
  [
    "key-vault",
    failBackKeyVault,
    estate.keyVault.primary,
    vaultPatient({ users: "secondary", condition: "healthy", used: "secondary" }).stubs,
  ],
  [
    "storage",
    failBackStorage,
    estate.storage.primary,
    accountPatient({ users: "secondary", condition: "healthy", used: "secondary" }).stubs,
  ],
])(
  "a failback of %s alone, while users are in the other region",
  (_what, orchestrator, resource, stubs) => {
    it("changes nothing, and names the failback of the region", async () => {
      let record: RunRecord | undefined;
      const saved = stub(saveRecord, ({ record: written }) => {
        record = written;
        return { detail: "saved" };
      });
      const { scenario: _none, ...order } = orderOf({ resource });
      const { calls } = await replay(orchestrator, {
        instanceId: "failback-x-production-20261122T135830Z-ab12cd",
        input: order,
        stubs: [...stubs, saved],
        startAt: Date.parse(detectedAt),
      });

      expect(record?.outcome).toBe("needs-operator");
      expect(record?.nextSteps[0]).toContain('"resource":"region"');
      expect(calls.map(({ name }) => name)).not.toContain("takeLease");
    });
  },
);

describe("an estate with its sides changed", () => {
  it("names the other side of everything first, and is itself again when it is changed twice", () => {
    const other = turned(estate);

    expect(other.containerApp).toMatchObject({ primary: away, secondary: home });
    expect(other.primaryRegion).toBe(estate.secondaryRegion);
    expect(turned(other)).toEqual(estate);
  });

  it("keeps what has no other side", () => {
    const { secondary: _none, ...storage } = estate.storage;

    expect(turned({ ...estate, storage }).storage).toEqual(storage);
  });
});
