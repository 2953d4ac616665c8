import { minutes } from "../../src/domain/duration.js";
import type { Outcome } from "../../src/domain/run-record.js";
import type { DurableRuns, RunState } from "../../src/triggers/durable-runs.js";
import { startBackup } from "../../src/triggers/start-backup.js";
import { checkpointAfter } from "../support/checkpoints.js";
import { sampleEstate } from "../support/estates.js";

const now = "2026-11-22T14:10:00.000Z";
const wish = {
  environment: "production",
  kind: "key-vault",
  trigger: { kind: "timer", schedule: "0 */5 * * * *" },
  attempts: 3,
} as const;
const first = "backup-key-vault-production-20261122T140000Z";

/** Runs by id, as the host would know them. */
function host(known: Readonly<Record<string, Outcome | "active" | "terminated">> = {}) {
  const started: string[] = [];
  const stateOf = (id: string): RunState => {
    const how = known[id];
    if (how === undefined) return { kind: "unknown" };
    if (how === "active") return { kind: "active", checkpoint: {}, createdAt: now };
    if (how === "terminated") return { kind: "ended", how: "terminated", checkpoint: {} };
    return {
      kind: "ended",
      how: "completed",
      checkpoint: checkpointAfter(minutes(1), { outcome: how }),
    };
  };
  const runs: DurableRuns = {
    start: (_orchestrator, id) => {
      started.push(id);
      return Promise.resolve();
    },
    state: (id) => Promise.resolve(stateOf(id)),
    say: () => Promise.resolve(),
    active: () =>
      Promise.resolve(
        Object.keys(known).flatMap((id) =>
          known[id] === "active" ? [{ id, checkpoint: {} }] : [],
        ),
      ),
  };
  return { runs, started };
}

const start = async (known?: Parameters<typeof host>[0]) => {
  const { runs, started } = host(known);
  return { ...(await startBackup(runs, sampleEstate(), now, wish)), started };
};

describe("starting the backup of a period", () => {
  it("starts one run, named for the period", async () => {
    expect(await start()).toEqual({ run: first, status: "started", started: [first] });
  });

  it.each(["passed", "passed-with-findings"] as const)(
    "is over once it has %s",
    async (outcome) => {
      expect(await start({ [first]: outcome })).toEqual({
        run: first,
        status: "ended",
        started: [],
      });
    },
  );

  it("finds the one that runs, be it an earlier period's", async () => {
    const earlier = "backup-key-vault-production-20261122T133000Z";

    expect(await start({ [first]: "active" })).toMatchObject({ run: first, status: "running" });
    expect(await start({ [earlier]: "active" })).toMatchObject({ run: earlier, status: "running" });
    expect(await start({ "backup-redis-production-20261122T133000Z": "active" })).toMatchObject({
      status: "started",
    });
  });

  it.each(["failed", "canceled", "terminated"] as const)(
    "begins again what was %s, so often and no oftener",
    async (how) => {
      expect(await start({ [first]: how })).toMatchObject({ started: [`${first}-2`] });
      expect(await start({ [first]: how, [`${first}-2`]: how })).toMatchObject({
        started: [`${first}-3`],
      });
      expect(await start({ [first]: how, [`${first}-2`]: how, [`${first}-3`]: how })).toEqual({
        run: `${first}-3`,
        status: "ended",
        started: [],
      });
    },
  );
});
