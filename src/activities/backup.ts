import { classifyError } from "../azure/classify-error.js";
import {
  describeProblem,
  folderOf,
  setFolderIn,
  type BackupItem,
  type SkippedItem,
} from "../domain/backup.js";
import { describeDuration } from "../domain/duration.js";
import { geographyOf } from "../domain/geography.js";
import { elapsed } from "../domain/instant.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { provenOf } from "./held-set.js";
import { workLists } from "../state/work-list.js";
import * as contract from "./backup.contract.js";

/** As many items stand in the manifest itself; more of them in parts, so that no reader holds all. */
const longestInline = 1_000;

/** What all kinds of backups do alike. */
export function backupActivities(store: Backups): readonly Activity[] {
  const lists = workLists(store.container);
  return [
    contract.findLatestSet.implementedBy(classifyError, async (source, { now }) => {
      const found = await store.latest(source, now());
      if (found === undefined) return { detail: "there is no earlier set" };
      if (found.kind === "unusable") {
        const problem = describeProblem[found.problem];
        return { problem, detail: `the newest set cannot be used: ${problem}` };
      }
      const judged = await store.judge(found.set, source, now());
      if (source.kind !== "redis" && judged.kind === "usable" && judged.doubt === "proof-failed") {
        // Whoever takes over copies of it would have the bad ones too.
        const problem = describeProblem[judged.doubt];
        return { problem, detail: `nothing is taken over from the newest set: ${problem}` };
      }
      const { takenAt, facts } = found.manifest;
      return {
        set: found.set,
        takenAt,
        facts,
        detail: `the newest set is ${describeDuration(elapsed(takenAt, now()))} old`,
      };
    }),

    contract.findVerifiedSets.implementedBy(classifyError, async (wanted, { now }) => {
      const { kind, environment, sources } = wanted;
      const newest = await Promise.all(
        sources.map((source) => store.newestVerified({ kind, environment, source }, now())),
      );
      const problems = newest.flatMap((each) =>
        each.problems.map(({ set, problem }) => `${set}: ${describeProblem[problem]}`),
      );
      const found = newest
        .flatMap((each) => each.found ?? [])
        .sort((one, other) => other.manifest.takenAt.localeCompare(one.manifest.takenAt));
      const described = found.map(({ set, manifest: { takenAt, count } }) => {
        const age = describeDuration(elapsed(takenAt, now()));
        return `${count} items, ${age} old: ${set}`;
      });
      const proven = await provenOf(store, kind, environment, sources, now());
      const says =
        described.length === 0 ? ["there is no verified set", ...problems] : [proven, ...described];
      return {
        proven,
        found: found.map(({ set, manifest: { source, takenAt } }) => ({ set, source, takenAt })),
        problems,
        detail: says.join("; "),
      };
    }),

    contract.completeSet.implementedBy(classifyError, async (wanted, { caller }) => {
      const { set, kind, environment, scope, source, region, takenAt, completedAt } = wanted;
      const { parts, verified } = wanted;
      const count = parts.reduce((sum, part) => sum + part.count, 0);
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      const listed = wanted.skippedIn === undefined ? [] : await lists.read(wanted.skippedIn);
      const skipped = [
        ...listed.flatMap(({ name, skip }): SkippedItem[] =>
          skip === undefined ? [] : [{ name, reason: skip }],
        ),
        ...wanted.skipped,
      ];
      const inline = count <= longestInline;
      const items: BackupItem[] = [];
      const folders = new Set<string>();
      for await (const part of store.listedIn(parts)) {
        for (const { blob } of part) folders.add(setFolderIn(blob) ?? "");
        if (inline) items.push(...part);
      }
      const references = [...folders].filter((folder) => folder !== "" && folder !== folderOf(set));
      const { latest } = await store.complete(set, {
        version: 1,
        kind,
        environment,
        scope,
        source,
        region,
        geography: geographyOf(region) ?? "unknown",
        subscription: parseResourceId(source)?.subscription ?? "",
        takenAt,
        completedAt,
        run: caller.run,
        items,
        parts: inline ? [] : parts,
        count,
        bytes,
        skipped,
        check: verified ? { level: "verified", at: completedAt } : { level: "none" },
        copies: wanted.copies,
        references,
        facts: wanted.facts,
      });
      const what = `${count} items, ${bytes} bytes, ${skipped.length} left out`;
      return {
        changed: true,
        count,
        bytes,
        latest,
        detail: latest ? what : `${what}; a newer set is the latest`,
      };
    }),
  ];
}
