import * as app from "../../src/activities/container-app.contract.js";
import * as evidence from "../../src/activities/evidence.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import * as run from "../../src/activities/run.contract.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { milliseconds } from "../../src/domain/duration.js";
import { stub, type Stub } from "./replay-driver.js";

type Planned = Failure | Error | undefined;

/** A container app on the couch: it fails, and one thing heals it unless a field says otherwise. */
export interface PatientTraits {
  readonly heals:
    "already" | "itself" | "restart" | "activation" | "shift" | "roll-forward" | "never";
  readonly mode: "single" | "multiple";
  readonly knownGood: boolean;
  /** A second revision shares the traffic and is well. */
  readonly split: boolean;
  /** Activities that fail for good, or as often as said; an Error is a crash. */
  readonly failing: Readonly<Record<string, Planned | readonly Planned[]>>;
  /** The new revision of a roll-forward is ill, until the old one is activated again or for good. */
  readonly rollForwardHarms: "no" | "until-back" | "for-good";
  /** Milliseconds after which another run has this run's lease. */
  readonly leaseLostAfter: number;
  readonly leaseHeldFor: number;
  readonly mandated: boolean;
}

const usual: PatientTraits = {
  heals: "restart",
  mode: "single",
  knownGood: true,
  split: false,
  failing: {},
  rollForwardHarms: "no",
  leaseLostAfter: Infinity,
  leaseHeldFor: 0,
  mandated: true,
};

export interface Patient {
  readonly stubs: readonly Stub[];
  readonly record: () => RunRecord;
  readonly closedWith: () => string | undefined;
}

const bad = "mcp-server-prod--bad";
const well = "mcp-server-prod--well";
const candidates = ["mcp-server-prod--good", "mcp-server-prod--older"];

