import { z } from "zod";
import { classifyError } from "../azure/classify-error.js";
import type { KeyVaults } from "../azure/key-vault.js";
import type { Secrets } from "../azure/secrets.js";
import { BackupItem, type BackupManifest, type SkippedItem } from "../domain/backup.js";
import { isWanted, namedExactly } from "../domain/backup-order.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { geographyOf } from "../domain/geography.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter, type Instant } from "../domain/instant.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { sha256 } from "../state/hash.js";
import { heldSet, provenOf } from "./held-set.js";
import * as contract from "./key-vault-restore.contract.js";
import { unlessRefused } from "./unless-refused.js";

const atATime = 5;

/** How many names a result spells out. */
const longestList = 20;

/** What was decided about a secret, as it is written down for the activities that do it. */
const Decision = z.strictObject({ item: BackupItem, action: contract.SecretAction });
type Decision = z.infer<typeof Decision>;

/** What a restore does with key vaults. Values stay inside one activity. */
export function keyVaultRestoreActivities(
  vaults: KeyVaults,
  secrets: Secrets,
  store: Backups,
): readonly Activity[] {
  const { container } = store;
  const decisionsIn = async (name: string): Promise<readonly Decision[]> => {
    const text = (await container.read(name))?.text;
    if (text === undefined) {
      throw terminal("decisions-missing", `${name} is gone; order the restore again`);
    }
    return Decision.array().parse(JSON.parse(text));
  };

  return [
    contract.findRestorableVault.implementedBy(classifyError, async (wanted, context) => {
      const { vault, items } = wanted;
      const [manifest, target] = await Promise.all([
        heldSet(store, wanted, "key-vault", context),
        vaults.vault(vault),
      ]);
      if (target === undefined) throw terminal("vault-missing", `${vault} does not exist`);
      checkOpensIn(manifest, target);
      const missing = new Set(namedExactly(items));
      let count = 0;
      for await (const part of store.items(manifest)) {
        for (const { name } of part) {
          missing.delete(name);
          if (isWanted(items, name)) count += 1;
        }
      }
      if (missing.size > 0) {
        const names = [...missing].slice(0, longestList).join(", ");
        throw terminal("not-in-set", `the set holds no ${names}`);
      }
      if (count === 0) throw terminal("nothing-wanted", "no secret of the set has such a name");
      return {
        uri: target.uri,
        count: manifest.count,
        wanted: count,
        takenAt: manifest.takenAt,
        detail: `${count} of ${manifest.count} secrets of the set of ${manifest.takenAt}, into ${target.name}; ${await provenOf(store, "key-vault", wanted.environment, [wanted.source], context.now())}`,
      };
    }),

    contract.compareSecrets.implementedBy(classifyError, async (piece, { caller, now }) => {
      const { environment, source, set, begin, end, items } = piece;
      const manifest = await store.usable(set, { kind: "key-vault", environment, source }, now());
      const wanted = (await store.stretchOf(manifest, begin, end)).filter(({ name }) =>
        isWanted(items, name),
      );
      const decisions = await inParallel(wanted, atATime, async (item): Promise<Decision> => ({
        item,
        action: await actionFor(secrets, piece, item, manifest.takenAt),
      }));
      const actions = `restores/${caller.run}/secrets-${String(begin).padStart(6, "0")}.json`;
      if (caller.mode === "execute") {
        await container.put(actions, JSON.stringify(decisions, null, 2));
      }
      const counts: Partial<Record<contract.SecretAction, number>> = {};
      for (const { action } of decisions) counts[action] = (counts[action] ?? 0) + 1;
      const named = (wanted: Action): string[] =>
        decisions
          .flatMap(({ item: { name }, action }) => (action === wanted ? [name] : []))
          .slice(0, longestList);
      return {
        done: end - begin,
        actions,
        counts: { ...contract.noActions, ...counts },
        newer: named("keep-newer"),
        older: named("keep-older"),
        detail: Object.entries(counts)
          .map(([action, count]) => `${count} ${contract.describeAction[action as Action]}`)
          .join(", "),
      };
    }),

    contract.restoreSecrets.implementedBy(classifyError, async ({ target, actions }) => {
      const decisions = await decisionsIn(actions);
      const results = await inParallel(decisions, atATime, ({ item, action }) =>
        unlessRefused(item.name, async () => {
          if (action === "recover") {
            // It comes back some seconds later; the verification waits for it.
            if ((await secrets.deleted(target, item.name)) !== undefined) {
              await secrets.recover(target, item.name);
            }
            return true;
          }
          if (action !== "restore") return false;
          // What is there now was brought by the try before this one.
          if ((await secrets.versions(target, item.name)).length > 0) return true;
          const bytes = await container.readBytes(item.blob);
          if (bytes === undefined) throw terminal("copy-missing", `${item.blob} is gone`);
          if (sha256(bytes) !== item.sha256) {
            throw terminal("copy-altered", `${item.blob} is not what the manifest says`);
          }
          await secrets.restore(target, bytes);
          return true;
        }),
      );
      return outcomeOf(results, "brought back");
    }),

    contract.overwriteSecrets.implementedBy(classifyError, async ({ target, actions, takenAt }) => {
      const decisions = await decisionsIn(actions);
      const results = await inParallel(decisions, atATime, ({ item: { name }, action }) =>
        unlessRefused(name, async () => {
          if (action !== "overwrite") return false;
          await setBack(secrets, target, name, takenAt);
          return true;
        }),
      );
      return outcomeOf(results, "set back");
    }),

    contract.verifySecrets.implementedBy(classifyError, async ({ target, actions }) => {
      const decisions = await decisionsIn(actions);
      const there = await inParallel(decisions, atATime, async ({ item: { name } }) => ({
        name,
        isThere: (await secrets.versions(target, name)).length > 0,
      }));
      const missing = there.filter(({ isThere }) => !isThere).map(({ name }) => name);
      // A recovered secret is on its way; one that Azure refused to bring will not come.
      for (const name of missing) {
        if (decisions.some(({ item, action }) => item.name === name && action === "recover")) {
          throw new ClassifiedError({
            class: "busy",
            code: "recovery-under-way",
            message: `${name} is being recovered`,
          });
        }
      }
      return {
        done: decisions.length,
        missing: missing.slice(0, longestList),
        detail: `${decisions.length - missing.length} of ${decisions.length} are there`,
      };
    }),
  ];
}

