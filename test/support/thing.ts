import { postNotice } from "../../src/activities/notices.contract.js";
import * as run from "../../src/activities/run.contract.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { hours } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf, plus } from "../../src/domain/instant.js";
import type { Person } from "../../src/domain/identity.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { verbEvent, type Verb } from "../../src/domain/verb.js";
import { detectedAt, orderOf, runOf, sampleEstate } from "./estates.js";
import * as scenario from "./replace-thing.js";
import { replay, stub, type Replayed, type Stub } from "./replay-driver.js";

const thingId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Test/things/t";
export const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("storage-failure");

/** The thing fails and its operators are silent, unless a field says otherwise. */
export interface ThingTraits {
  readonly well: boolean;
  /** Whether this service can look at it at all. */
  readonly reachable: boolean;
  readonly failing: Readonly<Partial<Record<"replace" | "patch" | "label", readonly Failure[]>>>;
  /** What people say when they see a checkpoint; each saying is said once. */
  readonly says: readonly Saying[];
  readonly order: Partial<RecoveryOrder>;
  /** Seconds an act takes. */
  readonly actTakes: number;
  /** From when on another run has the lease; in milliseconds since the start. */
  readonly leaseLostAfter: number;
}

export interface Saying {
  readonly when: (seen: Checkpoint) => boolean;
  readonly say: (seen: Checkpoint) => Partial<Verb> & { readonly verb: Verb["verb"] };
  readonly by?: string;
  /** Milliseconds until it arrives. */
  readonly after?: number;
}

export interface ThingRun extends Replayed {
  readonly record: RunRecord;
  readonly acts: readonly string[];
  readonly seen: readonly Checkpoint[];
}

const usual: ThingTraits = {
  well: false,
  reachable: true,
  failing: {},
  says: [],
  order: {},
  actTakes: 0.2,
  leaseLostAfter: Infinity,
};

export const refusal: Failure = { class: "terminal", code: "Conflict", message: "Azure says no" };

const person = (name: string): Person => ({ name, source: "entra" });

export const approveAs = (by: string, decision: "approve" | "deny" = "approve"): Saying => ({
  when: ({ waitingFor }) => waitingFor === "approval",
  say: ({ approvals }) => ({
    verb: "approval",
    nonce: approvals.find(({ status }) => status === "open")?.nonce ?? "",
    decision,
  }),
  by,
});

export const decide = (
  step: string,
  choice: "retry" | "skip" | "abort",
  input?: Record<string, unknown>,
): Saying => ({
  when: ({ decisions }) => decisions.some((each) => each.step === step && each.status === "open"),
  say: () => ({ verb: "decision", step, choice, ...(input === undefined ? {} : { input }) }),
});

type LeaseAnswer = ReturnType<typeof run.takeLease.parseOutput>;

export async function runThing(given: Partial<ThingTraits> = {}): Promise<ThingRun> {
  const is = { ...usual, ...given };
  const counts = { replace: 0, patch: 0, label: 0 };
  const acts: string[] = [];
  let record: RunRecord | undefined;
  const act = (name: keyof typeof counts, what: string) => {
    const failure = is.failing[name]?.[counts[name]++];
    if (failure !== undefined) return { failure };
    acts.push(what);
    return { changed: true, detail: what };
  };
  const took = is.actTakes * 1_000;
  const stubs: Stub[] = [
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(run.confirmMandate, () => ({ mandated: true, detail: "it is" })),
    stub(run.takeLease, (_input, _caller, now): LeaseAnswer =>
      now - startAt >= is.leaseLostAfter
        ? { kind: "held", detail: "held by another" }
        : {
            kind: "taken",
            fencing: 1,
            expiresAt: plus(instantOf(new Date(now)), hours(1)),
            detail: "taken",
          },
    ),
    stub(run.releaseLease, () => ({ detail: "given back" })),
    stub(run.saveRecord, ({ record: saved }) => {
      record = saved;
      return { detail: "saved" };
    }),
    stub(run.closeIncident, () => ({ detail: "closed" })),
    stub(scenario.lookAtThing, () => ({
      well: is.well,
      reachable: is.reachable,
      detail: is.well ? "well" : "not well",
    })),
    stub(
      scenario.replaceThing,
      ({ thing }) => act("replace", `replaced ${thing.at(-1) ?? ""}`),
      took,
    ),
    stub(scenario.patchThing, ({ strength }) => act("patch", `patched ${strength}`), took),
    stub(scenario.labelThing, () => act("label", "labeled"), took),
  ];

  const said = new Set<Saying>();
  const seen: Checkpoint[] = [];
  const replayed = await replay(scenario.replaceThingRun, {
    instanceId,
    input: orderOf({
      scenario: "storage-failure",
      resource: thingId,
      incident: "incidents/production/storage-failure/0.json",
      ...is.order,
    }),
    stubs,
    startAt,
    people: (status, now) => {
      const checkpoint = Checkpoint.parse(status);
      seen.push(checkpoint);
      return is.says
        .filter((saying) => !said.has(saying) && saying.when(checkpoint))
        .map((saying) => {
          said.add(saying);
          const after = saying.after ?? 1_000;
          const data = {
            id: `saying-${said.size}`,
            by: person(saying.by ?? "Olga Operator"),
            at: instantOf(new Date(now + after)),
            reason: "because",
            ...saying.say(checkpoint),
          };
          return { name: verbEvent, data, after };
        });
    },
  });
  if (record === undefined) throw new Error("the run left no record");
  return { ...replayed, record, acts, seen };
}

/** Production with other rules about people. */
export function estateWith(more: {
  readonly approval?: object;
  readonly decisionWindow?: number;
}): RecoveryOrder["estate"] {
  const { production } = sampleEstate().environments;
  if (production === undefined) throw new Error("the sample has no production");
  return {
    ...production,
    ...(more.decisionWindow === undefined ? {} : { decisionWindow: more.decisionWindow as never }),
    approval: { ...production.approval, ...more.approval },
  };
}
