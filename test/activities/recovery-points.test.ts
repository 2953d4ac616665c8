import { runActivities } from "../../src/activities/run.js";
import { saveRecord } from "../../src/activities/run.contract.js";
import { manifestIn, setPrefix, type BackupSource } from "../../src/domain/backup.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import { hours, minutes } from "../../src/domain/duration.js";
import { plus, type Instant } from "../../src/domain/instant.js";
import { report } from "../../src/domain/report.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { stateStore } from "../../src/state/state-store.js";
import { asking } from "../support/activity-call.js";
import { manifestOf, memorySets } from "../support/backup-sets.js";
import { MemoryContainer } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const vault = (name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/${name}`;
const [home, standby] = [vault("home"), vault("standby")];
const record: RunRecord = runRecords.restored;
const before = (age: number): Instant =>
  new Date(Date.parse(record.detectedAt) - age).toISOString();
const item = { name: "s", blob: "s", bytes: 1, sha256: "00" };

/** Saves the record of a recovery that may fall back on secrets, with an RPO of an hour. */
async function saved(sets: ReturnType<typeof memorySets>): Promise<RunRecord> {
  const store = stateStore(new MemoryContainer());
  const { done } = asking(runActivities(store, sets.store, noTelemetry));
  const backups = [{ kind: "key-vault" as const, primary: home, secondary: standby }];
  await done(saveRecord, { record, fallsBackOn: { rpo: hours(1), backups } });
  const found = await store.runs.read(record.id);
  if (found === undefined) throw new Error("no record was written");
  return found;
}

async function setTaken(
  { store }: ReturnType<typeof memorySets>,
  source: string,
  takenAt: Instant,
  check: "verified" | "none" = "verified",
): Promise<string> {
  const wanted: BackupSource = { kind: "key-vault", environment: record.environment, source };
  const set = setPrefix(wanted, takenAt, "run-1");
  await store.complete(
    set,
    manifestOf(wanted, takenAt, { items: [item], check: { level: check } }),
  );
  return set;
}

describe("what a recovery had to fall back on", () => {
  it("is the newest copy of either side that could be used when the failure was detected", async () => {
    const sets = memorySets();
    await setTaken(sets, home, before(minutes(95)));
    const newest = await setTaken(sets, standby, before(minutes(40)));
    await setTaken(sets, standby, before(minutes(10)), "none");
    await setTaken(sets, home, plus(record.detectedAt, minutes(2)));

    const { recoveryPoints } = await saved(sets);

    expect(recoveryPoints).toEqual([
      {
        kind: "key-vault",
        rpo: hours(1),
        withinRpo: true,
        newest: {
          set: newest,
          source: standby,
          takenAt: before(minutes(40)),
          age: minutes(40),
          check: { level: "verified" },
        },
      },
    ]);
  });

  it("misses the objective where it is older, or where there is none", async () => {
    const sets = memorySets();
    const none = await saved(sets);
    await setTaken(sets, home, before(minutes(61)));
    const old = await saved(sets);

    expect(none.recoveryPoints).toEqual([{ kind: "key-vault", rpo: hours(1), withinRpo: false }]);
    expect(old.recoveryPoints?.[0]).toMatchObject({
      withinRpo: false,
      newest: { age: minutes(61) },
    });
    const facts = [none, old].map((each) =>
      new Map(report(each).facts).get("Newest backup: key-vault"),
    );
    expect(facts[0]).toBe("none that could be used; RPO 1 h 00 min: missed");
    expect(facts[1]).toContain("verified, 1 h 01 min old when the failure was detected");
  });

  it("is a finding where it cannot be read; the record is written all the same", async () => {
    const sets = memorySets();
    const set = await setTaken(sets, home, before(minutes(5)));
    sets.container.read = (name) =>
      name === manifestIn(set)
        ? Promise.reject(Object.assign(new Error("the account is away"), { statusCode: 503 }))
        : MemoryContainer.prototype.read.call(sets.container, name);

    const { recoveryPoints, findings } = await saved(sets);

    expect(recoveryPoints).toBeUndefined();
    expect(findings).toEqual([
      "how old the backups were at the detection could not be read: the account is away",
    ]);
  });
});
