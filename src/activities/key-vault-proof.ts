import { classifyError } from "../azure/classify-error.js";
import type { KeyVaults, VaultView } from "../azure/key-vault.js";
import { ScratchVault, type SecretPurges } from "../azure/scratch-vault.js";
import type { Secrets, SecretVersion } from "../azure/secrets.js";
import type { ProofFailure } from "../domain/backup-proof.js";
import type { BackupItem } from "../domain/backup.js";
import { hours } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter, plus, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { sha256 } from "../state/hash.js";
import { scratchNotes, type ScratchNote } from "../state/scratch-notes.js";
import { heldSet } from "./held-set.js";
import * as contract from "./key-vault-proof.contract.js";
import { checkOpensIn } from "./key-vault-restore.js";
import { Sample } from "./sample.js";

const atATime = 5;
/** How many names a result spells out. */
const longestList = 3;
/** Soft deletion takes seconds; what is not seen to arrive there for so long was never on its way. */
const longestDeletion = hours(1);

/** What a proof does with key vaults. Values stay inside one activity. */
export function keyVaultProofActivities(
  vaults: KeyVaults,
  secrets: Secrets,
  purges: SecretPurges,
  store: Backups,
): readonly Activity[] {
  const notes = scratchNotes(store.container);

  const openScratch = async ({ vault, estate }: { vault: string; estate: readonly string[] }) => {
    const view = await vaults.vault(vault);
    if (view === undefined) return { why: `${vault} does not exist` };
    const scratch = ScratchVault.of(view, estate);
    return scratch instanceof ScratchVault ? { scratch, view } : scratch;
  };
  const scratchOf = async (wanted: { vault: string; estate: readonly string[] }) => {
    const opened = await openScratch(wanted);
    if ("why" in opened) throw terminal("no-scratch-vault", opened.why);
    return opened;
  };

  return [
    contract.checkScratchVault.implementedBy(classifyError, async (wanted) => {
      const opened = await openScratch(wanted);
      if ("why" in opened) return { refused: opened.why, findings: [], detail: opened.why };
      const { scratch, view } = opened;
      const own = new Set(Object.keys((await notes.read(wanted.vault))?.names ?? {}));
      const foreign: string[] = [];
      for (const pages of [secrets.pages(scratch.uri), secrets.deletedPages(scratch.uri)]) {
        for await (const page of pages) {
          foreign.push(...page.map(({ name }) => name).filter((name) => !own.has(name)));
        }
      }
      if (foreign.length > 0) {
        const some = foreign.slice(0, longestList).join(", ");
        const refused = `${view.name} holds ${foreign.length} secrets that no proof has put there (${some}); a scratch vault holds nothing else`;
        return { refused, findings: [], detail: refused };
      }
      const findings =
        view.retentionDays > 7
          ? [`${view.name} keeps deleted secrets for ${view.retentionDays} days; 7 are enough`]
          : [];
      return { findings, detail: `${view.name} holds nothing but what proofs put there` };
    }),

    contract.proveSecrets.implementedBy(classifyError, async (wanted, context) => {
      const { caller, now } = context;
      const { scratch, view } = await scratchOf(wanted);
      const manifest = await heldSet(store, wanted, "key-vault", context);
      const whyNot = whyItDoesNotOpen(manifest, view);
      if (whyNot !== undefined) return { kind: "no-place", detail: whyNot };
      const drawn = new Sample<BackupItem>(caller.run, wanted.count);
      for await (const part of store.items(manifest)) {
        for (const item of part) drawn.offer(item.name, item);
      }
      const sample = drawn.items();
      let noted: Promise<void> = Promise.resolve();
      // One after the other: each adds to what stands there.
      const note = (names: readonly string[]): Promise<void> =>
        (noted = noted.then(() => noteDown(names)));
      const noteDown = async (names: readonly string[]): Promise<void> => {
        const known = (await notes.read(wanted.vault))?.names ?? {};
        await notes.write(wanted.vault, {
          version: 1,
          run: caller.run,
          at: now(),
          names: { ...known, ...stagesOf(names, "restoring") },
        });
      };
      await note(sample.map(({ name }) => name));
      const source = (await vaults.vault(wanted.source))?.uri;
      const compared = await inParallel(sample, atATime, async (item): Promise<Compared> => {
        const problem = await brought(item, scratch.uri, note);
        if (problem !== undefined) return { failure: problem };
        return against(item, scratch.uri, source);
      });
      const failures = compared.flatMap(({ failure }, index): ProofFailure[] => {
        const item = sample[index];
        if (failure === undefined || item === undefined) return [];
        return [{ name: item.name, blob: item.blob, reason: failure }];
      });
      const withSource = compared.filter((each) => each.withSource === true).length;
      const bytes = sample.reduce((sum, each) => sum + each.bytes, 0);
      const items = sample.length;
      return {
        kind: "compared",
        changed: items > failures.length,
        comparison: { items, of: manifest.count, bytes, withSource, failures },
        detail: `${items - failures.length} of ${items} secrets restored, ${withSource} of them with the value that their source has in the same version`,
      };
    }),

    contract.clearScratchVault.implementedBy(classifyError, async (wanted, { caller, now }) => {
      const { scratch } = await scratchOf(wanted);
      const before = await notes.read(wanted.vault);
      const names = Object.entries(before?.names ?? {});
      if (before === undefined || names.length === 0) {
        return { changed: false, detail: "nothing was left there" };
      }
      const seen = await inParallel(names, atATime, async ([name, stage]) => ({
        name,
        stage: await stageOf(secrets, scratch.uri, name, stage, isLate(before, now())),
      }));
      const left = seen.filter(({ stage }) => stage !== "gone" && stage !== "on-its-way");
      const waiting = seen.filter(({ stage }) => stage === "on-its-way");
      await notes.write(wanted.vault, {
        version: 1,
        run: caller.run,
        // What is on its way began then.
        at: left.length === 0 ? before.at : now(),
        names: Object.fromEntries([
          ...left.map(({ name, stage }) => [name, stage] as const),
          ...waiting.map(({ name }) => [name, "deleting"] as const),
        ]) as ScratchNote["names"],
      });
      await inParallel(left, atATime, ({ name, stage }) =>
        stage === "purging" ? purges.purge(scratch, name) : secrets.remove(scratch.uri, name),
      );
      if (left.length + waiting.length > 0) {
        throw new ClassifiedError({
          class: "busy",
          code: "secrets-going",
          message: `${left.length + waiting.length} secrets are being deleted and purged`,
        });
      }
      return { changed: true, detail: `${names.length} secrets are deleted and purged` };
    }),
  ];

  /** Restores a secret unless it is there; why that cannot be done, where it is the copy's fault. */
  async function brought(
    { name, blob, sha256: hash }: BackupItem,
    uri: string,
    note: (names: readonly string[]) => Promise<void>,
  ): Promise<string | undefined> {
    const bytes = await store.container.readBytes(blob);
    if (bytes === undefined) return "its copy is gone";
    if (sha256(bytes) !== hash) return "its copy is not what the manifest says";
    // What is there was brought by the try before this one.
    if ((await secrets.versions(uri, name)).length > 0) return undefined;
    try {
      const given = await secrets.restore(uri, bytes);
      if (given === name) return undefined;
      await note([given]);
      return `its copy is one of ${given}`;
    } catch (error) {
      const failure = classifyError(error);
      if (failure?.class !== "terminal") throw error;
      const { statusCode } = error as { statusCode?: unknown };
      // No backup at all, or none of this place: a scratch vault of another place was refused before.
      if (statusCode === 400) return `it cannot be restored: ${failure.code}`;
      if (statusCode !== 409) throw error;
      // Another execution of this has just brought it, or it is a copy of another secret that is there.
      const isThere = (await secrets.versions(uri, name)).length > 0;
      return isThere ? undefined : "its copy is one of another secret";
    }
  }

  /** Reads what was restored, and holds it against the same version at the source, where that is. */
  async function against(
    { name }: BackupItem,
    uri: string,
    source: string | undefined,
  ): Promise<Compared> {
    const newest = newestOf(await secrets.versions(uri, name));
    if (newest === undefined) return { failure: "it was restored without a version" };
    if (!newest.enabled) return {};
    const restored = await secrets.value(uri, name, newest.version);
    if (restored === undefined) return { failure: "what was restored cannot be read" };
    const original =
      source === undefined
        ? undefined
        : await unlessUnreadable(() => secrets.value(source, name, newest.version));
    if (original === undefined) return {};
    return sha256(restored.value) === sha256(original.value)
      ? { withSource: true }
      : { failure: "what was restored has not the value that the source has in this version" };
  }
}

