import type { OrchestrationHandler } from "durable-functions";
import { turned } from "../../src/domain/region-sides.js";
import type { ScenarioId } from "../../src/domain/scenario-id.js";
import { recoverKeyVault } from "../../src/orchestrators/recover-key-vault.js";
import { recoverRedis } from "../../src/orchestrators/recover-redis.js";
import { recoverStorage } from "../../src/orchestrators/recover-storage.js";
import { accountPatient } from "../support/account-patient.js";
import { cachePatient } from "../support/cache-patient.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, type Stub } from "../support/replay-driver.js";
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
