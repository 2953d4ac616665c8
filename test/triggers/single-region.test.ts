import { endpoint } from "../../src/triggers/endpoint.js";
import { startFailback } from "../../src/triggers/failbacks.js";
import { startRecovery } from "../../src/triggers/recoveries.js";
import { sampleEstate } from "../support/estates.js";
import { serviceInMemory } from "../support/service-calls.js";

const estate = sampleEstate();
const { recoveryRegion } = estate.environments.development!;

function orders() {
  const service = serviceInMemory();
  const at = {
    recoveries: endpoint(service.dependencies, startRecovery, {
      permission: "operate",
      action: "start-recovery",
    }),
    failbacks: endpoint(service.dependencies, startFailback, {
      permission: "operate",
      action: "start-failback",
    }),
  };
  const wishes = {
    recoveries: { scenario: "region-outage", reason: "Service Health says that it is away" },
    failbacks: { resource: "region", reason: "it is well again" },
  };
  return {
    ...service,
    order: (path: keyof typeof at, environment: string, more: object = {}) =>
      service.send(at[path], { path, body: { ...wishes[path], environment, ...more } }),
  };
}

describe.each([
  ["recoveries", "start-recovery"],
  ["failbacks", "start-failback"],
] as const)("an order at %s for a region, where there is only one", (path, action) => {
  it("is answered with what a person does instead, and starts nothing", async () => {
    const { order, client, blobs } = orders();

    const answer = await order(path, "development");

    expect(answer.status).toBe(409);
    expect(answer.json["detail"]).toContain("single-region estate: development names no other");
    const steps = answer.json["nextSteps"] as string[];
    expect(steps[0]).toContain(`in ${recoveryRegion}`);
    expect(steps.join()).toContain("POST /api/restores");
    expect(client.started).toEqual([]);
    expect([...blobs.blobs.keys()].filter((name) => name.startsWith("incidents/"))).toEqual([]);
  });

  it("leaves one entry in the audit, as other refusals do", async () => {
    const { order, entries } = orders();

    await order(path, "development");

    expect(entries()).toMatchObject([{ action, result: "refused" }]);
  });

  it("is answered the same way where only a plan is wanted", async () => {
    const { order, client } = orders();

    expect((await order(path, "development", { mode: "plan" })).status).toBe(409);
    expect(client.started).toEqual([]);
  });
});

describe("an order to recover a region", () => {
  it("starts a run where there is another one", async () => {
    const { order, client } = orders();

    const answer = await order("recoveries", "production");

    expect(answer.status).toBe(202);
    expect(client.started[0]).toMatch(/^region-outage-production-/);
  });
});
