import { backupActivities } from "../../src/activities/backup.js";
import { findLatestSet, findVerifiedSets } from "../../src/activities/backup.contract.js";
import { proofActivities } from "../../src/activities/proof.js";
import * as contract from "../../src/activities/proof.contract.js";
import { proofIn, type ProofFailure } from "../../src/domain/backup-proof.js";
import { folderOf, type BackupSource } from "../../src/domain/backup.js";
import { days, hours } from "../../src/domain/duration.js";
import { earlierBy, instantOf } from "../../src/domain/instant.js";
import { setHolds } from "../../src/state/set-holds.js";
import { asking } from "../support/activity-call.js";
import { memorySets } from "../support/backup-sets.js";
import { addSet } from "../support/proofs.js";

const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
};
const other = { ...source, source: `${source.source}-dr` };
const now = instantOf(new Date());
const run = "proof-key-vault-production-20261122T020000Z";
const good = { items: 2, of: 3, bytes: 6, withSource: 1, failures: [] };

function world() {
  const { store, container } = memorySets();
  const { ask, done } = asking([...proofActivities(store), ...backupActivities(store)]);
  const { kind, environment } = source;
  const sources = [source.source, other.source];
  const choose = (by = run) =>
    done(contract.chooseProofSets, { kind, environment, sources }, { run: by });
  const record = (set: string, failures: readonly ProofFailure[] = [], by = run) => {
    const comparison = { ...good, failures: [...failures] };
    return done(contract.recordProof, { ...source, set, at: now, comparison }, { run: by });
  };
  return { store, container, ask, done, choose, record };
}

describe("the choice of sets to prove", () => {
  it("is the newest of both sides that can be used, and an older one by lot", async () => {
    const { store, choose } = world();
    const olds: string[] = [];
    for (let age = 2; age < 12; age++) {
      olds.push(await addSet(store, source, earlierBy(now, days(age))));
    }
    const unverified = { check: { level: "none" } } as const;
    const newest = await addSet(store, other, earlierBy(now, hours(3)));
    await addSet(store, source, earlierBy(now, hours(1)), unverified);

    const { chosen, problems } = await choose();
    const again = await choose();
    const lots = new Set<string>();
    for (let nth = 0; nth < 20; nth++) {
      lots.add((await choose(`${run}-${nth}`)).chosen[1]?.set ?? "");
    }

    expect(chosen[0]).toMatchObject({ set: newest, source: other.source });
    expect(olds).toContain(chosen[1]?.set);
    expect(again.chosen).toEqual(chosen);
    expect(lots.size).toBeGreaterThan(3);
    expect([...lots].every((set) => olds.includes(set))).toBe(true);
    expect(problems).toEqual([expect.stringContaining("never verified")]);
  });

  it("is the only set where there is one, and none where none can be used", async () => {
    const { store, choose } = world();

    expect(await choose()).toMatchObject({
      chosen: [],
      detail: "there is no set that can be used",
    });
    const set = await addSet(store, source, earlierBy(now, hours(1)));
    expect((await choose()).chosen).toMatchObject([{ set }]);
  });
});

describe("the record of a proof", () => {
  it("stands beside the manifest, and the set may be pruned again", async () => {
    const { store, container, record } = world();
    const set = await addSet(store, source, earlierBy(now, hours(1)));
    const holds = setHolds(container);
    await holds.hold(source, run, [folderOf(set)], now);

    expect(await record(set)).toMatchObject({ result: "proven", changed: true, sharing: [] });
    expect(await record(set)).toMatchObject({ result: "proven" });

    expect(JSON.parse(container.blobs.get(proofIn(set))?.text ?? "")).toMatchObject({
      version: 1,
      set,
      run,
      at: now,
      result: "proven",
      compared: { items: 2, of: 3, bytes: 6, withSource: 1 },
    });
    expect(await holds.beginRemoval(source, set, now)).toBeUndefined();
  });

  it("of a failure marks every set that uses the copy, and later backups take nothing over from it", async () => {
    const { store, done, record } = world();
    const full = await addSet(store, source, earlierBy(now, hours(5)));
    const untouched = await addSet(store, source, earlierBy(now, days(2)));
    const items = [{ name: "a", blob: `${full}a`, bytes: 3, sha256: "0" }];
    const references = [folderOf(full)];
    const interval = await addSet(store, source, earlierBy(now, hours(2)), { items, references });
    const elsewhere = [{ name: "b", blob: `${full}b`, bytes: 3, sha256: "0" }];
    const innocent = { items: elsewhere, references };
    const latest = await addSet(store, source, earlierBy(now, hours(1)), innocent);
    const failures = [{ name: "a", blob: `${full}a`, reason: "its copy is gone" }];

    const recorded = await record(interval, failures);

    expect(recorded).toMatchObject({ result: "failed", sharing: [full] });
    const doubtful = async (set: string) => {
      const judged = await store.judge(set, source, now);
      return judged.kind === "usable" && judged.doubt === "proof-failed";
    };
    expect(await doubtful(full)).toBe(true);
    expect(await doubtful(interval)).toBe(true);
    expect(await doubtful(untouched)).toBe(false);
    expect(await doubtful(latest)).toBe(false);

    expect(await done(findLatestSet, source)).toMatchObject({ set: latest });
    await record(latest, [{ ...failures[0]!, name: "b", blob: `${full}b` }]);
    const base = await done(findLatestSet, source);
    expect(base.set).toBeUndefined();
    expect(base.problem).toContain("a proof of it has failed");
  });

  it("of a failure stays, whatever another sample says", async () => {
    const { store, record } = world();
    const set = await addSet(store, source, earlierBy(now, hours(1)));
    await record(set, [{ name: "a", blob: `${set}a`, reason: "its copy is gone" }]);

    expect(await record(set, [], `${run}-2`)).toMatchObject({ result: "failed", changed: false });
  });

  it("is what recoveries say of the sets that they choose from", async () => {
    const { store, done, record } = world();
    const older = await addSet(store, source, earlierBy(now, days(2)));
    const newer = await addSet(store, source, earlierBy(now, hours(1)));
    const { kind, environment } = source;
    const find = () => done(findVerifiedSets, { kind, environment, sources: [source.source] });

    expect((await find()).detail).toMatch(/^no set of it has been proven by a restore; 1 items/);
    await record(older);
    await record(newer, [{ name: "a", blob: `${newer}a`, reason: "its copy is gone" }]);

    const found = await find();
    expect(found.found).toMatchObject([{ set: older }]);
    expect(found.problems).toEqual([expect.stringContaining("a proof of it has failed")]);
    expect(found.detail).toMatch(/^the newest proven set is 2 d.* old, proven at/);
  });
});
