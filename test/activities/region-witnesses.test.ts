import * as contract from "../../src/activities/traffic.contract.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { withRedis } from "../simulator/caches.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const production = sampleEstate().environments.production!;
const { subscriptionId: subscription, trafficManager, containerApp, keyVault, redis } = production;
const run = "region-outage-production-20261122T135830Z-ab12cd";
const caller: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };

let azure: SimulatedAzure;
let runner: ActivityRunner;

beforeAll(async () => {
  azure = await simulatedAzure();
  runner = await azure.runner();
});

afterAll(() => azure.stop());

beforeEach(() => azure.control.reset());

const asked = {
  region: "eastus",
  subscription,
  app: containerApp.primary,
  health: containerApp.health,
  cache: redis.primary,
  vault: keyVault.primary,
  storage: { id: production.storage.primary, container: "branding" },
  traffic: {
    profile: trafficManager!.profile,
    type: "external" as const,
    endpoint: trafficManager!.primaryEndpoint,
  },
};

async function witness(wanted: contract.AskedWitnesses = asked) {
  const answer = await runner.run(contract.witnessRegion, caller, wanted);
  if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  const { sources, ...rest } = answer.value;
  const says = Object.fromEntries(sources.map(({ kind, says: word }) => [kind, word]));
  return { ...rest, says, sources };
}

describe("the witnesses of a region's health", () => {
  withRedis("say that a region is up in which all services answer", async () => {
    expect(await witness()).toMatchObject({
      verdict: "up",
      silent: 0,
      answering: 4,
      says: {
        "own-probe": "well",
        "traffic-manager": "well",
        "service-health": "unknown",
        "resource-health": "well",
      },
    });
  });

  it("agree the sooner the better: Traffic Manager within a minute, the platform some minutes later", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus" });
    await azure.control.advance(60);
    const soon = await witness();
    await azure.control.advance(600);
    const late = await witness();

    expect(soon).toMatchObject({
      verdict: "down",
      silent: 4,
      answering: 0,
      says: {
        "own-probe": "failed",
        "traffic-manager": "failed",
        "service-health": "unknown",
        "resource-health": "well",
      },
    });
    expect(late).toMatchObject({
      verdict: "down",
      says: {
        "own-probe": "failed",
        "traffic-manager": "failed",
        "service-health": "failed",
        "resource-health": "failed",
      },
    });
    expect(late.sources.find(({ kind }) => kind === "service-health")?.detail).toBe(
      "ACTIVE: Multiple services in East US",
    );
  });

  it("hear a vault that answers from the paired region, and are not misled by it", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus", planes: ["data", "dns"] });
    await azure.control.advance(400);

    expect(await witness()).toMatchObject({ verdict: "down", silent: 3, answering: 1 });
  });

  withRedis("do not call a region down over its app, nor over its settings", async () => {
    await azure.control.fault({ name: "restart-does-not-help", resource: containerApp.primary });
    await azure.control.advance(120);
    const app = await witness();
    await azure.control.removeFaults();
    await azure.control.fault({ name: "control-plane-down", region: "eastus" });
    const settings = await witness();

    expect(app).toMatchObject({
      verdict: "up",
      answering: 4,
      says: { "traffic-manager": "failed", "own-probe": "well" },
    });
    // Addresses come from Resource Manager, so all but the app cannot be asked.
    expect(settings).toMatchObject({ verdict: "unclear", silent: 3, answering: 1 });
  });

  it("are unsure where this service alone sees nothing", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus", planes: ["data", "dns"] });

    expect(await witness()).toMatchObject({
      verdict: "unclear",
      says: { "own-probe": "failed", "traffic-manager": "well" },
    });
  });

  it("do not take a witness who cannot be heard for a silent app", async () => {
    const operation = "trafficManagerProfiles.get";
    await azure.control.fault({ name: "server-error", match: { operation } });

    const { says, detail } = await witness();

    expect(says["traffic-manager"]).toBe("unknown");
    expect(detail).not.toContain("no answer from the app");
  });

  it("do not hold up each other: what hangs counts as silent after a probe's time", async () => {
    await azure.control.fault({ name: "hang", match: { service: "key-vault" } });
    await azure.control.fault({
      name: "hang",
      match: { operation: "availabilityStatuses.getByResource" },
    });
    const begun = performance.now();

    const seen = await witness();

    expect(performance.now() - begun).toBeLessThan(9_000);
    expect(seen.sources[0]?.detail).toContain("the vault");
    expect(seen.says).toMatchObject({ "resource-health": "unknown", "traffic-manager": "well" });
  });

  it("leave out what stands in another region, and ask the app alone where no more is named", async () => {
    const { secondary = "" } = keyVault;
    const { region, health, app } = asked;

    const elsewhere = await witness({ subscription, region, health, app, vault: secondary });

    expect(elsewhere).toMatchObject({ verdict: "up", silent: 0, answering: 1 });
    expect(elsewhere.says["traffic-manager"]).toBe("unknown");
  });
});