export function patient(traits: Partial<PatientTraits> = {}): Patient {
  const is = { ...usual, ...traits };
  const seen = new Map<string, number>();
  let harmed = false;
  let restartedAt: number | undefined;
  let healthyFrom = is.heals === "already" ? 0 : Infinity;
  let serving = is.split ? [bad, well] : [bad];
  let latest = bad;
  let record: RunRecord | undefined;
  let closedWith: string | undefined;

  const heal = (by: PatientTraits["heals"], now: number): void => {
    if (is.heals === by && !harmed) healthyFrom = Math.min(healthyFrom, now + 40_000);
  };
  const failure = (name: string): { failure: Failure } | undefined => {
    const planned = is.failing[name];
    if (planned === undefined) return undefined;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const now = isList(planned) ? planned[count] : planned;
    if (now instanceof Error) throw now;
    return now === undefined ? undefined : { failure: now };
  };
  const kept = (name: string, step: string) =>
    failure(name) ?? {
      detail: `${name} kept`,
      evidence: [{ title: name, blob: `evidence/${step}`, bytes: 1, sha256: "0" }],
    };

  const stubs: Stub[] = [
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(
      app.observeApp,
      () =>
        failure("observeApp") ?? {
          detail: "seen",
          fqdn: "mcp-server-prod.example.azurecontainerapps.io",
          mode: is.mode,
          provisioningState: "Succeeded",
          runningStatus: "Running",
          latestRevision: latest,
          latestReadyRevision: latest,
          serving,
        },
    ),
    stub(app.probeHealth, (_input, _caller, now) => {
      const failed = failure("probeHealth");
      if (failed !== undefined) return failed;
      const healthy = now >= healthyFrom;
      return {
        healthy,
        status: healthy ? 200 : 503,
        latency: milliseconds(9),
        detail: healthy ? "well" : "HTTP 503",
      };
    }),
    stub(app.observeRestart, (_input, _caller, now) => {
      restartedAt ??= now;
      const replaced = now - restartedAt >= 45_000;
      const healthy = now >= healthyFrom;
      return (
        failure("observeRestart") ?? { healthy, replaced, detail: healthy ? "well" : "HTTP 503" }
      );
    }),
    stub(app.restartRevision, ({ revision }, _caller, now) => {
      heal("restart", now);
      return failure("restartRevision") ?? { changed: true, detail: `restarted ${revision}` };
    }),
    stub(
      app.probeRevisions,
      () => failure("probeRevisions") ?? { failing: [bad], well: [well], detail: "told apart" },
    ),
    stub(app.chooseKnownGood, ({ failing }) => {
      const found = candidates.find((name) => !failing.includes(name));
      return (
        failure("chooseKnownGood") ??
        (is.knownGood && found !== undefined
          ? {
              kind: "found" as const,
              revision: found,
              createdAt: "2026-11-20T10:00:00.000Z",
              detail: `found ${found}`,
            }
          : { kind: "none" as const, detail: "there is no other revision" })
      );
    }),
    stub(app.activateRevision, ({ revision }, _caller, now) => {
      const failed = failure("activateRevision");
      if (failed !== undefined) return failed;
      heal("activation", now);
      if (is.rollForwardHarms === "until-back" && harmed) healthyFrom = now;
      if (is.mode === "single") serving = [revision];
      return { changed: true, detail: "activated" };
    }),
    stub(
      app.observeRevision,
      () => failure("observeRevision") ?? { running: true, failed: false, detail: "runs" },
    ),
    stub(app.startTrafficShift, ({ revision }, _caller, now) => {
      serving = [revision];
      heal("shift", now);
      return (
        failure("startTrafficShift") ?? { changed: true, operation: "poller", detail: "shifting" }
      );
    }),
    stub(app.startRollForward, ({ suffix }, _caller, now) => {
      const failed = failure("startRollForward");
      if (failed !== undefined) return failed;
      heal("roll-forward", now);
      if (is.rollForwardHarms !== "no") {
        harmed = true;
        healthyFrom = Infinity;
      }
      latest = `mcp-server-prod--${suffix}`;
      serving = [latest];
      return { changed: true, operation: "poller", revision: latest, detail: "rolling" };
    }),
    stub(
      app.pollAppOperation,
      () => failure("pollAppOperation") ?? { state: "succeeded", detail: "done" },
    ),
    stub(evidence.captureAppState, (_input, { step }, now) => {
      if (is.heals === "itself") healthyFrom = now;
      return kept("captureAppState", step);
    }),
    stub(evidence.captureAppLogs, (_input, { step }) => kept("captureAppLogs", step)),
    stub(evidence.captureErrorRates, (_input, { step }) => kept("captureErrorRates", step)),
    stub(run.confirmMandate, () => ({ mandated: is.mandated, detail: "looked" })),
    stub(run.takeLease, (_input, caller, now) => {
      const failed = failure("takeLease");
      if (failed !== undefined) return failed;
      const first = seen.get("lease") ?? now;
      seen.set("lease", first);
      return now - first < is.leaseHeldFor || now - first >= is.leaseLostAfter
        ? { kind: "held" as const, detail: "held by another run" }
        : {
            kind: "taken" as const,
            fencing: caller.attempt,
            expiresAt: new Date(now + 600_000).toISOString(),
            detail: "taken",
          };
    }),
    stub(run.releaseLease, () => ({ detail: "given back" })),
    stub(run.saveRecord, (input) => {
      const failed = failure("saveRecord");
      if (failed !== undefined) return failed;
      ({ record } = input);
      return { detail: "saved" };
    }),
    stub(run.closeIncident, ({ outcome }) => {
      closedWith = outcome;
      return { detail: "closed" };
    }),
  ];
  return {
    stubs,
    record: () => {
      if (record === undefined) throw new Error("the run saved no record");
      return record;
    },
    closedWith: () => closedWith,
  };
}

const isList = (planned: Planned | readonly Planned[]): planned is readonly Planned[] =>
  Array.isArray(planned);
