import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
  await host.start("waiter", { w: 1 }, "running");
});

afterAll(async () => {
  await host.dispose();
});

describe("list", () => {
  beforeAll(async () => {
    for (const n of [0, 1, 2, 3]) {
      if (n % 2 === 0) await host.start("waiter", { n }, `list-${n}`);
      else await host.run("pass", { n }, `list-${n}`);
    }
  });

  it("gives pages in the order of ids, with a token for the next", async () => {
    const first = await host.manage("instances?instanceIdPrefix=list-&top=3");
    const token = first.headers.get("x-ms-continuation-token") ?? "";
    const second = await host.manage("instances?instanceIdPrefix=list-&top=3", {
      headers: { "x-ms-continuation-token": token },
    });

    expect(await idsOf(first)).toEqual(["list-0", "list-1", "list-2"]);
    expect(await idsOf(second)).toEqual(["list-3"]);
    expect(second.headers.get("x-ms-continuation-token")).toBeNull();
  });

  it("of a prefix keeps to its case, of a negative length fails, with a token of nobody's is empty", async () => {
    expect(await idsOf(await host.manage("instances?instanceIdPrefix=LIST-"))).toEqual([]);
    expect((await host.manage("instances?top=-1")).status).toBe(500);
    const headers = { "x-ms-continuation-token": "!!" };
    expect(await idsOf(await host.manage("instances", { headers }))).toEqual([]);
  });

  it("shows inputs unless told otherwise", async () => {
    const [shown] = (await (await host.manage("instances?instanceIdPrefix=list-1")).json()) as [
      { input: unknown },
    ];
    const query = "instanceIdPrefix=list-1&showInput=false";
    const [hidden] = (await (await host.manage(`instances?${query}`)).json()) as [
      { input: unknown },
    ];
    expect([shown.input, hidden.input]).toEqual([{ n: 1 }, null]);
  });

  it.each([
    ["runtimeStatus=Completed", ["list-1", "list-3"]],
    ["runtimeStatus=Completed,Failed", ["list-1", "list-3"]],
    ["runtimeStatus=completed", ["list-0", "list-1", "list-2", "list-3"]],
    ["runtimeStatus=Completed&runtimeStatus=Running", ["list-0", "list-1", "list-2", "list-3"]],
    ["runtimeStatus=Completed,Nonsense", ["list-1", "list-3"]],
    ["runtimeStatus=Nonsense", ["list-0", "list-1", "list-2", "list-3"]],
    ["createdTimeFrom=2000-01-01&createdTimeTo=2001-01-01", []],
    ["createdTimeTo=2000-01-01", []],
    ["createdTimeFrom=2000-01-01", ["list-0", "list-1", "list-2", "list-3"]],
    ["createdTimeFrom=garbage", ["list-0", "list-1", "list-2", "list-3"]],
    ["top=0", []],
    ["top=abc", ["list-0", "list-1", "list-2", "list-3"]],
  ])("filters by %s", async (query, ids) => {
    expect(await idsOf(await host.manage(`instances?instanceIdPrefix=list-&${query}`))).toEqual(
      ids,
    );
  });
});

describe("purge", () => {
  it("forgets a finished instance and refuses the others", async () => {
    await host.run("single", 1, "purged");

    const purged = await host.manage("instances/purged", { method: "DELETE" });
    expect([purged.status, await purged.json()]).toEqual([200, { instancesDeleted: 1 }]);
    expect((await host.manage("instances/purged")).status).toBe(404);
    expect((await host.manage("instances/purged", { method: "DELETE" })).status).toBe(404);

    const refused = await host.manage("instances/running", { method: "DELETE" });
    expect(refused.status).toBe(412);
    expect(await refused.json()).toMatch(/running has status Running$/);
  });

  it.each([
    ["runtimeStatus=Completed", 1, ["f", "r", "t"]],
    ["runtimeStatus=Failed", 1, ["c", "r", "t"]],
    ["runtimeStatus=Completed,Terminated", 2, ["f", "r"]],
    ["runtimeStatus=Running", 4, []],
    ["runtimeStatus=Nonsense", 4, []],
    ["", 4, []],
  ])("by filter %s deletes %i of the window", async (query, deleted, left) => {
    const prefix = `window-${query.replace(/\W/g, "")}-`;
    const from = new Date(await host.now()).toISOString();
    await host.start("waiter", null, `${prefix}r`);
    await host.start("waiter", null, `${prefix}t`);
    await host.run("pass", 1, `${prefix}c`);
    await host.run("throwing", 1, `${prefix}f`);
    await host.until(`${prefix}r`, ({ runtimeStatus }) => runtimeStatus === "Running");
    await host.command(`${prefix}t`, "terminate");
    await host.ended(`${prefix}t`);

    const answer = await host.manage(`instances?createdTimeFrom=${from}&${query}`, {
      method: "DELETE",
    });

    expect([answer.status, await answer.json()]).toEqual([200, { instancesDeleted: deleted }]);
    const remaining = await idsOf(await host.manage(`instances?instanceIdPrefix=${prefix}`));
    expect(remaining).toEqual(left.map((name) => `${prefix}${name}`));
    // What was purged while it ran does nothing any more.
    if (!left.includes("r")) expect(await host.raise(`${prefix}r`, "e", "stop")).toBe(404);
  });

  it("of a running instance ends the patience of who waits for its end", async () => {
    const query = "timeout=600&pollingInterval=1";
    const from = new Date(await host.now()).toISOString();
    const answer = host.manage(`orchestrators/waiter/awaited?${query}`, { method: "POST" });
    await eventually(async () => (await host.manage("instances/awaited")).ok || undefined);
    await host.manage(`instances?createdTimeFrom=${from}`, { method: "DELETE" });
    expect((await answer).status).toBe(202);
  });

  it("does not take the children with their parent", async () => {
    const { output } = await host.run("parent", { name: "child", input: 2 }, "purged-parent");
    await host.manage("instances/purged-parent", { method: "DELETE" });
    const { instanceId } = (output as { got: { instanceId: string } }).got;
    expect((await host.status(instanceId)).runtimeStatus).toBe("Completed");
  });

  it("by filter wants createdTimeFrom, and finds nothing with 404", async () => {
    const without = await host.manage("instances", { method: "DELETE" });
    expect([without.status, await without.json()]).toEqual([
      400,
      "Please provide value for 'createdTimeFrom' parameter.",
    ]);
    const query = "createdTimeFrom=2000-01-01&createdTimeTo=2001-01-01";
    expect((await host.manage(`instances?${query}`, { method: "DELETE" })).status).toBe(404);
  });
});

async function idsOf(response: Response): Promise<readonly string[]> {
  const list = (await response.json()) as { instanceId: string }[];
  return list.map(({ instanceId }) => instanceId);
}
