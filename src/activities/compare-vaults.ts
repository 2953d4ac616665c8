import { classifyError } from "../azure/classify-error.js";
import type { Secrets, SecretSummary, SecretValue } from "../azure/secrets.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./key-vault-failure.contract.js";
import { sameSecret } from "./same-secret.js";

/** A vault answers thousands of reads in ten seconds; this stays far below. */
const atATime = 10;
const longestList = 20;

/** How a secret of one vault stands in another. */
type Standing =
  | "the same"
  | "to be brought"
  | "newer there"
  | "disabled"
  | "belongs to a certificate"
  | "only there";

/** Compares two vaults secret by secret. Values stay inside; the evidence names names and results. */
export function compareVaultsActivity(secrets: Secrets, store: StateStore): Activity {
  const all = async (uri: string): Promise<ReadonlyMap<string, SecretSummary>> => {
    const found = new Map<string, SecretSummary>();
    for await (const page of secrets.pages(uri)) {
      for (const secret of page) found.set(secret.name, secret);
    }
    return found;
  };
  return contract.compareVaults.implementedBy(classifyError, async ({ from, to }, { caller }) => {
    const [here, there] = await Promise.all([all(from), all(to)]);
    const standings = await inParallel(
      [...here.values()],
      atATime,
      async (secret): Promise<readonly [string, Standing]> => [
        secret.name,
        await standingOf(secrets, { from, to }, secret, there.get(secret.name)),
      ],
    );
    const extra = [...there.keys()]
      .filter((name) => !here.has(name))
      .map((name) => [name, "only there"] as const);
    const lines = [...standings, ...extra];
    const named = (wanted: Standing): readonly string[] =>
      lines.flatMap(([name, standing]) => (standing === wanted ? [name] : []));
    const left = (["disabled", "belongs to a certificate"] as const).flatMap((reason) =>
      named(reason).map((name) => ({ name, reason })),
    );
    const [toBring, newerThere] = [named("to be brought"), named("newer there")];
    const detail = `${here.size} secrets: ${toBring.length} to be brought, ${newerThere.length} newer there, ${left.length} left out, ${named("the same").length} the same; ${extra.length} only there`;
    const evidence =
      caller.mode === "plan"
        ? []
        : [
            await store.evidence.keep(
              caller.run,
              `Secrets ${caller.step.replace(/[^a-z-].*$/, "")}`,
              lines.map(([name, standing]) => `${name}: ${standing}`).join("\n"),
            ),
          ];
    return {
      count: here.size,
      toBring: toBring.length,
      newerThere: newerThere.slice(0, longestList),
      left: left.slice(0, longestList),
      evidence,
      detail,
    };
  });
}

async function standingOf(
  secrets: Secrets,
  { from, to }: { readonly from: string; readonly to: string },
  here: SecretSummary,
  there: SecretSummary | undefined,
): Promise<Standing> {
  if (here.managed) return "belongs to a certificate";
  if (!here.enabled) return "disabled";
  if (there === undefined) return "to be brought";
  const [one, other] = await Promise.all([
    secrets.value(from, here.name),
    there.enabled ? secrets.value(to, here.name) : undefined,
  ]);
  if (one === undefined) return "the same";
  if (other !== undefined && sameSecret(one, other)) return "the same";
  return isNewer(other ?? there, one) ? "newer there" : "to be brought";
}

const isNewer = (one: SecretSummary, other: SecretValue): boolean =>
  one.updatedAt !== undefined &&
  other.updatedAt !== undefined &&
  isAfter(one.updatedAt, other.updatedAt);
