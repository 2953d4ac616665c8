import { readSecret } from "../../simulator/key-vault/readable.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { parseSeed } from "../../simulator/world/seed.js";
import { Timeline } from "../../simulator/world/timeline.js";
import { createWorld, type World } from "../../simulator/world/world.js";
import { APP, MAIN, MAIN_ID, vaultId, vaultSeed } from "./key-vaults.js";

const MAIN_URI = `https://${MAIN}.vault.azure.net/`;
const START = Date.parse("2026-11-23T08:00:00Z");

let now: number;

const worldWith = (more?: Parameters<typeof vaultSeed>[0]): World => {
  now = START;
  return createWorld(
    parseSeed(vaultSeed(more), "of the test"),
    new Timeline(() => now),
    durationsOf(calm, 1),
  );
};
const outcome = (world: World, secret?: string, vaultUri = MAIN_URI): string | undefined => {
  const result = readSecret(world, {
    vaultUri,
    principalId: APP,
    ...(secret !== undefined && { secret }),
  });
  return result.readable ? result.value : result.reason;
};

describe("whether the app can read a secret", () => {
  it("follows the rules of the data plane, and says why not", () => {
    const world = worldWith();

    expect(outcome(world, "rotated")).toBe("third");
    expect(outcome(world)).toBeUndefined();
    expect(outcome(world, "missing")).toBe(`${MAIN} answers 404 SecretNotFound for missing`);
    expect(outcome(world, "off")).toBe(`${MAIN} answers 403 SecretDisabled for off`);
    expect(outcome(world, "rotated", "https://nothing.vault.azure.net")).toBe(
      "nothing.vault.azure.net cannot be resolved",
    );
    expect(outcome(world, "rotated", "not an address")).toBe("not an address cannot be resolved");
  });

  it("depends on the app's own role and address", () => {
    const closed = { id: MAIN_ID, location: "eastus", networkAcls: { defaultAction: "Deny" } };

    expect(outcome(worldWith({ roles: [] }), "rotated")).toBe(
      `${MAIN} answers 403 ForbiddenByRbac for rotated`,
    );
    expect(outcome(worldWith({ keyVaults: [closed] }), "rotated")).toBe(
      `${MAIN} answers 403 ForbiddenByFirewall for rotated`,
    );
    expect(outcome(worldWith({ keyVaults: [], deletedVaults: [closed] }), "rotated")).toBe(
      `${MAIN}.vault.azure.net cannot be resolved`,
    );
  });

  it("ends with an outage of the region and comes back with the failover", () => {
    const world = worldWith();
    const seen: (string | undefined)[] = [];
    world.vaults.onChange(() => seen.push(outcome(world, "rotated")));
    world.conditions.begin("fault-1", { name: "region-down", region: "eastus" }, now);
    world.conditionsChanged();
    now += 300_000;
    world.timeline.settle();

    expect(seen).toEqual([`${MAIN} cannot be resolved`, "third"]);
  });

  it("ends while the vault alone is cut off", () => {
    const world = worldWith();
    world.conditions.begin("fault-1", { name: "vault-unavailable", resource: vaultId(MAIN) }, now);

    expect(outcome(world, "rotated")).toBe(`${MAIN} does not answer`);
  });
});
