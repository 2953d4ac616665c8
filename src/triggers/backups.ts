import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { BackupKind, describeProblem, isOfSideInUse } from "../domain/backup.js";
import { rpoOf, scheduleOf, sidesOf } from "../domain/backup-order.js";
import { backupRunsOf, honorsRpo } from "../domain/backup-schedule.js";
import { Checkpoint } from "../domain/checkpoint.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { describeDuration, type Milliseconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import type { Environment } from "../domain/estate.js";
import { elapsed, Instant, isAfter } from "../domain/instant.js";
import { proofRunsOf } from "../domain/proof-schedule.js";
import { Protection } from "../domain/protection.js";
import { backupProcedures } from "../scenarios/procedures.js";
import type { ActiveRun } from "./durable-runs.js";
import {
  accept,
  json,
  linksOf,
  readJson,
  readText,
  type ActingEndpoint,
  type Endpoint,
} from "./endpoint.js";
import { environmentIn, wishForKinds } from "./request-forms.js";
import { RunLinks } from "./run-view.js";
import { startBackup } from "./start-backup.js";

/** An operator's order to back something up now. */
export const BackupRequest = z.strictObject(wishForKinds(BackupKind)).meta({ id: "BackupRequest" });

export const BackupAnswer = z
  .strictObject({
    backups: z.array(
      z.strictObject({
        kind: BackupKind,
        id: z.string(),
        /** `ended`: the present period's backup has been made; `running`: it is being made. */
        status: z.enum(["started", "running", "ended"]),
        /** When a backup that has ended was made: a period may be hours long. */
        madeAt: z.string().optional(),
        links: RunLinks,
      }),
    ),
  })
  .meta({ id: "BackupAnswer" });

export const BackupView = z
  .strictObject({ at: Instant, backups: z.array(Protection) })
  .meta({ id: "Backups" });

const BackupQuery = z.object({ environment: EnvironmentName.optional() });

/** More than the timer's: whoever asks by hand has mended something. */
const attempts = 9;

/** POST /api/backups: the backups of the present period, of each kind that is wanted. */
export async function startBackups(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, store, estate, runs, now, who, audit } = endpoint;
  const wish = accept(BackupRequest.safeParse(readJson(await readText(request))));
  const { name: environment } = environmentIn(estate, wish.environment, 400);
  const kinds = [...new Set(wish.kinds ?? supportedKinds)];
  audit.about({ environment, reason: wish.reason });
  await audit.enter("accepted", `backs up ${kinds.join(", ")} of ${environment}`);
  const trigger = {
    kind: "operator",
    who: who.name,
    source: who.source,
    reason: scrub(wish.reason),
  } as const;
  const backups: z.infer<typeof BackupAnswer>["backups"] = [];
  for (const kind of kinds) {
    const wanted = { environment, kind, trigger, attempts };
    const { run: id, status } = await startBackup(runs, store, estate, now(), wanted);
    const [record] = status === "ended" ? await store.runs.backups(id) : [];
    const madeAt = record === undefined ? {} : { madeAt: record.startedAt };
    backups.push({ kind, id, status, ...madeAt, links: linksOf(request, id) });
  }
  return json(202, { backups });
}

/** GET /api/backups: what is protected, how old it is and how far it can be trusted. */
export async function showBackups(endpoint: Endpoint): Promise<HttpResponseInit> {
  const { request, estate, runs, now } = endpoint;
  const { environment: wanted } = accept(
    BackupQuery.safeParse({ environment: request.query.get("environment") ?? undefined }),
  );
  const names =
    wanted === undefined
      ? EnvironmentName.options.filter((name) => estate.environments[name] !== undefined)
      : [environmentIn(estate, wanted, 404).name];
  const active = await runs.active();
  const backups = await Promise.all(
    names.flatMap((name) => {
      const { environment } = environmentIn(estate, name, 404);
      return supportedKinds.map((kind) => protectionOf(endpoint, active, name, environment, kind));
    }),
  );
  return json(200, { at: now(), backups } satisfies z.infer<typeof BackupView>);
}

const supportedKinds = BackupKind.options.filter((kind) => backupProcedures[kind] !== undefined);

