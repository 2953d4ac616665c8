import * as edge from "../../src/activities/edge.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import type { EdgeAct } from "../../src/domain/edge-move.js";
import type { FrontDoor } from "../../src/domain/estate.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { bothOrigins, PRIMARY, SECONDARY } from "../simulator/edge-seed.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { classicCdn, east, edgeWorld, frontDoor, west } from "../support/edge-world.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

type Seed = Parameters<typeof edgeWorld>[0];

interface Change {
  readonly title: string;
  readonly place: FrontDoor;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean }>>;
  /** The request that Azure gets. */
  readonly operation: string;
  readonly seed?: Seed;
  /** Whether looking tells that it was done; a purge leaves no trace. */
  readonly leavesTrace: boolean;
}

const performing =
  <Input, Output extends { changed: boolean }>(
    contract: ActivityContract<Input, Output>,
    input: Input,
  ): Change["perform"] =>
  (runner, caller) =>
    runner.run(contract, caller, input);
const move = (
  place: FrontDoor,
  act: EdgeAct,
  operation: string,
  seed?: Seed,
): Change & { title: string } => ({
  title: `startOriginMove (${act.kind} ${act.of}, ${operation})`,
  place,
  perform: performing(edge.startOriginMove, { edge: place, to: west, act }),
  operation,
  ...(seed === undefined ? {} : { seed }),
  leavesTrace: true,
});
const purge = (place: FrontDoor, endpoint: string, operation: string): Change => ({
  title: `startEdgePurge (${operation})`,
  place,
  perform: performing(edge.startEdgePurge, { edge: place, endpoint }),
  operation,
  leavesTrace: false,
});
const [ofEast, ofWest] = bothOrigins;
const standby = { origins: [ofEast!, { ...ofWest!, enabled: false }] };

const changes: readonly Change[] = [
  move(frontDoor, { kind: "lead", of: "storage" }, "afdOrigins.update"),
  move(frontDoor, { kind: "enable", of: "west" }, "afdOrigins.update", standby),
  move(frontDoor, { kind: "disable", of: "east" }, "afdOrigins.update", { origins: bothOrigins }),
  move(classicCdn, { kind: "lead", of: "storage" }, "cdnOrigins.update"),
  move(classicCdn, { kind: "set-header", of: "mcp-branding" }, "cdnEndpoints.update"),
  purge(frontDoor, "mcp-assets", "afdEndpoints.purgeContent"),
  purge(classicCdn, "mcp-branding", "cdnEndpoints.purgeContent"),
];

