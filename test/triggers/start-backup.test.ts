import { minutes } from "../../src/domain/duration.js";
import type { Outcome } from "../../src/domain/run-record.js";
import type { DurableRuns, RunState } from "../../src/triggers/durable-runs.js";
import { startBackup } from "../../src/triggers/start-backup.js";
import { checkpointAfter } from "../support/checkpoints.js";
import { BackupOrder } from "../../src/domain/backup-order.js";
import { stateStore } from "../../src/state/state-store.js";
import { sampleEstate } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

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
  const scopes: string[] = [];
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
    start: (_orchestrator, id, input) => {
      started.push(id);
      scopes.push(BackupOrder.parse(input).scope);
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
  return { runs, started, scopes };
}

const start = async (
  known?: Parameters<typeof host>[0],
  /** Backups of which records are there. */
  passed: readonly string[] = [],
) => {
  const { runs, started, scopes } = host(known);
  const store = stateStore(new MemoryContainer());
  for (const id of passed) {
    const record = { ...runRecords.restored, id, outcome: "passed" } as const;
    await store.runs.save(record, () => ({ md: "", html: "" }));
  }
  const answer = await startBackup(runs, store, sampleEstate(), now, wish);
  return { ...answer, started, scopes };
};

describe("starting the backup of a period", () => {
  it("starts one run, named for the period", async () => {
    expect(await start()).toMatchObject({ run: first, status: "started", started: [first] });
  });

  it.each(["passed", "passed-with-findings", "canceled"] as const)(
    "is over once it has %s",
    async (outcome) => {
      expect(await start({ [first]: outcome })).toMatchObject({
        run: first,
        status: "ended",
        started: [],
      });
    },
  );

  it("takes a full set until one of the day has passed, and only what changed after that", async () => {
    const today = "backup-key-vault-production-20261122T003000Z";
    const yesterday = "backup-key-vault-production-20261121T233000Z";

    expect((await start()).scopes).toEqual(["full"]);
    expect((await start({}, [yesterday])).scopes).toEqual(["full"]);
    expect((await start({}, [yesterday, today])).scopes).toEqual(["interval"]);
  });

  it("finds the one that runs, be it an earlier period's", async () => {
    const earlier = "backup-key-vault-production-20261122T133000Z";

    expect(await start({ [first]: "active" })).toMatchObject({ run: first, status: "running" });
    expect(await start({ [earlier]: "active" })).toMatchObject({ run: earlier, status: "running" });
    expect(await start({ "backup-redis-production-20261122T133000Z": "active" })).toMatchObject({
      status: "started",
    });
  });

  it.each(["failed", "superseded", "terminated"] as const)(
    "begins again what was %s, so often and no oftener",
    async (how) => {
      expect(await start({ [first]: how })).toMatchObject({ started: [`${first}-2`] });
      expect(await start({ [first]: how, [`${first}-2`]: how })).toMatchObject({
        started: [`${first}-3`],
      });
      expect(await start({ [first]: how, [`${first}-2`]: how, [`${first}-3`]: how })).toMatchObject(
        { run: `${first}-3`, status: "ended", started: [] },
      );
    },
  );
});
