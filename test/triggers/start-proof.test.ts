import type { InvocationContext } from "@azure/functions";
import { ProofOrder } from "../../src/domain/backup-order.js";
import { proofRunId } from "../../src/domain/proof-schedule.js";
import type { DurableRuns, RunState } from "../../src/triggers/durable-runs.js";
import { startDueProofs } from "../../src/triggers/proof-timer.js";
import type { EndpointDependencies } from "../../src/triggers/endpoint.js";
import { startProof } from "../../src/triggers/start-proof.js";
import { sampleEstate } from "../support/estates.js";

const night = "2026-11-22T02:00:00.000Z";
const later = "2026-11-22T03:10:00.000Z";
const wish = {
  environment: "production",
  kind: "blobs",
  trigger: { kind: "timer", schedule: "0 */15 * * * *" },
  most: 1,
} as const;
const first = proofRunId("blobs", "production", night);

/** Runs by id, as the host would know them. */
function host(known: Readonly<Record<string, "active" | "ended">>) {
  const started: string[] = [];
  const orders: ProofOrder[] = [];
  const runs: DurableRuns = {
    start: (orchestrator, id, input) => {
      started.push(`${orchestrator} ${id}`);
      orders.push(ProofOrder.parse(input));
      return Promise.resolve();
    },
    state: (id): Promise<RunState> => {
      if (known[id] === undefined) return Promise.resolve({ kind: "unknown" });
      return Promise.resolve(
        known[id] === "active"
          ? { kind: "active", checkpoint: {}, createdAt: night }
          : { kind: "ended", how: "completed", checkpoint: {} },
      );
    },
    say: () => Promise.resolve(),
    active: () =>
      Promise.resolve(
        Object.keys(known).flatMap((id) =>
          known[id] === "active" ? [{ id, checkpoint: {} }] : [],
        ),
      ),
  };
  return { runs, started, orders };
}

const start = async (known: Parameters<typeof host>[0] = {}, most = 1, now = later) => {
  const { runs, started, orders } = host(known);
  const answer = await startProof(runs, sampleEstate(), now, { ...wish, most });
  return { answer, started, orders };
};

describe("the start of a proof", () => {
  it("is one a night, with an id of the night", async () => {
    const { answer, started, orders } = await start();

    expect(answer).toEqual({ run: first, status: "started" });
    expect(started).toEqual([`proveBlobs ${first}`]);
    expect(orders[0]).toMatchObject({ kind: "blobs", mode: "execute", environment: "production" });
    expect((await start({ [first]: "ended" })).answer).toEqual({ run: first, status: "ended" });
    expect((await start({ [first]: "ended" })).started).toEqual([]);
  });

  it("finds the one that runs, whichever it is", async () => {
    const other = proofRunId("blobs", "production", "2026-11-21T02:00:00.000Z", 3);

    expect((await start({ [other]: "active" }, 20)).answer).toEqual({
      run: other,
      status: "running",
    });
    const elsewhere = proofRunId("blobs", "staging", night);
    expect((await start({ [elsewhere]: "active" })).answer.status).toBe("started");
  });

  it("that a person orders is another one, with a sample of its own", async () => {
    const { answer } = await start({ [first]: "ended" }, 20);

    expect(answer).toEqual({ run: `${first}-2`, status: "started" });
  });
});

describe("the timer of proofs", () => {
  const tick = async (now: string, failing?: string) => {
    const estate = sampleEstate();
    const started: string[] = [];
    const client = {
      getStatus: () => Promise.reject(new Error("HTTP 404")),
      getStatusBy: () => Promise.resolve([]),
      startNew: (orchestrator: string, { instanceId }: { instanceId: string }) => {
        if (orchestrator === failing) return Promise.reject(new Error("the store is away"));
        started.push(instanceId);
        return Promise.resolve(instanceId);
      },
    };
    const said: string[] = [];
    const context = {
      log: () => undefined,
      error: (text: string) => said.push(text),
    } as unknown as InvocationContext;
    const handler = startDueProofs({
      estate: { ok: true, estate },
      now: () => now,
    } as EndpointDependencies);
    const ended = await handler(undefined as never, client as never, context).then(
      () => "ended",
      (error: unknown) => (error as Error).message,
    );
    return { started, said, ended };
  };

  it("starts all kinds of all environments from their hour on, and none by day", async () => {
    const { started } = await tick(later);

    expect(started).toHaveLength(9);
    expect(started).toContain(first);
    expect((await tick("2026-11-22T14:00:00.000Z")).started).toEqual([]);
  });

  it("holds up no other start by one that fails, and shows that it did", async () => {
    const { started, said, ended } = await tick(later, "proveRedis");

    expect(started).toHaveLength(6);
    expect(said).toContain("the proof of redis of production could not be started");
    expect(ended).toBe("the store is away");
  });
});
