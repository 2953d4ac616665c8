import { vaultId, vaultSeed } from "../simulator/key-vaults.js";
import { SUBSCRIPTION } from "../simulator/names.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;

beforeAll(async () => {
  azure = await simulatedAzure(vaultSeed());
});

afterAll(async () => {
  await azure.stop();
});

describe("Resource Manager without an SDK", () => {
  it("answers with the body, and refusals keep their code", async () => {
    const { arm } = await azure.ports();
    const missing = vaultId("no-such-vault");

    expect(await arm.get(`/subscriptions/${SUBSCRIPTION}`, "2022-12-01")).toMatchObject({
      subscriptionId: SUBSCRIPTION,
    });
    await expect(arm.get(missing, "2026-02-01")).rejects.toMatchObject({
      failure: { class: "terminal", code: "ResourceNotFound" },
    });
    await expect(arm.put(missing, "2026-02-01", { location: "westus" })).rejects.toMatchObject({
      failure: { class: "terminal", code: "InvalidRequestContent" },
    });
  });

  it("asks once, also where Azure does not answer well", async () => {
    const { arm } = await azure.ports();
    await azure.control.fault({ name: "throttle", match: { service: "arm" } });
    const before = (await azure.control.log()).length;

    await expect(arm.get(`/subscriptions/${SUBSCRIPTION}`, "2022-12-01")).rejects.toMatchObject({
      failure: { class: "transient", retryAfter: 10_000 },
    });
    const asked = (await azure.control.log()).slice(before);
    expect(asked.filter(({ service }) => service === "arm")).toHaveLength(1);
  });
});
