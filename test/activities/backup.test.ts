import { backupActivities } from "../../src/activities/backup.js";
import { completeSet, findLatestSet } from "../../src/activities/backup.contract.js";
import { setPrefix, type BackupItem, type BackupSource } from "../../src/domain/backup.js";
import { hours } from "../../src/domain/duration.js";
import { earlierBy, instantOf, type Instant } from "../../src/domain/instant.js";
import { backups } from "../../src/state/backups.js";
import { workLists } from "../../src/state/work-list.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer, restError } from "../support/memory-container.js";

const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
};
const now = instantOf(new Date());
const setAt = (takenAt: Instant): string => setPrefix(source, takenAt, "run-1");

function world() {
  const container = new MemoryContainer();
  const store = backups(container, () => container);
  const activities = backupActivities(store);
  const latest = () => answerOf(activities, findLatestSet, source);
  const complete = async (
    takenAt: Instant,
    more: {
      items?: readonly BackupItem[];
      skippedIn?: string;
      verified?: boolean;
      region?: string;
      facts?: Record<string, string>;
    } = {},
  ) => {
    const set = setAt(takenAt);
    const { items = [item("jwt", set)], verified = true, region = "eastus", facts = {} } = more;
    return answerOf(activities, completeSet, {
      set,
      ...source,
      scope: "full",
      region,
      takenAt,
      completedAt: takenAt,
      parts: [await store.writePart(set, 1, items)],
      skipped: [{ name: "tls", reason: "belongs to a certificate" }],
      ...(more.skippedIn === undefined ? {} : { skippedIn: more.skippedIn }),
      verified,
      copies: [],
      facts,
    });
  };
  const manifestOf = async (takenAt: Instant) => {
    const found = await store.read(setAt(takenAt), source, now);
    if (found.kind !== "usable") throw new Error(found.problem);
    return found.manifest;
  };
  return { container, store, latest, complete, manifestOf };
}
const item = (name: string, set: string): BackupItem => ({
  name,
  blob: `${set}secrets/${name}`,
  bytes: 10,
  sha256: "0",
});

describe("the newest set", () => {
  it("is none, then the one that was completed, with how old it is and its facts", async () => {
    const { latest, complete } = world();
    const none = await latest();
    await complete(earlierBy(now, hours(2)), { facts: { keys: "12" } });

    expect(none).toEqual({ ok: true, value: { detail: "there is no earlier set" } });
    const found = await latest();
    expect(found).toMatchObject({
      ok: true,
      value: { set: setAt(earlierBy(now, hours(2))), facts: { keys: "12" } },
    });
    expect(found.ok && found.value.detail).toMatch(/^the newest set is 2 h/);
  });

  it("is said to be of no use in words, and no other takes its place", async () => {
    const { latest, complete, container } = world();
    await complete(now);
    container.blobs.get(`${setAt(now)}manifest.json`)!.text = "{}";
    const found = await latest();

    expect(found.ok && found.value.set).toBeUndefined();
    expect(found).toMatchObject({ ok: true, value: { problem: expect.any(String) as string } });
    expect(found.ok && found.value.detail).toMatch(/^the newest set cannot be used/);
  });

  it("is waited for where the account is away", async () => {
    const { latest, container } = world();
    container.failures.push(restError(503, "ServerBusy"));

    expect(await latest()).toMatchObject({ ok: false, failure: { class: "transient" } });
  });
});

describe("a completed set", () => {
  it("is the same however often it is completed, and names what was left out and what it uses", async () => {
    const { complete, manifestOf, container } = world();
    const before = setAt(earlierBy(now, hours(1)));
    const list = `${setAt(now)}work/secrets.jsonl`;
    await workLists(container).write(list, [{ name: "jwt" }, { name: "old", skip: "managed" }]);
    const items = [item("jwt", setAt(now)), item("redis", before)];
    const first = await complete(now, { items, skippedIn: list });
    const text = container.blobs.get(`${setAt(now)}manifest.json`)?.text;
    const again = await complete(now, { items, skippedIn: list });

    expect(again).toEqual(first);
    expect(container.blobs.get(`${setAt(now)}manifest.json`)?.text).toBe(text);
    expect(await manifestOf(now)).toMatchObject({
      count: 2,
      bytes: 20,
      items,
      parts: [],
      skipped: [
        { name: "old", reason: "managed" },
        { name: "tls", reason: "belongs to a certificate" },
      ],
      references: [before.split("/").at(-2)],
      geography: "United States",
      subscription: "s",
      check: { level: "verified" },
    });
  });

  it("of many items names the parts that list them", async () => {
    const { complete, manifestOf } = world();
    const items = Array.from({ length: 1_001 }, (_, nth) => item(`secret-${nth}`, setAt(now)));
    await complete(now, { items });

    expect(await manifestOf(now)).toMatchObject({ count: 1_001, items: [], parts: [{}] });
  });

  it("is not called verified where it was not, nor the latest where a newer one is", async () => {
    const { complete, manifestOf, latest } = world();
    await complete(now);
    const older = earlierBy(now, hours(1));
    const late = await complete(older, { verified: false, region: "nowhere" });

    expect(late).toMatchObject({ ok: true, value: { latest: false } });
    expect(late.ok && late.value.detail).toContain("a newer set is the latest");
    expect(await manifestOf(older)).toMatchObject({
      check: { level: "none" },
      geography: "unknown",
    });
    expect(await latest()).toMatchObject({ value: { set: setAt(now) } });
  });
});
