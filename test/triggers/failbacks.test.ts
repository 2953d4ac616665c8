import { endpoint } from "../../src/triggers/endpoint.js";
import { startFailback } from "../../src/triggers/failbacks.js";
import { serviceInMemory } from "../support/service-calls.js";

const order = { environment: "production", reason: "the original region is well again" };

function failbacks() {
  const service = serviceInMemory();
  const start = endpoint(service.dependencies, startFailback, {
    permission: "operate",
    action: "start-failback",
  });
  return {
    ...service,
    order: (body: unknown, headers: Record<string, string> = {}) =>
      service.send(start, { path: "failbacks", headers, body }),
  };
}

describe("orders to fail back", () => {
  it.each(["region", "storage"])("refuse a %s, which this version cannot fail back", async (of) => {
    const { order: send, client, entries } = failbacks();

    const answer = await send({ ...order, resource: of });

    expect(answer.status).toBe(400);
    expect(answer.json["detail"]).toBe(`this version cannot fail back a ${of}`);
    expect(client.started).toEqual([]);
    expect(entries()).toMatchObject([{ action: "start-failback", result: "refused" }]);
  });

  it("name the member that is wrong", async () => {
    const answer = await failbacks().order({ ...order, resource: "cache" });

    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: "resource" }] } });
  });
});