interface Compared {
  readonly failure?: string;
  readonly withSource?: true;
}

const stagesOf = (names: readonly string[], stage: "restoring") =>
  Object.fromEntries(names.map((name) => [name, stage]));

const isLate = ({ at }: ScratchNote, now: Instant): boolean =>
  isAfter(now, plus(at, longestDeletion));

const newestOf = (versions: readonly SecretVersion[]): SecretVersion | undefined =>
  [...versions]
    .sort((one, other) => (one.createdAt ?? "").localeCompare(other.createdAt ?? ""))
    .at(-1);

function whyItDoesNotOpen(
  manifest: Parameters<typeof checkOpensIn>[0],
  view: VaultView,
): string | undefined {
  try {
    checkOpensIn(manifest, view);
    return undefined;
  } catch (error) {
    if (error instanceof ClassifiedError) return error.message;
    throw error;
  }
}

/** The source need not be there to prove a copy: its vault may be gone, or the version disabled. */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (classifyError(error) === null) throw error;
    return undefined;
  }
}

/**
 * What is to be done next with a name: what is seen decides. A secret that is being deleted can be seen
 * neither here nor there, and only the note tells it from one that never was.
 */
async function stageOf(
  secrets: Secrets,
  uri: string,
  name: string,
  noted: ScratchNote["names"][string],
  isLate: boolean,
): Promise<"deleting" | "purging" | "on-its-way" | "gone"> {
  if ((await secrets.versions(uri, name)).length > 0) return "deleting";
  if ((await secrets.deleted(uri, name)) !== undefined) return "purging";
  return noted === "deleting" && !isLate ? "on-its-way" : "gone";
}
