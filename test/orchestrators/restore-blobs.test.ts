import * as contract from "../../src/activities/blob-restore.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import { releaseLease, saveRecord, takeLease } from "../../src/activities/run.contract.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import type { RestoreOrder } from "../../src/domain/backup-order.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { verbEvent } from "../../src/domain/verb.js";
import { restoreBlobs } from "../../src/orchestrators/restore-blobs.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { sampleEstate } from "../support/estates.js";
import { replay, stub } from "../support/replay-driver.js";

const takenAt = "2026-11-22T12:00:00.000Z";
const orderedAt = "2026-11-22T14:00:00.000Z";
const estate = sampleEstate().environments.production!;
const endpoint = "https://mcpstorageprod.blob.core.windows.net";
const never: Failure = { class: "terminal", code: "backup-altered", message: "no" };

interface Traits {
  readonly order: Partial<RestoreOrder>;
  readonly found:
    Failure | { readonly begin: number; readonly end: number; readonly wanted: number };
  readonly counts: Partial<Record<contract.BlobAction, number>>;
  readonly newer: readonly string[];
  readonly damaged: readonly string[];
  readonly missingContainers: readonly string[];
  readonly failed: readonly { name: string; reason: string }[];
  /** Looks until a large blob is back. */
  readonly slowLooks: number;
  readonly secondPerson: boolean;
  readonly approves: boolean | undefined;
}

const usual: Traits = {
  order: {},
  found: { begin: 0, end: 3, wanted: 3 },
  counts: { restore: 2, same: 1 },
  newer: [],
  damaged: [],
  missingContainers: [],
  failed: [],
  slowLooks: 0,
  secondPerson: false,
  approves: undefined,
};

async function restore(given: Partial<Traits> = {}) {
  const traits = { ...usual, ...given };
  const { approval } = estate;
  const order: RestoreOrder = {
    environment: "production",
    resource: estate.storage.primary,
    kind: "blobs",
    set: "blobs/mcpstorageprod/20261122T120000Z-run/",
    source: estate.storage.primary,
    items: ["branding/*"],
    overwrite: false,
    mode: "execute",
    authority: "act",
    trigger: { kind: "operator", who: "ada", source: "entra", reason: "a tenant's logo is gone" },
    detectedAt: orderedAt,
    estate: { ...estate, approval: { ...approval, secondPerson: traits.secondPerson } },
    ...traits.order,
  };
  let record: RunRecord | undefined;
  let looks = 0;
  let answered = false;
  const run = await replay(restoreBlobs, {
    instanceId: "restore-blobs-production-20261122T140000Z",
    input: order,
    startAt: Date.parse(orderedAt),
    stubs: [
      stub(postNotice, () => ({ changed: true, detail: "posted" })),
      stub(saveRecord, ({ record: saved }) => {
        record = saved;
        return { detail: "saved" };
      }),
      stub(takeLease, (_input, _caller, now) => ({
        kind: "taken" as const,
        fencing: 1,
        expiresAt: instantOf(new Date(now + 120_000)),
        detail: "taken",
      })),
      stub(releaseLease, () => ({ detail: "released" })),
      stub(contract.findRestorableAccount, () =>
        "class" in traits.found
          ? { failure: traits.found }
          : { ...traits.found, endpoint, containers: ["branding"], takenAt, detail: "found" },
      ),
      stub(contract.prepareTarget, () => ({
        changed: traits.missingContainers.length > 0,
        made: [...traits.missingContainers],
        detail: `${traits.missingContainers.join(", ")}, private`,
      })),
      stub(contract.compareBlobs, ({ begin }) => ({
        done: 3,
        decisions: `restores/run/blobs-${begin}.jsonl`,
        counts: {
          restore: 0,
          replace: 0,
          same: 0,
          "keep-newer": 0,
          overwrite: 0,
          "no-copy": 0,
          ...(begin === 0 ? traits.counts : {}),
        },
        newer: begin === 0 ? [...traits.newer] : [],
        damaged: begin === 0 ? [...traits.damaged] : [],
        detail: "compared",
      })),
      stub(contract.copyBlobsBack, ({ actions, decisions }) => {
        const isFirst = decisions.endsWith("blobs-0.jsonl");
        const count = actions.reduce(
          (sum, action) => sum + (isFirst ? (traits.counts[action] ?? 0) : 0),
          0,
        );
        const waiting = isFirst && looks++ < traits.slowLooks ? 1 : 0;
        const failed = isFirst ? [...traits.failed] : [];
        const restored = count - failed.length - waiting;
        return { changed: true, done: count, restored, waiting, failed, detail: "copied" };
      }),
    ],
    people: (status, now) => {
      const asked = Checkpoint.parse(status).approvals.find((one) => one.status === "open");
      if (asked === undefined || traits.approves === undefined || answered) return [];
      answered = true;
      const by = { name: "grace", source: "entra" };
      const at = instantOf(new Date(now));
      const decision = traits.approves ? "approve" : "deny";
      const verb = { verb: "approval", nonce: asked.nonce, decision };
      return [{ name: verbEvent, data: { id: "1", by, at, reason: "x", ...verb } }];
    },
  });
  if (record === undefined) throw new Error("no record");
  const names = run.calls.map(({ name }) => name);
  return { ...run, record, names };
}

