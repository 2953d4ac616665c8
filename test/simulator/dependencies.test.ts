import { healthReport, trafficOf } from "../../simulator/application/health.js";
import { requestsBetween } from "../../simulator/application/activity.js";
import { keyOf } from "../../simulator/arm/resource-id.js";
import { checkPatch } from "../../simulator/container-apps/change.js";
import type { ContainerApp } from "../../simulator/container-apps/state.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { smallSeed } from "../../simulator/seeds/small.js";
import { parseSeed } from "../../simulator/world/seed.js";
import { Timeline } from "../../simulator/world/timeline.js";
import { createWorld, type World } from "../../simulator/world/world.js";
import { APP_ID } from "./names.js";

const IDENTITY = smallSeed.identities[0]!;
const VAULT = "https://mcp-server-kv.vault.azure.net";
const REFERENCE = `${VAULT}/secrets/redis-connection-string`;

let now: number;
let world: World;
let app: ContainerApp;
/** What the vault holds, by URL; empty while it is out of reach. */
let vault: Map<string, string>;

beforeEach(() => {
  now = Date.parse("2026-11-22T12:00:00Z");
  const [seeded, ...others] = smallSeed.containerApps ?? [];
  const container = {
    ...seeded!.containers[0]!,
    env: [
      { name: "AZURE_CLIENT_ID", value: IDENTITY.clientId },
      { name: "KEY_VAULT_URL", value: VAULT },
      { name: "REDIS_CONNECTION_STRING", secretRef: "redis" },
    ],
  };
  const withSecrets = {
    ...seeded!,
    identity: { userAssigned: [IDENTITY.resourceId] },
    secrets: [{ name: "redis", keyVaultUrl: REFERENCE, identity: IDENTITY.resourceId }],
    containers: [container],
  };
  const seed = parseSeed({ ...smallSeed, containerApps: [withSecrets, ...others] }, "of the test");
  world = createWorld(seed, new Timeline(() => now), durationsOf(calm, 1));
  vault = new Map([[REFERENCE, "mcp-redis:6380,password=one"]]);
  world.dependencies.readSecretsWith((url, principalId) =>
    principalId === IDENTITY.principalId ? vault.get(url) : undefined,
  );
  world.dependencies.register("redis", ({ env }) => {
    const connection = env.get("REDIS_CONNECTION_STRING");
    if (connection === undefined) return { status: "unhealthy", detail: "no connection string" };
    return connection.endsWith("one")
      ? { status: "healthy", detail: "PONG" }
      : { status: "unhealthy", detail: "WRONGPASS" };
  });
  world.dependencies.register("keyVault", ({ env, principalId }) =>
    env.get("KEY_VAULT_URL") === VAULT && principalId === IDENTITY.principalId && vault.size > 0
      ? { status: "healthy", detail: "ok" }
      : { status: "unhealthy", detail: "the vault does not answer" },
  );
  world.dependencies.register("storage", () => undefined);
  world.settle();
  app = world.containerApps.get(keyOf(APP_ID))!;
});

const advance = (seconds: number): void => {
  now += seconds * 1000;
  world.timeline.settle();
};
const serving = () => app.revisions.find(({ name }) => name === app.serving)!;
const health = (replica = 0) => {
  const revision = serving();
  return healthReport(app, revision, revision.replicas[replica]!, world);
};
const patch = (properties: object) => checkPatch(app, { location: "eastus", properties }, world);

/** What is thrown, if anything. */
const refusalOf = (act: () => unknown): unknown => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
};

it("health tells of each dependency that there is, and leaves out the others", () => {
  expect(health()).toEqual({
    status: "healthy",
    checks: {
      server: { status: "healthy", detail: "ok" },
      redis: { status: "healthy", detail: "PONG" },
      keyVault: { status: "healthy", detail: "ok" },
    },
  });
});

