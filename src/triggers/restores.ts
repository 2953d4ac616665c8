import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import {
  BackupKind,
  describeProblem,
  folderOf,
  takenAtOf,
  type BackupManifest,
  type BackupSource,
} from "../domain/backup.js";
import { sidesOf, type RestoreOrder } from "../domain/backup-order.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { placeOf, type Environment, type Estate } from "../domain/estate.js";
import { Instant, isAfter, type Instant as At } from "../domain/instant.js";
import { parseResourceId } from "../domain/resource-id.js";
import { restoreProcedures } from "../scenarios/procedures.js";
import type { Backups } from "../state/backups.js";
import { accept, readJson, readText, refuse, type ActingEndpoint } from "./endpoint.js";
import { orderedRun, started } from "./ordered-run.js";
import { problem } from "./problem.js";
import { environmentIn } from "./request-forms.js";
import { Reason } from "./run-view.js";

/** An operator's order to bring something back from a backup set. */
export const RestoreRequest = z
  .strictObject({
    environment: EnvironmentName,
    kind: BackupKind,
    /** `latest`, or a set as GET /api/backups names it. */
    from: z.string().min(1).optional(),
    /** Instead of `from`: the newest set that was taken before this instant. */
    at: Instant.optional(),
    /** Names of items, or prefixes that end in `*`; by default all. */
    items: z.array(z.string().min(1)).max(1_000).default([]),
    /** ARM id of where to restore to; by default where the set was taken. */
    target: z.string().optional(),
    /** Whether what is newer at the target may be overwritten; the reason must say why. */
    overwrite: z.boolean().default(false),
    reason: Reason,
    /** `plan` shows what would be done and changes nothing. */
    mode: z.enum(["execute", "plan"]).default("execute"),
  })
  .superRefine(({ from, at }, context) => {
    if ((from === undefined) === (at === undefined)) {
      const message = 'name either from ("latest" or a set) or at (an instant)';
      context.addIssue({ code: "custom", path: ["from"], message });
    }
  })
  .meta({ id: "RestoreRequest" });
type RestoreRequest = z.infer<typeof RestoreRequest>;

/** POST /api/restores */
export async function startRestore(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, backups, estate, runs, who, audit } = endpoint;
  const wish = accept(RestoreRequest.safeParse(readJson(await readText(request))));
  audit.about({ environment: wish.environment, reason: wish.reason });
  const { environment } = environmentIn(estate, wish.environment, 400);
  const procedure = restoreProcedures[wish.kind];
  if (procedure === undefined) {
    throw refuse(
      problem(400, "telemetry is not restored", {
        errors: [
          {
            path: "kind",
            message:
              "Azure Monitor takes no requests of the past; the files of a set are CSV for whoever wants to read them: GET /api/backups names the newest set, its manifest.json lists the files",
          },
        ],
      }),
    );
  }
  const { run, receivedAt } = await orderedRun(endpoint, `restore-${wish.kind}`, wish);
  const state = await runs.state(run);
  if (state.kind !== "unknown") {
    const status = state.kind === "ended" ? "ended" : "started";
    await audit.enter("already-done", `${status} earlier`, { run });
    return started(request, run, status);
  }

  const { set, manifest } = await chosenSet(backups, wish, environment, receivedAt);
  const order: RestoreOrder = {
    environment: wish.environment,
    kind: wish.kind,
    resource: targetOf(estate, wish, manifest),
    mode: wish.mode,
    authority: "act",
    trigger: {
      kind: "operator",
      who: who.name,
      source: who.source,
      reason: scrub(wish.reason),
    },
    detectedAt: receivedAt,
    estate: environment,
    set,
    source: manifest.source,
    items: wish.items,
    overwrite: wish.overwrite,
  };
  await runs.start(procedure.orchestrator, run, order);
  return started(request, run, "started");
}

interface UsableSet {
  readonly set: string;
  readonly manifest: BackupManifest;
}