describe("restore blobs", () => {
  it("compares, brings back what is missing while it alone may change the account, and says so", async () => {
    const { record, names } = await keepsToHistory("blob-restore.missing", () => restore());

    expect(record).toMatchObject({
      kind: "restore",
      outcome: "passed",
      reason: "2 of 3 wanted blobs brought back and verified, 1 were the same",
    });
    expect(names.filter((name) => name !== "postNotice")).toEqual([
      "findRestorableAccount",
      "takeLease",
      "compareBlobs",
      "prepareTarget",
      "copyBlobsBack",
      "releaseLease",
      "saveRecord",
    ]);
  });

  it("looks at the stretch of the set alone in which the wanted blobs are", async () => {
    const { calls } = await restore({ found: { begin: 1_700, end: 2_300, wanted: 2 } });
    const compared = calls.filter(({ name }) => name === "compareBlobs");

    expect(compared.map(({ input }) => input)).toMatchObject([
      { begin: 1_700, end: 2_200 },
      { begin: 2_200, end: 2_300 },
    ]);
  });

  it("copies nothing where all is the same", async () => {
    const { record, names } = await restore({ counts: { same: 3 } });

    expect(record).toMatchObject({ outcome: "passed" });
    expect(names).not.toContain("copyBlobsBack");
    expect(names).not.toContain("prepareTarget");
  });

  it("leaves what is newer, and names it", async () => {
    const { record } = await restore({
      counts: { restore: 1, same: 1, "keep-newer": 1 },
      newer: ["branding/theme.css"],
    });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["branding/theme.css was left as it is: newer than the copy"],
    });
    expect(record.reason).toContain("1 left as they are");
  });

  it("names what could not be brought back, and fails where nothing could", async () => {
    const lost = { name: "branding/a.svg", reason: "its copy is damaged" };
    const some = await restore({ failed: [lost] });
    const all = await restore({ counts: { restore: 1 }, failed: [lost] });

    expect(some.record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["branding/a.svg: its copy is damaged"],
      nextSteps: [expect.stringContaining("earlier set")],
    });
    expect(all.record).toMatchObject({ outcome: "failed" });
  });

  it("overwrites what is newer after a second person has agreed, where the estate wants one", async () => {
    const counts = { overwrite: 1, same: 2 };
    const order = { overwrite: true };
    const ordered = await restore({ counts, order });
    const agreed = await restore({ counts, order, secondPerson: true, approves: true });
    const denied = await restore({ counts, order, secondPerson: true, approves: false });
    const silent = await restore({ counts, order, secondPerson: true });

    expect(ordered.record).toMatchObject({ outcome: "passed", approvals: [] });
    expect(agreed.record).toMatchObject({ outcome: "passed", approvals: [{ status: "approved" }] });
    for (const { record, names } of [denied, silent]) {
      expect(record.outcome).toBe("failed");
      expect(names).not.toContain("copyBlobsBack");
    }
  });

  it("says that a container was made anew", async () => {
    const { record } = await restore({ missingContainers: ["branding"] });

    expect(record).toMatchObject({ outcome: "passed-with-findings" });
    expect(record.findings[0]).toContain("without public access");
  });

  it("waits for large blobs with growing pauses", async () => {
    const { record, names, endedAt } = await restore({ slowLooks: 6 });

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "2 of 3 wanted blobs brought back and verified, 1 were the same",
    });
    expect(names.filter((name) => name === "copyBlobsBack").length).toBeGreaterThan(6);
    expect(endedAt - Date.parse(orderedAt)).toBeGreaterThan(100_000);
  });

  it("plans without a lease and without a change", async () => {
    const { record, names } = await restore({
      order: { mode: "plan", overwrite: true },
      counts: { restore: 1, replace: 1, overwrite: 1 },
      missingContainers: ["branding"],
    });

    expect(record.outcome).toBe("planned");
    expect(record.plan?.changes).toMatchObject([
      { step: "prepare", detail: "branding, private" },
      { step: "restore", detail: "1 missing blobs to restore, 1 in the place of older ones" },
      { step: "overwrite", detail: "1 newer blobs to overwrite" },
    ]);
    expect(names).toEqual(["findRestorableAccount", "compareBlobs", "prepareTarget", "saveRecord"]);
  });

  it("ends with what is wrong with the set", async () => {
    const { record, names } = await restore({ found: never });

    expect(record).toMatchObject({ outcome: "failed", reason: "backup-altered: no" });
    expect(names).not.toContain("takeLease");
  });
});
