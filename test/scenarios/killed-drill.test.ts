import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { watchApps } from "../../local/stack/watch-apps.js";
import { DrillId } from "../../src/domain/drill.js";
import { sampleEstate } from "../support/estates.js";
import { readinessOf } from "../support/readiness-of.js";
import { ended } from "../support/recovery-run.js";

/*
 * The host is killed at each tenth of a drill's way, counted by its effects, and started again. Whatever the
 * moment, the drill ends well and the simulated Azure is as it was. `npm test` takes a fixed spread, `test:all`
 * every tenth of every drill.
 */
const environment = "staging";
const spread: Readonly<Record<DrillId, readonly number[]>> = {
  q1: [4],
  q2: [6],
  q3: [5],
  q4: [],
};
const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const isWhole = process.env["TEST_ALL"] === "1";
const cases = DrillId.options.flatMap((drill) => {
  const kills = isWhole ? tenths : spread[drill];
  return kills.length === 0 ? [] : [[drill, kills] as const];
});

describe("a host that is killed while it practises", () => {
  let stack: Stack;
  let service: ServiceClient;

  beforeAll(async () => {
    stack = await startStack();
    service = new ServiceClient(stack.host, { "x-operator": "olga" });
    await readinessOf(service, environment, ["key-vault", "redis", "blobs"]);
  }, 90_000);
  afterAll(() => stack.stop());

  const estate = sampleEstate().environments[environment]!;

  async function practise(drill: DrillId): Promise<string> {
    await watchApps(stack, [estate]);
    const wish = { environment, drill, reason: "practice" };
    const { status, text, json } = await service.call("POST", "/api/drills", JSON.stringify(wish));
    if (status !== 202) throw new Error(`the drill was answered ${status}: ${text}`);
    return (json as { id: string }).id;
  }
  /** The effect whose answer is held; none where the drill ended with fewer effects. */
  async function heldUnlessEnded(order: { readonly run?: string }): Promise<Held | undefined> {
    for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
      const [held] = await stack.simulator.held(1_000);
      if (held !== undefined) return held;
      if (order.run !== undefined && (await service.run(order.run)).record !== undefined) return;
    }
    throw new Error("neither did the effect come nor did the drill end");
  }
  const last = async (): Promise<number> => (await stack.simulator.log()).at(-1)?.n ?? 0;

  it.each(cases)(
    "%s at the tenths %j ends well and leaves nothing behind",
    async (drill, kills) => {
      const first = await stateOf(stack);
      const since = await last();
      const quiet = await ended(stack, await practise(drill), 90_000);
      const effects = (await stack.simulator.log(since, true)).length;
      const before = await stateOf(stack);
      const { outcome, findings } = quiet;
      expect({ outcome, findings }).toEqual({ outcome: "passed", findings: [] });
      // The first drill of a vault makes the secret that it deletes.
      if (drill !== "q2") expect(before).toEqual(first);

      let killed = 0;
      for (const tenth of kills) {
        const nth = Math.max(1, Math.round((effects * tenth) / 10));
        await stack.simulator.fault({ name: "hold-answer", nth });
        const order: { run?: string } = {};
        const posted = practise(drill).then(
          (run) => void (order.run = run),
          () => undefined,
        );
        const held = await heldUnlessEnded(order);
        if (held !== undefined) {
          killed += 1;
          await stack.killHost();
          await posted;
          await stack.startHost();
          await watchApps(stack, [estate]);
        }
        await stack.simulator.removeFaults();
        const record = await ended(stack, order.run ?? (await lastRun(service)), 90_000);

        const where = `at ${tenth} tenths, ${held === undefined ? "not killed" : `after ${held.entry.operation} ${held.entry.path}`}`;
        expect({ where, reason: record.reason, outcome: record.outcome }).toEqual({
          where,
          reason: "recovered within the target, and nothing was left behind",
          outcome: expect.stringMatching(/^passed/) as unknown,
        });
        expect({ where, state: await stateOf(stack) }).toEqual({ where, state: before });
      }
      // How often a drill polls is never quite the same: one may have ended before its last tenth.
      expect(killed).toBeGreaterThanOrEqual(Math.ceil(kills.length * 0.8));
    },
    isWhole ? 1_200_000 : 180_000,
  );
});

/** The run of the drill that is in hand, where its order was not answered. */
async function lastRun(service: ServiceClient): Promise<string> {
  const { json } = await service.call("GET", "/api/drills");
  const { environments } = json as {
    environments: readonly { environment: string; last?: { run: string } }[];
  };
  const run = environments.find((each) => each.environment === environment)?.last?.run;
  if (run === undefined) throw new Error(`${environment} has no drill`);
  return run;
}

/** What the simulated Azure keeps and a drill could leave behind, by its own account. */
async function stateOf(stack: Stack): Promise<unknown> {
  const state = (await stack.simulator.state()) as unknown as Record<string, readonly Described[]>;
  const of = (kind: string, view: (each: Described) => unknown) =>
    (state[kind] ?? []).map((each) => [each["id"], view(each)]);
  return {
    apps: of("containerApps", ({ revisions }) =>
      (revisions as readonly Described[])
        .filter(({ active }) => active === true)
        .map(({ image, weight, replicas }) => {
          return { image, weight, replicas: (replicas as readonly unknown[]).length };
        }),
    ),
    vaults: of("keyVaults", ({ secrets, deletedSecrets }) => ({ secrets, deletedSecrets })),
    accounts: of("storageAccounts", ({ sku, primaryLocation }) => ({ sku, primaryLocation })),
    caches: of("redisCaches", ({ provisioningState, ailments, linkedTo }) => ({
      ...{ provisioningState, ailments, linkedTo },
    })),
    edges: of("cdnProfiles", ({ endpoints }) =>
      (endpoints as readonly Described[]).map(({ hostName, servesFrom }) => ({
        ...{ hostName, servesFrom },
      })),
    ),
    profiles: of("trafficManagerProfiles", ({ endpoints, answer }) => ({ endpoints, answer })),
  };
}

type Held = Awaited<ReturnType<Stack["simulator"]["held"]>>[number];
type Described = Readonly<Record<string, unknown>>;