async function protectionOf(
  { backups, store, now }: Endpoint,
  active: readonly ActiveRun[],
  name: EnvironmentName,
  environment: Environment,
  kind: BackupKind,
): Promise<Protection> {
  const at = now();
  const { primary, secondary } = sidesOf(environment, kind);
  const sources = await backups.sourcesOf(kind, { primary, secondary });
  const [found, proven] = await Promise.all([
    Promise.all(
      sources.map((source) => backups.newestVerified({ kind, environment: name, source }, at)),
    ),
    Promise.all(
      sources.map((source) => backups.newestProven({ kind, environment: name, source }, at)),
    ),
  ]);
  const [lastProven] = proven
    .flatMap((each) => each ?? [])
    .sort((one, other) => other.takenAt.localeCompare(one.takenAt));
  const problems: Protection["problems"] = [];
  let newest: Protection["newest"];
  for (const [index, { found: set, problems: newer }] of found.entries()) {
    const source = sources[index];
    const side = source === primary ? "primary" : source === secondary ? "secondary" : "recovery";
    for (const { set: unusable, problem } of newer) {
      problems.push({ side, set: unusable, problem: describeProblem[problem] });
    }
    if (set === undefined) continue;
    const { takenAt, completedAt, scope, count, bytes, skipped, run } = set.manifest;
    const { check } = set;
    if (newest !== undefined && !isAfter(takenAt, newest.takenAt)) continue;
    newest = {
      set: set.set,
      side,
      known: isOfSideInUse(set.manifest) ? "observed" : "assumed",
      resource: set.manifest.source,
      takenAt,
      completedAt,
      age: elapsed(takenAt, at),
      scope,
      check,
      count,
      bytes,
      skipped: skipped.length,
      run,
    };
  }
  if (newest?.known === "assumed") {
    const problem = "nobody could see which side was in use; it was taken to be this one";
    problems.push({ side: newest.side, set: newest.set, problem });
  }
  const rpo = rpoOf(environment, kind);
  const { interval, retention } = scheduleOf(environment, kind);
  const running = active.find(({ id }) => id.startsWith(backupRunsOf(kind, name)));
  const [last] = await store.runs.backups(backupRunsOf(kind, name));
  const [lastProof] = await store.runs.backups(proofRunsOf(kind, name));
  return {
    environment: name,
    kind,
    status: statusOf(newest, rpo),
    detail: honorsRpo(interval, rpo)
      ? describeNewest(newest, rpo)
      : `${describeNewest(newest, rpo)}; an interval of ${describeDuration(interval)} cannot hold it: it must be half or less`,
    rpo,
    interval,
    retention,
    ...(newest === undefined ? {} : { newest }),
    ...(lastProven === undefined
      ? {}
      : { lastProven: { ...lastProven, age: elapsed(lastProven.takenAt, at) } }),
    problems,
    ...(lastProof === undefined
      ? {}
      : {
          lastProof: {
            id: lastProof.id,
            outcome: lastProof.outcome,
            endedAt: lastProof.endedAt,
          },
        }),
    ...(last === undefined
      ? {}
      : { lastRun: { id: last.id, outcome: last.outcome, endedAt: last.endedAt } }),
    ...(running === undefined
      ? {}
      : {
          running: {
            id: running.id,
            progress: Checkpoint.safeParse(running.checkpoint).data?.progress,
          },
        }),
  };
}

function statusOf(newest: Protection["newest"], rpo: Milliseconds): Protection["status"] {
  if (newest === undefined) return "unprotected";
  if (newest.age > rpo) return "late";
  return newest.known === "observed" ? "protected" : "assumed";
}

function describeNewest(newest: Protection["newest"], rpo: Milliseconds): string {
  if (newest === undefined) return "no set that can be used; POST /api/backups makes one";
  const { age, check, side, known } = newest;
  const use = known === "observed" ? "" : ", which was only taken to be in use";
  const said = `${check.level} set of the ${side} side${use}, ${describeDuration(age)} old`;
  return age > rpo
    ? `${said}: older than the RPO of ${describeDuration(rpo)}`
    : `${said}; the RPO is ${describeDuration(rpo)}`;
}
