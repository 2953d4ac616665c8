import * as storage from "../activities/storage-failure.contract.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { failbackWaits as waits, type BlobsHomeStep } from "../scenarios/storage-failback.js";
import { bringAcross, overContainers } from "./use-account.js";

type Steps = Recovery<BlobsHomeStep>;

/**
 * Brings home what was written to the account in use since the original was left; both by their addresses.
 * Or says why not, and what a person does about it first: nothing that is newer at home is written over.
 */
export function* blobsHome(
  run: Steps,
  from: string,
  home: string,
): Durable<
  | { readonly toBring: number; readonly looked: number }
  | { readonly why: string; readonly first: readonly string[] }
> {
  const there = yield* compareBothAccounts(run, "compare", from, home);
  if (!there.ok) return { why: describeFailure(there.failure), first: [] };
  const { newerThere, olderCopies, keptThere, toBring, looked } = there.value;
  if (looked === 0) return { why: "the account in use holds no blob", first: [] };
  if (newerThere.length > 0) {
    return {
      why: `${newerThere.length} blobs were written at the original account later than at the one in use, and differ: ${firstOf(newerThere)}`,
      first: [
        "Look at each: write what is right into the account in use, which makes it the newer one",
      ],
    };
  }
  const here = yield* compareBothAccounts(run, "compare-back", home, from);
  if (!here.ok) return { why: describeFailure(here.failure), first: [] };
  if (here.value.missing.length > 0) {
    run.journal.finding(
      `only the original account has ${firstOf(here.value.missing)}: deleted meanwhile, or lost in the failover; they are there again`,
    );
  }
  if (olderCopies > 0) {
    run.journal.finding(
      `${olderCopies} blobs are only copies in the account in use, and differ in the original account, whose version the app gets again: ${firstOf(keptThere)}`,
    );
  }
  if (run.planning) {
    run.journal.planChange("bring-home", `${toBring} of ${looked} blobs to bring`);
  } else {
    const brought = yield* bringAcross(run, "bring-home", { from, to: home }, waits.copies);
    if (!brought.ok) return { why: describeFailure(brought.failure), first: [] };
    const { failed, waiting } = brought.value;
    for (const { name, reason } of failed) run.journal.finding(`${name} stayed behind: ${reason}`);
    if (failed.length > 0) {
      return {
        why: `${failed.length} blobs could not be brought home: ${firstOf(failed.map(({ name }) => name))}`,
        first: ["See in the findings why each stayed behind"],
      };
    }
    if (waiting > 0) {
      const why = `${waiting} large blobs are still being copied to the original account`;
      return { why, first: [] };
    }
  }
  return { toBring, looked };
}

/** What was written while the app was told, and whether anything was left behind. */
export function* lateBlobsHome(run: Steps, from: string, home: string): Durable<void> {
  const late = yield* bringAcross(run, "bring-late", { from, to: home }, waits.copies);
  if (!late.ok) {
    run.journal.finding(
      `what was written meanwhile was not brought: ${describeFailure(late.failure)}`,
    );
  }
  const checked = yield* compareBothAccounts(run, "check-blobs", from, home);
  if (!checked.ok) {
    run.journal.finding(
      `nobody can tell whether all came home: ${describeFailure(checked.failure)}`,
    );
  } else if (checked.value.toBring > 0) {
    run.journal.finding(`${checked.value.toBring} blobs did not come home`);
  }
}

/** What one account has and the other has not. */
interface Compared {
  readonly looked: number;
  readonly toBring: number;
  /** The first of those. */
  readonly missing: readonly string[];
  /** The first of those that the other has in an older version. */
  readonly newerHere: readonly string[];
  readonly newerThere: readonly string[];
  readonly olderCopies: number;
  /** The first of those. */
  readonly keptThere: readonly string[];
}

export function* compareBothAccounts(
  run: Steps,
  step: "compare" | "compare-back" | "check-blobs",
  from: string,
  to: string,
): Durable<Answer<Compared>> {
  const parts = yield* overContainers(run, step, storage.compareAccounts, { from, to });
  if (!parts.ok) return parts;
  const seen = parts.value.map(({ output }) => output);
  const sum = (count: (part: (typeof seen)[number]) => number): number =>
    seen.reduce((total, part) => total + count(part), 0);
  return {
    ok: true,
    value: {
      looked: sum(({ done }) => done),
      toBring: sum(({ toBring }) => toBring),
      missing: seen.flatMap(({ missing }) => missing),
      newerHere: seen.flatMap(({ newerHere }) => newerHere),
      newerThere: seen.flatMap(({ newerThere }) => newerThere),
      olderCopies: sum((part) => part.olderCopies),
      keptThere: seen.flatMap(({ keptThere }) => keptThere),
    },
  };
}

const longestList = 10;
export const firstOf = (names: readonly string[]): string => {
  const more = names.length > longestList ? ` and ${names.length - longestList} more` : "";
  return `${names.slice(0, longestList).join(", ")}${more}`;
};