type Action = contract.SecretAction;

/** A backup of a secret opens only in its own subscription and geography. */
export function checkOpensIn(
  manifest: BackupManifest,
  target: { readonly id: string; readonly name: string; readonly location: string },
): void {
  const geography = geographyOf(target.location) ?? "unknown";
  if (geography !== manifest.geography) {
    throw terminal(
      "another-geography",
      `backups of ${manifest.geography} do not open in ${geography}, where ${target.name} is; copy the values instead`,
    );
  }
  if (parseResourceId(target.id)?.subscription !== manifest.subscription) {
    throw terminal(
      "another-subscription",
      `backups open in the subscription they were taken in alone; ${target.name} is in another one`,
    );
  }
}

/** Nothing that is there is touched, unless it is newer than the copy and the order says to set it back. */
async function actionFor(
  secrets: Secrets,
  { target, isSource, overwrite }: { target: string; isSource: boolean; overwrite: boolean },
  { name, sourceUpdatedAt }: BackupItem,
  takenAt: Instant,
): Promise<Action> {
  const versions = await secrets.versions(target, name);
  if (versions.length > 0) {
    const since = sourceUpdatedAt ?? takenAt;
    if (!isSource) {
      // A sync writes later than the source was written, and a restore brings its times along.
      const isOlder =
        sourceUpdatedAt !== undefined &&
        versions.every(({ updatedAt }) => updatedAt && isAfter(since, updatedAt));
      return isOlder ? "keep-older" : "keep-existing";
    }
    const isNewer = versions.some(({ updatedAt }) => updatedAt && isAfter(updatedAt, since));
    if (!isNewer) return "keep";
    return overwrite ? "overwrite" : "keep-newer";
  }
  return (await secrets.deleted(target, name)) === undefined ? "restore" : "recover";
}

/**
 * Makes the version that was current then the current one again. Key Vault cannot open a backup over
 * a secret that is there, but the vault itself still has the earlier versions.
 */
async function setBack(
  secrets: Secrets,
  target: string,
  name: string,
  takenAt: Instant,
): Promise<boolean> {
  const then = (await secrets.versions(target, name))
    .filter(({ createdAt }) => createdAt !== undefined && !isAfter(createdAt, takenAt))
    .sort((one, other) => (one.createdAt ?? "").localeCompare(other.createdAt ?? ""))
    .at(-1);
  if (then === undefined) {
    throw terminal(
      "no-earlier-version",
      `${name} had no version when the set was taken, and its name is in use; restore into another vault`,
    );
  }
  if (!then.enabled) throw terminal("version-disabled", `the version of then is disabled`);
  const [wanted, current] = await Promise.all([
    secrets.value(target, name, then.version),
    secrets.value(target, name),
  ]);
  if (wanted === undefined) {
    throw terminal("version-gone", `the version that ${name} had then is gone`);
  }
  // It is so already: by an earlier try, or because somebody wrote the old value again.
  if (wanted.value !== current?.value) await secrets.set(target, name, wanted.value, wanted);
  return true;
}

function outcomeOf(results: readonly (boolean | SkippedItem)[], what: string) {
  const refused = results.filter((result): result is SkippedItem => typeof result === "object");
  const done = results.filter((result) => result === true).length;
  return {
    changed: done > 0,
    done: results.length,
    brought: done,
    failed: refused.length,
    refused: refused.slice(0, longestList),
    detail: `${done} ${what}, ${refused.length} refused`,
  };
}