it("a dependency that fails turns health and the users' requests around, from then on", () => {
  const before = requestsBetween(app, now - 60_000, now);
  advance(60);
  vault.clear();
  world.dependencies.changed();
  advance(60);

  expect(health()).toMatchObject({
    status: "unhealthy",
    checks: { keyVault: { detail: "the vault does not answer" } },
  });
  expect(before.every(({ status }) => status === 200)).toBe(true);
  expect(requestsBetween(app, now - 110_000, now).map(({ status }) => status)).toContain(200);
  expect(
    requestsBetween(app, now - 50_000, now).every(({ status, backend }) => {
      return status === 503 && backend.ailment?.check === "keyVault";
    }),
  ).toBe(true);
});

it("a secret that changes in its vault is not seen before a restart", () => {
  vault.set(REFERENCE, "mcp-redis:6380,password=two");
  world.dependencies.changed();
  expect(health().checks["redis"]).toMatchObject({ status: "healthy" });

  world.lifecycle.restart(app, serving());
  advance(25);
  const first = trafficOf(app, world)[0]?.backends.map(({ ailment }) => ailment?.detail);
  advance(25);
  const second = trafficOf(app, world)[0]?.backends.map(({ ailment }) => ailment?.detail);

  expect(first).toEqual([undefined, "WRONGPASS"]);
  expect(second).toEqual(["WRONGPASS", "WRONGPASS"]);
});

it("a vault out of reach leaves a restarted app with the value that the platform knew", () => {
  vault.clear();
  world.lifecycle.restart(app, serving());
  advance(60);

  expect(health().checks["redis"]).toMatchObject({ status: "healthy" });
});

it("a newer version behind a reference without one restarts the app within half an hour", () => {
  vault.set(REFERENCE, "mcp-redis:6380,password=two");
  advance(1800 + 50);

  expect(health().checks["redis"]).toMatchObject({ detail: "WRONGPASS" });
});

describe("a change of secrets", () => {
  const reference = (change: object): object => ({
    configuration: {
      secrets: [
        { name: "redis", keyVaultUrl: REFERENCE, identity: IDENTITY.resourceId, ...change },
      ],
    },
  });

  it.each([
    [
      "a secret that the vault does not have",
      { keyVaultUrl: `${VAULT}/secrets/other` },
      "InvalidParameterValueInContainerTemplate",
    ],
    [
      "what is no secret of a vault",
      { keyVaultUrl: `${VAULT}/keys/other` },
      "ContainerAppSecretKeyVaultUrlInvalid",
    ],
    ["an identity that the app does not have", { identity: "system" }, "ContainerAppSecretInvalid"],
    ["no identity", { identity: undefined }, "ContainerAppSecretInvalid"],
    [
      "nothing but a name",
      { identity: undefined, keyVaultUrl: undefined },
      "ContainerAppSecretInvalid",
    ],
    [
      "an empty value",
      { identity: undefined, keyVaultUrl: undefined, value: "" },
      "ContainerAppSecretInvalid",
    ],
  ])("with %s is refused", (_what, change, code) => {
    expect(refusalOf(() => patch(reference(change)))).toMatchObject({ status: 400, code });
  });

  it("reads a new reference at once", () => {
    vault.set(`${VAULT}/secrets/other`, "three");

    expect(patch(reference({ keyVaultUrl: `${VAULT}/secrets/other` })).secrets).toEqual(
      new Map([["redis", "three"]]),
    );
  });

  it("keeps a reference that stays as it is, though its vault is out of reach", () => {
    vault.clear();

    expect(patch({ template: { revisionSuffix: "v150" } }).secrets).toEqual(
      new Map([["redis", "mcp-redis:6380,password=one"]]),
    );
  });

  it("cannot leave out what the template needs, nor name a secret twice", () => {
    const twice = { name: "redis", value: "x" };

    expect(refusalOf(() => patch({ configuration: { secrets: [] } }))).toMatchObject({
      code: "ContainerAppSecretRefNotFound",
    });
    expect(refusalOf(() => patch({ configuration: { secrets: [twice, twice] } }))).toMatchObject({
      code: "ContainerAppSecretInvalid",
    });
  });
});
