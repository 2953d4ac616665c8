import { proofIn } from "../../src/domain/backup-proof.js";
import { manifestIn, type BackupSource } from "../../src/domain/backup.js";
import { minutes } from "../../src/domain/duration.js";
import { plus } from "../../src/domain/instant.js";
import { memorySets } from "../support/backup-sets.js";
import { addSet, proofOf } from "../support/proofs.js";

const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
};
const [first, second, now] = [
  "2026-11-22T12:00:00.000Z",
  "2026-11-22T13:00:00.000Z",
  "2026-11-22T14:00:00.000Z",
];

async function world() {
  const { store, container } = memorySets();
  const older = await addSet(store, source, first);
  const newer = await addSet(store, source, second);
  const record = async (set: string, more: Parameters<typeof proofOf>[2] = {}) =>
    store.recordProof(await proofOf(store, set, more));
  return { store, container, older, newer, record };
}

describe("proofs of sets", () => {
  it("raise the level of a set, and leave its manifest as it is", async () => {
    const { store, container, newer, record } = await world();
    const before = container.blobs.get(manifestIn(newer))?.text;

    expect(await record(newer)).toBe(true);

    const { found } = await store.newestVerified(source, now);
    expect(found).toMatchObject({ set: newer, check: { level: "proven", at: second } });
    expect(container.blobs.get(manifestIn(newer))?.text).toBe(before);
    expect(found?.manifest.check.level).toBe("verified");
    expect(await store.latest(source, now)).toMatchObject({ kind: "usable", set: newer });
  });

  it("that have failed make the newest usable set another one, and stay failed", async () => {
    const { store, older, newer, record } = await world();
    await record(newer, { result: "failed", run: "proof-1" });

    expect(await store.newestVerified(source, now)).toMatchObject({
      found: { set: older, check: { level: "verified" } },
      problems: [{ set: newer, problem: "proof-failed" }],
    });
    expect(await record(newer, { run: "proof-2" })).toBe(false);
    expect(await store.judge(newer, source, now)).toMatchObject({ doubt: "proof-failed" });
    // By its name it can be restored all the same.
    expect(await store.usable(newer, source, now)).toMatchObject({ takenAt: second });
    // The run that has found it may write again what it found, after a lost answer.
    expect(await record(newer, { result: "failed", run: "proof-1" })).toBe(true);
  });

  it("leave one to be found behind a day of intervals that have failed with their copy", async () => {
    const { store, older, newer, record } = await world();
    const failed = [newer];
    for (let nth = 1; nth <= 50; nth++) {
      failed.push(await addSet(store, source, plus(first, minutes(nth))));
    }
    for (const set of failed) await record(set, { result: "failed" });

    const { found, problems } = await store.newestVerified(source, now);

    expect(found?.set).toBe(older);
    expect(problems).toHaveLength(51);
  });

  it("count for nothing where they are of another manifest, another set, or cannot be read", async () => {
    const { store, container, older, newer, record } = await world();
    const level = async (set: string) => {
      const judged = await store.judge(set, source, now);
      return judged.kind === "usable" ? judged.check.level : judged.problem;
    };
    await record(older);
    container.blobs.get(manifestIn(older))!.text += " ";
    await container.put(proofIn(newer), JSON.stringify(await proofOf(store, older)));

    expect(await level(older)).toBe("verified");
    expect(await level(newer)).toBe("verified");
    await container.put(proofIn(newer), "{");
    expect(await level(newer)).toBe("verified");
    expect(await store.newestProven(source, now)).toBeUndefined();
  });

  it("are looked for from the newest set on", async () => {
    const { store, older, newer, record } = await world();

    expect(await store.newestProven(source, now)).toBeUndefined();
    await record(older, { at: now });
    expect(await store.newestProven(source, now)).toEqual({
      set: older,
      takenAt: first,
      provenAt: now,
    });
    await record(newer, { at: now });
    expect(await store.newestProven(source, now)).toMatchObject({ set: newer });
    await record(newer, { result: "failed" });
    expect(await store.newestProven(source, now)).toMatchObject({ set: older });
  });

  it("are removed with their set", async () => {
    const { store, container, older, record } = await world();
    await record(older);

    await store.remove(older, [], 100);

    expect([...container.blobs.keys()].filter((name) => name.startsWith(older))).toEqual([]);
    expect(await store.sets(source)).not.toContain(older);
  });
});
