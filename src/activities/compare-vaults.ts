import { classifyError } from "../azure/classify-error.js";
import type { Secrets, SecretSummary, SecretValue } from "../azure/secrets.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { workLists, type ListedItem } from "../state/work-list.js";
import type { Backups } from "../state/backups.js";
import * as contract from "./key-vault-failure.contract.js";
import { sameSecret } from "./same-secret.js";

/** A vault answers thousands of reads in ten seconds; this stays far below. */
const atATime = 10;

/** How a secret of one vault stands in another. */
type Standing =
  "the same" | "to be brought" | "newer there" | "disabled" | "belongs to a certificate";

/** Compares two vaults secret by secret, a stretch at a time. */
export function compareVaultsActivity(
  secrets: Secrets,
  sets: Pick<Backups, "container">,
  store: Pick<StateStore, "evidence">,
): Activity {
  const lists = workLists(sets.container);
  return contract.compareVaults.implementedBy(classifyError, async (wanted, { caller }) => {
    const { list, begin, end } = wanted;
    const items = await lists.read(list, begin, end);
    const standings = await inParallel(
      items,
      atATime,
      async (item): Promise<readonly [string, Standing]> => [
        item.name,
        await standingOf(secrets, wanted, item),
      ],
    );
    const named = (standing: Standing): readonly string[] =>
      standings.flatMap(([name, found]) => (found === standing ? [name] : []));
    const left = (["disabled", "belongs to a certificate"] as const).flatMap((reason) =>
      named(reason).map((name) => ({ name, reason })),
    );
    const [toBring, newerThere] = [named("to be brought"), named("newer there")];
    const different = standings.filter(([, standing]) => standing !== "the same");
    const evidence =
      caller.mode === "plan" || different.length === 0
        ? []
        : [
            await store.evidence.keep(
              caller.run,
              `Secrets ${caller.step.replace(/[^a-z-].*$/, "")} ${begin + 1} to ${begin + items.length}`,
              different.map(([name, standing]) => `${name}: ${standing}`).join("\n"),
            ),
          ];
    return {
      done: items.length,
      toBring: toBring.length,
      newerThere: [...newerThere],
      left,
      evidence,
      detail: `${toBring.length} to be brought, ${newerThere.length} newer there, ${left.length} left out, ${items.length - different.length} the same`,
    };
  });
}

async function standingOf(
  secrets: Secrets,
  { from, to }: { readonly from: string; readonly to: string },
  { name, skip, disabled }: ListedItem,
): Promise<Standing> {
  if (skip !== undefined) return "belongs to a certificate";
  if (disabled === true) return "disabled";
  const [one, versions] = await Promise.all([
    secrets.value(from, name),
    secrets.versions(to, name),
  ]);
  if (one === undefined) return "the same";
  const latest = [...versions].sort((first, second) =>
    (second.createdAt ?? "").localeCompare(first.createdAt ?? ""),
  )[0];
  if (latest === undefined) return "to be brought";
  // The value of a disabled one is refused.
  const other = latest.enabled ? await secrets.value(to, name) : undefined;
  if (other !== undefined && sameSecret(one, other)) return "the same";
  return isNewer(other ?? latest, one) ? "newer there" : "to be brought";
}

const isNewer = (one: Pick<SecretSummary, "updatedAt">, other: SecretValue): boolean =>
  one.updatedAt !== undefined &&
  other.updatedAt !== undefined &&
  isAfter(one.updatedAt, other.updatedAt);
