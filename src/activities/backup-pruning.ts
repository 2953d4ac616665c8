import { z } from "zod";
import { classifyError } from "../azure/classify-error.js";
import { BackupKind, copyPlaceOf, isOwnCopyPlace, isOwnSet, takenAtOf } from "../domain/backup.js";
import { pruningPlan, type PrunableSet } from "../domain/backup-schedule.js";
import { proofRunsOf } from "../domain/proof-schedule.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { terminal } from "../domain/failure.js";
import { earlierBy, isAfter, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { setHolds } from "../state/set-holds.js";
import type { Runs } from "../state/runs.js";
import * as contract from "./backup-pruning.contract.js";
import { inParallel } from "../domain/in-parallel.js";

/** What was decided of one set. */
const PlannedSet = z.strictObject({
  kind: BackupKind,
  source: z.string(),
  set: z.string(),
  prune: z.boolean(),
  why: z.string(),
  copies: z.array(z.string()),
});
type PlannedSet = z.infer<typeof PlannedSet>;

const PruningPlan = z.strictObject({ version: z.literal(1), sets: z.array(PlannedSet) });

/** The sets of caches that recoveries made go the same way as those of the caches that they stood in for. */
async function withMade(
  store: Backups,
  sources: readonly contract.PrunedSource[],
): Promise<readonly contract.PrunedSource[]> {
  const [primary, secondary] = sources.filter(({ kind }) => kind === "redis");
  if (primary === undefined) return sources;
  const sides = { primary: primary.source, secondary: secondary?.source };
  const made = await store.madeInRecovery(sides);
  return [...sources, ...made.map((source) => ({ ...primary, source }))];
}

/** As many blobs as one activity removes well within its time. */
const atOnce = 2_000;

/** What happens to old sets: a plan first, then what it says. */
export function backupPruningActivities(store: Backups, runs: Runs): readonly Activity[] {
  const { container } = store;
  const holds = setHolds(container);
  return [
    contract.planPruning.implementedBy(
      classifyError,
      async ({ environment, sources }, { caller, now }) => {
        const planned = await inParallel(await withMade(store, sources), 2, (source) =>
          planOf(store, environment, source, now()),
        );
        const sets = planned.flat();
        const plan = `pruning/${caller.run}.json`;
        await container.put(plan, JSON.stringify({ version: 1, sets }, null, 2));
        const prune = sets.filter((set) => set.prune).length;
        const keep = sets.length - prune;
        const unreadable = sets.filter(({ why }) => why.startsWith(unreadableWords));
        return {
          plan,
          prune,
          keep,
          unreadable: unreadable.map(({ set }) => set).slice(0, 20),
          detail: `${prune} sets go, ${keep} stay; ${plan} says why`,
        };
      },
    ),

    contract.pruneSet.implementedBy(classifyError, async ({ environment, plan, nth }, { now }) => {
      const text = (await container.read(plan))?.text;
      if (text === undefined) throw terminal("plan-missing", `${plan} is gone`);
      const wanted = PruningPlan.parse(JSON.parse(text)).sets.filter(({ prune }) => prune)[nth];
      if (wanted === undefined) throw terminal("plan-shorter", `${plan} has no such set`);
      const { kind, source, set, copies } = wanted;
      const strange = [
        ...(isOwnSet(set, { kind, source }) ? [] : [set]),
        ...copies.filter((place) => !isOwnCopyPlace(place, set)),
      ];
      if (strange.length > 0) {
        throw terminal("not-ours", `${strange.join(", ")} is not where this service keeps sets`);
      }
      // The plan may be hours old by now.
      const latest = await store.latest({ kind, environment, source }, now());
      if (latest?.set === set) {
        const detail = `${set} stays: no newer set is known to be whole`;
        return { set, changed: false, left: false, kept: 0, done: 1, detail };
      }
      const restoring = await holds.beginRemoval({ kind, source }, set, now());
      if (restoring !== undefined) {
        const detail = `${set} stays for some days more: ${restoring} restores from it`;
        return { set, changed: false, left: false, kept: 0, done: 1, detail };
      }
      const { removed, kept, left } = await store.remove(set, copies, atOnce);
      await holds.endRemoval({ kind, source }, set);
      const detail = `${removed} blobs of ${set} removed${kept === 0 ? "" : `; ${kept} are kept by a policy or a hold`}`;
      return { set, changed: removed > 0, left, kept, done: left ? 0 : 1, detail };
    }),

    contract.forgetOldRuns.implementedBy(
      classifyError,
      async ({ environment, olderThan }, { now }) => {
        const limit = earlierBy(now(), olderThan);
        const series = [
          ...[...BackupKind.options, "pruning"].map((kind) => `backup-${kind}-${environment}-`),
          ...BackupKind.options.map((kind) => proofRunsOf(kind, environment)),
        ];
        const listed = await inParallel(series, 2, (prefix) => runs.backups(prefix));
        const old = listed.flat().filter(({ endedAt }) => isAfter(limit, endedAt));
        const going = old.slice(0, atOnce);
        await inParallel(going, 8, async ({ id }) => {
          await container.remove(`pruning/${id}.json`);
          const samples = await container.list(`proofs/${id}/`);
          for (const { name } of samples) await container.remove(name);
          await runs.forgetBackup(id);
        });
        return {
          changed: going.length > 0,
          forgotten: going.length,
          left: old.length > going.length,
          detail: `${going.length} records of old backups removed`,
        };
      },
    ),
  ];
}

const unreadableWords = "its manifest cannot be read";

async function planOf(
  store: Backups,
  environment: EnvironmentName,
  { kind, source, retention, containers }: contract.PrunedSource,
  now: Instant,
): Promise<readonly PlannedSet[]> {
  const folders = await store.sets({ kind, environment, source });
  const places = new Map<string, readonly string[]>();
  const sets = await inParallel(folders, 8, async (set): Promise<PrunableSet> => {
    const found = await store.judge(set, { kind, environment, source }, now);
    if (found.kind === "usable") {
      const { takenAt, scope, references, copies } = found.manifest;
      const { check } = found;
      places.set(set, copies);
      return { set, takenAt, scope, check, references };
    }
    const takenAt = takenAtOf(set);
    if (found.problem !== "missing" || takenAt === undefined) {
      return { set, takenAt: now, scope: "full", check: { level: "none" }, unreadable: true };
    }
    // A set that was never completed, or half removed: nothing can be restored from it.
    places.set(
      set,
      containers.map((each) => copyPlaceOf(each, set)),
    );
    return { set, takenAt, scope: "interval", check: { level: "none" }, incomplete: true };
  });
  return pruningPlan(sets, retention, now).map(({ set, prune, why }) => ({
    kind,
    source,
    set,
    prune,
    why,
    copies: [...(places.get(set) ?? [])],
  }));
}