/** The set that is meant, on whichever side it was taken; a refusal that names what is wrong with it. */
async function chosenSet(
  backups: Backups,
  { environment: name, kind, from, at }: RestoreRequest,
  environment: Environment,
  now: At,
): Promise<UsableSet> {
  const { primary, secondary } = sidesOf(environment, kind);
  const sources = (await backups.sourcesOf(kind, { primary, secondary })).map(
    (source): BackupSource => ({ kind, environment: name, source }),
  );
  if (from !== undefined && from !== "latest") return namedSet(backups, sources, from, now);

  const sets = await setsOf(backups, sources);
  const wanted = at === undefined ? sets : sets.filter(({ takenAt }) => !isAfter(takenAt, at));
  const problems: string[] = [];
  for (const { source, set } of wanted) {
    const found = await backups.judge(set, source, now);
    if (found.kind === "usable" && found.doubt === undefined) {
      // The newest is what was asked for; an older one only if the operator names it.
      if (problems.length === 0) return { set, manifest: found.manifest };
      throw refuse(
        problem(
          409,
          `the newest set cannot be used: ${problems.join("; ")}. The newest usable one was taken at ${found.manifest.takenAt}; order it by "from": "${set.slice(0, -1)}"`,
        ),
      );
    }
    if (found.kind === "usable") problems.push(`${set} ${doubtWords[found.doubt ?? "unverified"]}`);
    // Without a manifest it was never completed, and is no set.
    else if (found.problem !== "missing") {
      problems.push(`${set}: ${describeProblem[found.problem]}`);
    }
  }
  const when = at === undefined ? "" : ` before ${at}`;
  const why = problems.length === 0 ? "there is none" : problems.join("; ");
  throw refuse(
    problem(
      409,
      `${name} has no usable set of ${kind}${when}: ${why}; GET /api/backups shows what there is`,
    ),
  );
}

const doubtWords = { unverified: "was never verified", "proof-failed": "has failed a proof" };

async function namedSet(
  backups: Backups,
  sources: readonly BackupSource[],
  from: string,
  now: At,
): Promise<UsableSet> {
  const wanted = from.endsWith("/") ? from : `${from}/`;
  for (const { source, set } of await setsOf(backups, sources)) {
    if (set !== wanted && folderOf(set) !== wanted.slice(0, -1)) continue;
    const found = await backups.read(set, source, now);
    if (found.kind === "usable") return { set, manifest: found.manifest };
    const code = `backup-${found.problem}`;
    throw refuse(problem(409, `${code}: ${set}: ${describeProblem[found.problem]}`));
  }
  throw refuse(
    problem(400, "there is no such set", {
      errors: [{ path: "from", message: `no set of this environment is named ${from}` }],
    }),
  );
}

/** Every set of both sides, newest first. */
async function setsOf(backups: Backups, sources: readonly BackupSource[]) {
  const all = await Promise.all(
    sources.map(async (source) =>
      (await backups.sets(source)).flatMap((set) => {
        const takenAt = takenAtOf(set);
        return takenAt === undefined ? [] : [{ source, set, takenAt }];
      }),
    ),
  );
  return all.flat().sort((one, other) => other.takenAt.localeCompare(one.takenAt));
}

/** What a kind is restored into; an export of one sort of cache opens in the other. */
const typesOf: Record<BackupKind, readonly string[]> = {
  "key-vault": ["Microsoft.KeyVault/vaults"],
  redis: ["Microsoft.Cache/redis", "Microsoft.Cache/redisEnterprise"],
  blobs: ["Microsoft.Storage/storageAccounts"],
  "application-insights": [],
};

/** Where to: the resource itself, another of the environment, or one that the estate does not know. */
function targetOf(
  estate: Estate,
  { environment, kind, target }: RestoreRequest,
  { source }: BackupManifest,
): string {
  if (target === undefined) return source;
  const wrong = (message: string) =>
    refuse(
      problem(400, "nothing can be restored there", { errors: [{ path: "target", message }] }),
    );
  if (!typesOf[kind].some((type) => parseResourceId(target)?.type === type.toLowerCase())) {
    throw wrong(`write the full resource id of a ${typesOf[kind].join(" or ")}`);
  }
  const place = placeOf(estate, target);
  if (place !== undefined && place.environment !== environment) {
    throw wrong(`belongs to ${place.environment}; a set of ${environment} is not restored there`);
  }
  return place?.id ?? target;
}