describe("edge activities", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;
  let ports: AzurePorts;

  beforeAll(async () => {
    azure = await simulatedAzure(edgeWorld());
    [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
  });
  afterAll(() => azure.stop());

  const base: Caller = { run: "run-1", step: "step", attempt: 1, leases: [], mode: "execute" };
  async function begin(place: FrontDoor, seed?: Seed): Promise<Caller> {
    await azure.control.reset(edgeWorld(seed));
    const wanted = { resource: place.profile, scenario: "storage-failure" as const };
    const lease = await runner.run(takeLease, base, wanted);
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...base, leases: [{ resource: place.profile, fencing: lease.value.fencing }] };
  }
  const requests = async (operation: string) =>
    (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);

  describe.each(changes)("$title", (subject) => {
    const { operation, perform, place, seed, leavesTrace } = subject;

    it("changes once when it is run twice", async () => {
      const caller = await begin(place, seed);

      const first = await perform(runner, caller);
      const again = await perform(runner, { ...caller, attempt: 2 });

      expect(first).toMatchObject({
        ok: true,
        value: { changed: true, operation: expect.any(String) as string },
      });
      expect(again).toEqual(first);
      expect(await requests(operation)).toHaveLength(1);
    });

    it.each([
      ["lost-answer", {}],
      ["server-error", { status: 500 }],
      ["throttle", { retryAfterSeconds: 7 }],
    ])("sends exactly one request under %s", async (name, more) => {
      const caller = await begin(place, seed);
      await azure.control.fault({ name, times: 1, match: { operation }, ...more });

      const answer = await perform(runner, caller);

      expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("repeats only what leaves no trace when the answer was lost", async () => {
      const caller = await begin(place, seed);
      await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });

      await perform(runner, caller);
      await azure.control.advance(30);
      const again = await perform(runner, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(leavesTrace ? 1 : 2);
    });

    it("is completed by the next process when it is killed between act and answer", async () => {
      const caller = await begin(place, seed);
      const doomed = await azure.runner();
      await azure.control.fault({ name: "hold-answer", times: 1, match: { operation } });

      const lost = perform(doomed, caller).catch(() => undefined);
      expect(await azure.control.held(5_000)).toHaveLength(1);
      await doomed.kill();
      await lost;
      await azure.control.removeFaults();
      await azure.control.advance(30);
      const again = await perform(runner, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(leavesTrace ? 1 : 2);
    });

    it("changes nothing without the lease, and nothing in a plan", async () => {
      const caller = await begin(place, seed);

      const bare = await perform(runner, { ...caller, leases: [] });
      const plan = await perform(runner, { ...caller, leases: [], mode: "plan" });

      expect(bare).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
      expect(plan).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(0);
    });

    it("says that a role is missing", async () => {
      const caller = await begin(place, { ...seed, mayChange: false });

      const answer = await perform(runner, caller);

      expect(answer).toMatchObject({ ok: false, failure: { class: "permission-lag" } });
    });
  });

  it("the last origin that is enabled is not disabled, in a plan it may follow another", async () => {
    const caller = await begin(frontDoor, standby);
    const act = { kind: "disable", of: "east" } as const;
    const wanted = { edge: frontDoor, to: west, act };

    const answer = await runner.run(edge.startOriginMove, caller, wanted);
    const plan = await runner.run(edge.startOriginMove, { ...caller, mode: "plan" }, wanted);

    expect(answer).toMatchObject({ ok: false, failure: { code: "last-origin" } });
    expect(plan).toMatchObject({ ok: true, value: { detail: "would disable the origin east" } });
    expect(await requests("afdOrigins.update")).toHaveLength(0);
  });

  it("what holds already is left as it is", async () => {
    const caller = await begin(frontDoor);
    const act = { kind: "lead", of: "storage" } as const;

    const answer = await runner.run(edge.startOriginMove, caller, {
      ...{ edge: frontDoor, to: east, act },
    });

    expect(answer).toMatchObject({ ok: true, value: { changed: false } });
    expect(await requests("afdOrigins.update")).toHaveLength(0);
  });

  it("an edge is looked at, and one that is not there is told by name", async () => {
    await begin(frontDoor, { origins: bothOrigins });

    const seen = await runner.run(edge.observeEdge, base, { edge: frontDoor });
    const none = await runner.run(edge.observeEdge, base, {
      edge: { ...frontDoor, originGroup: "nothing" },
    });

    expect(seen).toMatchObject({
      ok: true,
      value: { detail: `mcp-assets leads to ${PRIMARY} and ${SECONDARY}` },
    });
    expect(none).toMatchObject({
      ok: false,
      failure: { code: "no-edge", message: "mcp-assets has no nothing" },
    });
  });

  it("an operation is followed to its end", async () => {
    const caller = await begin(frontDoor);
    const act = { kind: "lead", of: "storage" } as const;
    const begun = await runner.run(edge.startOriginMove, caller, {
      ...{ edge: frontDoor, to: west, act },
    });
    if (!begun.ok || begun.value.operation === undefined) throw new Error("nothing was begun");
    const look = () =>
      runner.run(edge.pollEdgeOperation, base, {
        edge: frontDoor,
        operation: begun.value.operation ?? "",
      });

    const early = await look();
    await azure.control.advance(11);

    expect(early).toMatchObject({ ok: true, value: { state: "running" } });
    expect(await look()).toMatchObject({ ok: true, value: { state: "succeeded" } });
  });

  describe("the file that proves the move", () => {
    const find = (more: Partial<FrontDoor> = {}, container = "branding") =>
      runner.run(edge.findPublicAsset, base, {
        edge: { ...frontDoor, ...more },
        account: west,
        container,
      });
    const write = (name: string, text: string) =>
      ports.anyBlob.write({ endpoint: west, container: "branding", name }, text);

    it("is the smallest of the container that has anything in it", async () => {
      await begin(frontDoor);
      await write("a.txt", "");
      await write("z.txt", "z");

      expect(await find()).toMatchObject({
        ok: true,
        value: { kind: "found", asset: { container: "branding", name: "z.txt" } },
      });
    });

    it("is what the estate names, if it is there and can be fetched in a call", async () => {
      await begin(frontDoor);
      await write("big.bin", "x".repeat(2 ** 20 + 1));

      expect(await find({ asset: "/public/logo.svg" })).toMatchObject({
        ok: true,
        value: { kind: "found", asset: { container: "public", name: "logo.svg" } },
      });
      expect(await find({ asset: "/public/none.svg" })).toMatchObject({
        ok: false,
        failure: { code: "no-asset" },
      });
      expect(await find({ asset: "/branding/big.bin" })).toMatchObject({
        ok: false,
        failure: { code: "asset-unfit" },
      });
    });

    it("is none where there is no container, or nothing in it", async () => {
      await begin(frontDoor);

      expect(await find({}, "nothing")).toMatchObject({ ok: true, value: { kind: "none" } });
    });
  });

  describe("a probe through the edge", () => {
    const host = "mcp-assets.azurefd.net";
    const name = "logo.svg";
    const probe = (account: string, file = name) =>
      runner.run(edge.probePublicAsset, base, {
        ...{ hosts: [host], account, asset: { container: "branding", name: file } },
      });
    const leadWest = async (caller: Caller): Promise<void> => {
      const act = { kind: "lead", of: "storage" } as const;
      await runner.run(edge.startOriginMove, caller, { edge: frontDoor, to: west, act });
      await azure.control.advance(11);
    };

    it("finds what the account has, and that of another account strange", async () => {
      await begin(frontDoor);

      expect(await probe(east)).toMatchObject({ ok: true, value: { leads: true, same: true } });
      expect(await probe(west)).toMatchObject({ ok: true, value: { leads: false, same: false } });
    });

    it("tells accounts apart whose files are the same", async () => {
      await begin(frontDoor);
      for (const endpoint of [east, west]) {
        await ports.anyBlob.write({ endpoint, container: "branding", name: "same.txt" }, "same");
        await azure.control.advance(1);
      }

      expect(await probe(west, "same.txt")).toMatchObject({ value: { leads: false } });
      expect(await probe(east, "same.txt")).toMatchObject({ value: { leads: true, same: true } });
    });

    it("leaves nothing of the old account at the edge, and sees what users had there", async () => {
      const caller = await begin(frontDoor);
      await leadWest(caller);

      const early = await probe(west);
      await azure.control.advance(121);
      const late = await probe(west);

      expect(early).toMatchObject({ value: { leads: false } });
      expect(late).toMatchObject({ value: { leads: true, same: true } });
    });

    it("sees that the edge has kept a file of the old account, until it is purged", async () => {
      const caller = await begin(frontDoor);
      await ports.publicAssets.fetch(host, `/branding/${name}`, 1_000);
      await leadWest(caller);
      await azure.control.advance(121);

      const kept = await probe(west);
      const purging = { ...caller, step: "purge" };
      await runner.run(edge.startEdgePurge, purging, { edge: frontDoor, endpoint: "mcp-assets" });
      await azure.control.advance(121);

      expect(kept).toMatchObject({ value: { leads: true, same: false } });
      expect(kept).toMatchObject({
        value: { detail: `${host} gives something else that it has kept` },
      });
      expect(await probe(west)).toMatchObject({ value: { leads: true, same: true } });
    });

    it("sees no move while the edge learns of nothing", async () => {
      const caller = await begin(frontDoor);
      await azure.control.fault({ name: "edge-stale", resource: frontDoor.profile });
      await leadWest(caller);
      await azure.control.advance(3_600);
      const stale = await probe(west);
      await azure.control.removeFaults();

      expect(stale).toMatchObject({ ok: true, value: { leads: false } });
      expect(await probe(west)).toMatchObject({ value: { leads: true } });
    });

    it("sees the classic CDN move, origin and endpoint", async () => {
      const caller = await begin(classicCdn);
      const hosts = ["mcp-branding.azureedge.net"];
      const asset = { container: "public", name };
      const look = () => runner.run(edge.probePublicAsset, base, { hosts, account: west, asset });
      for (const act of [
        { kind: "lead", of: "storage" },
        { kind: "set-header", of: "mcp-branding" },
      ] as const) {
        const wanted = { edge: classicCdn, to: west, act };
        await runner.run(edge.startOriginMove, { ...caller, step: act.kind }, wanted);
      }
      const early = await look();
      await azure.control.advance(140);

      expect(early).toMatchObject({ value: { leads: false } });
      expect(await look()).toMatchObject({ value: { leads: true, same: true } });
    });

    it("of a file that the account has not fails for good", async () => {
      await begin(frontDoor);

      expect(await probe(east, "none.svg")).toMatchObject({
        ok: false,
        failure: { code: "no-asset" },
      });
    });
  });
});
