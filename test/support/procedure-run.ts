import type { OrchestrationHandler } from "durable-functions";
import { postNotice } from "../../src/activities/notices.contract.js";
import {
  findPreviousOutcome,
  releaseLease,
  saveRecord,
  takeLease,
} from "../../src/activities/run.contract.js";
import type { RestoreOrder } from "../../src/domain/backup-order.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunOrder } from "../../src/domain/run-order.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { verbEvent } from "../../src/domain/verb.js";
import { sampleEstate } from "./estates.js";
import { replay, stub, type Stub } from "./replay-driver.js";

const sample = sampleEstate().environments.production!;
/** Production, with orders that need no second person unless a test wants one. */
export const production = { ...sample, approval: { ...sample.approval, secondPerson: false } };
export const orderedAt = "2026-11-22T14:00:00.000Z";

/** The order of a restore by an operator, of what the estate names itself. */
export function restoreOrder(
  kind: RestoreOrder["kind"],
  resource: string,
  more: Partial<RestoreOrder> = {},
): RestoreOrder {
  return {
    environment: "production",
    resource,
    kind,
    set: `${kind}/it/20261122T120000Z-run/`,
    source: resource,
    items: [],
    overwrite: false,
    mode: "execute",
    authority: "act",
    trigger: { kind: "operator", who: "ada", source: "entra", reason: "it is gone" },
    detectedAt: orderedAt,
    estate: production,
    ...more,
  };
}

/**
 * Runs a procedure that gets every lease unless it is `held`; `approves` is what a person says when asked,
 * `cancelAt` the step at which somebody cancels it.
 */
export async function runProcedure(
  handler: OrchestrationHandler,
  input: RunOrder,
  stubs: readonly Stub[],
  {
    approves,
    cancelAt,
    held = false,
  }: { approves?: boolean | undefined; cancelAt?: string | undefined; held?: boolean } = {},
) {
  let record: RunRecord | undefined;
  let [answered, canceled] = [false, false];
  const run = await replay(handler, {
    instanceId: "procedure-production-20261122T140000Z",
    input,
    startAt: Date.parse(orderedAt),
    stubs: [
      stub(postNotice, () => ({ changed: true, detail: "posted" })),
      stub(findPreviousOutcome, () => ({ detail: "the first" })),
      stub(saveRecord, ({ record: saved }) => {
        record = saved;
        return { detail: "saved" };
      }),
      stub(takeLease, (_input, _caller, now) =>
        held
          ? { kind: "held" as const, detail: "held by another" }
          : {
              kind: "taken" as const,
              fencing: 1,
              expiresAt: instantOf(new Date(now + 600_000)),
              detail: "taken",
            },
      ),
      stub(releaseLease, () => ({ detail: "released" })),
      ...stubs,
    ],
    people: (status, now) => {
      const { approvals, step } = Checkpoint.parse(status);
      const by = { name: "grace", source: "entra" };
      const at = instantOf(new Date(now));
      if (cancelAt === step.id && !canceled) {
        canceled = true;
        return [{ name: verbEvent, data: { id: "2", by, at, reason: "x", verb: "cancel" } }];
      }
      const asked = approvals.find((one) => one.status === "open");
      if (asked === undefined || approves === undefined || answered) return [];
      answered = true;
      const decision = approves ? "approve" : "deny";
      const verb = { verb: "approval", nonce: asked.nonce, decision };
      return [{ name: verbEvent, data: { id: "1", by, at, reason: "x", ...verb } }];
    },
  });
  if (record === undefined) throw new Error("no record");
  const papers = new Set(["postNotice", "saveRecord", "takeLease", "releaseLease"]);
  return {
    ...run,
    record,
    /** What was called, but for the run's own papers. */
    names: run.calls.map(({ name }) => name).filter((name) => !papers.has(name)),
    callsOf: (name: string) => run.calls.filter((call) => call.name === name),
  };
}
