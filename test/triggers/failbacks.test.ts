import { endpoint } from "../../src/triggers/endpoint.js";
import { startFailback } from "../../src/triggers/failbacks.js";
import { startRecovery } from "../../src/triggers/recoveries.js";
import { sampleEstate } from "../support/estates.js";
import { serviceInMemory } from "../support/service-calls.js";

const order = {
  environment: "production",
  resource: "key-vault",
  reason: "the original region is well again",
};
const { secondary = "" } = sampleEstate().environments.production?.keyVault ?? {};

function failbacks() {
  const service = serviceInMemory();
  const start = endpoint(service.dependencies, startFailback, {
    permission: "operate",
    action: "start-failback",
  });
  const recovering = endpoint(service.dependencies, startRecovery, {
    permission: "operate",
    action: "start-recovery",
  });
  return {
    ...service,
    order: (body: unknown, headers: Record<string, string> = {}) =>
      service.send(start, { path: "failbacks", headers, body }),
    recover: (resource?: string) =>
      service.send(recovering, {
        body: {
          scenario: "key-vault-failure",
          environment: "production",
          reason: "it fails",
          ...(resource === undefined ? {} : { resource }),
        },
      }),
  };
}

describe("orders to fail back", () => {
  it("start the failback's run and hold the incident of the original side", async () => {
    const { order: send, client, entries, blobs } = failbacks();

    const answer = await send(order);

    expect(answer).toMatchObject({ status: 202, json: { status: "started" } });
    expect(client.started).toEqual([answer.json["id"]]);
    expect(String(answer.json["id"])).toMatch(/^failback-key-vault-production-/);
    expect(entries()).toMatchObject([{ action: "start-failback", result: "accepted" }]);
    const [held] = [...blobs.blobs].filter(([name]) => name.startsWith("incidents/"));
    expect(JSON.parse(held?.[1].text ?? "{}")).toMatchObject({
      scenario: "key-vault-failure",
      procedure: "key-vault-failback",
      status: "open",
    });
  });

  it("give the same run for the same Idempotency-Key, however often they are sent", async () => {
    const { order: send, client } = failbacks();
    const headers = { "idempotency-key": "one" };

    const first = await send(order, headers);
    const again = await send(order, headers);
    const other = await send({ ...order, reason: "another one" }, headers);

    expect(again.json["id"]).toBe(first.json["id"]);
    expect(client.started).toHaveLength(1);
    expect(other.status).toBe(422);
  });

  it("are refused beside another failback, and hold off a recovery of the original", async () => {
    const { order: send, recover, client } = failbacks();
    const { json } = await send(order);

    const second = await send(order);
    const recovery = await recover();

    for (const answer of [second, recovery]) {
      expect(answer).toMatchObject({ status: 409, json: { run: json["id"] } });
    }
    expect(client.started).toHaveLength(1);
  });

  it("are refused while a recovery of either side is open", async () => {
    for (const side of [undefined, secondary]) {
      const { order: send, recover } = failbacks();
      const { json } = await recover(side);

      expect(await send(order)).toMatchObject({ status: 409, json: { run: json["id"] } });
    }
  });

  it("are started again once the recovery has ended", async () => {
    const { order: send, recover, client } = failbacks();
    const { json } = await recover(secondary);
    client.end(String(json["id"]));

    expect((await send(order)).status).toBe(202);
  });

  it("show a plan beside a recovery, and open nothing", async () => {
    const { order: send, recover, blobs } = failbacks();
    await recover();
    const before = [...blobs.blobs.keys()].filter((name) => name.startsWith("incidents/"));

    const plan = await send({ ...order, mode: "plan" });

    expect(plan.status).toBe(202);
    const after = [...blobs.blobs.keys()].filter((name) => name.startsWith("incidents/"));
    expect(after).toEqual(before);
  });

  it("hold the incident of what leads users to a region, so that its alert is attached", async () => {
    const { order: send, blobs } = failbacks();

    expect((await send({ ...order, resource: "region" })).status).toBe(202);
    const open = [...blobs.blobs.keys()].filter((name) => name.startsWith("incidents/"));
    expect(open).toEqual([expect.stringMatching(/^incidents\/production\/region-outage\//)]);
  });

  it("name the member that is wrong", async () => {
    const answer = await failbacks().order({ ...order, resource: "cache" });

    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: "resource" }] } });
  });
});
