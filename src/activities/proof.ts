import { classifyError } from "../azure/classify-error.js";
import { longestFailures, type ProofFailure } from "../domain/backup-proof.js";
import { describeProblem, folderOf, setFolderIn, type BackupSource } from "../domain/backup.js";
import { describeDuration } from "../domain/duration.js";
import { inParallel } from "../domain/in-parallel.js";
import { elapsed, isAfter, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups, JudgedSet } from "../state/backups.js";
import { setHolds } from "../state/set-holds.js";
import * as contract from "./proof.contract.js";
import { rankOf } from "./sample.js";

/** As many older sets are looked at for one that can be proven. */
const longestSearch = 20;

/** What all kinds of proofs do alike. */
export function proofActivities(store: Backups): readonly Activity[] {
  const holds = setHolds(store.container);
  return [
    contract.chooseProofSets.implementedBy(classifyError, async (wanted, { caller, now }) => {
      const { kind, environment } = wanted;
      const [primary = "", secondary] = wanted.sources;
      const sources = await store.sourcesOf(kind, { primary, secondary });
      const of = sources.map((source): BackupSource => ({
        kind,
        environment,
        source,
      }));
      const newest = await Promise.all(
        of.map(async (source) => ({ source, ...(await store.newestVerified(source, now())) })),
      );
      const problems = newest.flatMap((each) =>
        each.problems.map(({ set, problem }) => `${set}: ${describeProblem[problem]}`),
      );
      const [first] = newest
        .flatMap(({ source, found }) => (found === undefined ? [] : [chosenOf(source, found)]))
        .sort((one, other) => other.takenAt.localeCompare(one.takenAt));
      if (first === undefined) {
        const why = problems.length === 0 ? "" : `: ${problems.join("; ")}`;
        return { chosen: [], problems, detail: `there is no set that can be used${why}` };
      }
      const older = await anOlderOne(store, of, first.takenAt, caller.run, now());
      const chosen = [first, ...(older === undefined ? [] : [older])];
      const detail = chosen
        .map(({ set, takenAt }) => `${set}, ${describeDuration(elapsed(takenAt, now()))} old`)
        .join("; and by lot ");
      return { chosen, problems, detail };
    }),

    contract.recordProof.implementedBy(classifyError, async (found, { caller, now }) => {
      const { kind, environment, source, set, at, comparison } = found;
      const { failures, ...compared } = comparison;
      const result = failures.length === 0 ? ("proven" as const) : ("failed" as const);
      const proof = {
        version: 1 as const,
        kind,
        run: caller.run,
        at,
        result,
        compared,
        failures: failures.slice(0, longestFailures),
      };
      const write = async (of: string) =>
        store.recordProof({ ...proof, set: of, manifest: await store.manifestHash(of) });
      const recorded = await write(set);
      const sharing =
        result === "failed"
          ? await sharingWith(store, { kind, environment, source }, set, failures, now())
          : [];
      for (const other of sharing) await write(other);
      await holds.release({ kind, source }, caller.run);
      const what = `${compared.items} of ${compared.of} items compared`;
      const outcome = result === "proven" ? "all as the set says" : `${failures.length} are not`;
      const more = sharing.length === 0 ? "" : `; ${sharing.length} other sets use the same copies`;
      const earlier = recorded ? "" : "; an earlier proof of it has failed, and that stays";
      return {
        changed: recorded,
        result: recorded ? result : "failed",
        sharing,
        detail: `${what}, ${outcome}${more}${earlier}`,
      };
    }),

    contract.releaseProvenSet.implementedBy(classifyError, async ({ kind, source }, { caller }) => {
      await holds.release({ kind, source }, caller.run);
      return { detail: "it may be pruned again" };
    }),
  ];
}

const chosenOf = ({ source }: BackupSource, { set, manifest }: JudgedSet) => ({
  set,
  source,
  takenAt: manifest.takenAt,
});

/** One of the older sets by lot; the run's id draws it, so that a repeat draws the same. */
async function anOlderOne(
  store: Backups,
  sources: readonly BackupSource[],
  newest: Instant,
  run: string,
  now: Instant,
) {
  const all = await Promise.all(
    sources.map(async (source) => (await store.sets(source)).map((set) => ({ source, set }))),
  );
  const drawn = all
    .flat()
    .map((each) => ({ ...each, rank: rankOf(run, each.set) }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));
  for (const { source, set } of drawn.slice(0, longestSearch)) {
    const found = await store.judge(set, source, now);
    if (found.kind === "unusable" || found.doubt !== undefined) continue;
    if (isAfter(newest, found.manifest.takenAt)) return chosenOf(source, found);
  }
  return undefined;
}

/** The other sets that use one of the copies that failed: by reference, an interval has those of a day. */
async function sharingWith(
  store: Backups,
  source: BackupSource,
  set: string,
  failures: readonly ProofFailure[],
  now: Instant,
): Promise<string[]> {
  const bad = new Set(failures.map(({ blob }) => blob));
  const folders = new Set([...bad].flatMap((blob) => setFolderIn(blob) ?? []));
  const others = (await store.sets(source)).filter((other) => other !== set);
  const using = await inParallel(others, 8, async (other) => {
    const found = await store.judge(other, source, now);
    if (found.kind === "unusable") return [];
    const { references } = found.manifest;
    if (![folderOf(other), ...references].some((folder) => folders.has(folder))) return [];
    for await (const items of store.items(found.manifest)) {
      if (items.some(({ blob }) => bad.has(blob))) return [other];
    }
    return [];
  });
  return using.flat();
}
