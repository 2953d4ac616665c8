import type { AuditEntry } from "../../src/domain/audit.js";
import { holderOfKey } from "../../src/domain/identity.js";
import { stateStore } from "../../src/state/state-store.js";
import { MemoryContainer } from "../support/memory-container.js";

const run = "container-app-failure-production-20261122T135830Z-ab12cd";
const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  version: 1,
  id: "one",
  at: "2026-11-22T13:58:29.120Z",
  who: holderOfKey,
  action: "start-recovery",
  result: "accepted",
  reason: "users report errors",
  detail: "starts it",
  ...more,
});

describe("audit", () => {
  it("lays each entry where it will be looked for", async () => {
    const blobs = new MemoryContainer();
    const { audit } = stateStore(blobs);

    await audit.add(entry({ id: "a", run, environment: "production" }));
    await audit.add(entry({ id: "b", environment: "staging" }));
    await audit.add(entry({ id: "c" }));

    expect([...blobs.blobs.keys()].sort()).toEqual([
      "audit/environments/staging/20261122T135829Z-b.json",
      `audit/runs/${run}/20261122T135829Z-a.json`,
      "audit/service/20261122T135829Z-c.json",
    ]);
  });

  it("never changes an entry, and takes the same one twice without a second", async () => {
    const blobs = new MemoryContainer();
    const { audit } = stateStore(blobs);

    await audit.add(entry({ run }));
    await audit.add(entry({ run }));
    await audit.add(entry({ run, result: "refused" }));

    expect(await audit.ofRun(run)).toEqual([entry({ run })]);
  });

  it("lists a run's entries oldest first, however many, and those of no other run", async () => {
    const { audit } = stateStore(new MemoryContainer());
    const at = (index: number): string =>
      new Date(Date.UTC(2026, 10, 22, 14, 0, 0, index)).toISOString();
    for (let index = 39; index >= 0; index--) {
      await audit.add(entry({ run, id: `${(index * 7) % 40}`, at: at(index) }));
    }
    await audit.add(entry({ run: `${run}-2` }));

    const found = await audit.ofRun(run);

    expect(found.map((one) => one.at)).toEqual(Array.from({ length: 40 }, (_, index) => at(index)));
  });

  it("lists an environment's newest entries first, up to a number", async () => {
    const { audit } = stateStore(new MemoryContainer());
    for (const second of [3, 1, 4, 2]) {
      await audit.add(
        entry({
          environment: "production",
          id: `${second}`,
          at: `2026-11-22T14:00:0${second}.000Z`,
        }),
      );
    }

    const found = await audit.ofEnvironment("production", 3);

    expect(found.map(({ id }) => id)).toEqual(["4", "3", "2"]);
    expect(await audit.ofEnvironment("staging", 3)).toEqual([]);
  });

  it("keeps what people and services wrote short and free of credentials", async () => {
    const { audit } = stateStore(new MemoryContainer());
    const secret = "password=hunter2hunter2";

    await audit.add(
      entry({
        run,
        who: { name: `ada ${secret}`, source: "claimed", roles: [] },
        reason: `${secret} ${"x".repeat(2_000)}`,
        detail: `Bearer ${"y".repeat(40)}`,
      }),
    );

    const [found] = await audit.ofRun(run);
    expect(JSON.stringify(found)).not.toMatch(/hunter2|y{10}/);
    expect(found?.reason).toHaveLength(400);
  });

  it("fits into a blob's metadata, whatever was written", async () => {
    const blobs = new MemoryContainer();
    const { audit } = stateStore(blobs);
    const worst = ["\ud800", "\u0000", '"', "\u4f60", "\ud83d\udd25"];

    for (const [index, character] of worst.entries()) {
      const text = character.repeat(2_000);
      await audit.add(
        entry({
          run,
          id: `${index}`,
          who: {
            name: text,
            source: "entra",
            roles: ["operator", "approver", "reader", "auditor"],
          },
          environment: "production",
          reason: text,
          detail: text,
        }),
      );
    }

    for (const { metadata } of blobs.blobs.values()) {
      expect(metadata["entry"]?.length).toBeLessThan(8_000);
    }
    expect(await audit.ofRun(run)).toHaveLength(worst.length);
  });

  it("lists in one call, and leaves out what it cannot read", async () => {
    const blobs = new MemoryContainer();
    const { audit } = stateStore(blobs);
    await audit.add(entry({ run }));
    await blobs.put(`audit/runs/${run}/0-stray.json`, "{}");
    await blobs.put(`audit/runs/${run}/1-other.json`, "{}", { metadata: { entry: "e30=" } });
    await blobs.put(`audit/runs/${run}/2-broken.json`, "{}", { metadata: { entry: "?" } });
    blobs.read = () => Promise.reject(new Error("nothing is read one by one"));

    expect(await audit.ofRun(run)).toEqual([entry({ run })]);
  });
});
