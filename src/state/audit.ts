import type { BlobContainer } from "../azure/blob-container.js";
import { AuditEntry } from "../domain/audit.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { compact } from "../domain/instant.js";
import { jsonDocuments } from "./json-document.js";

/** Who wanted what, and what was answered: entries are added, never changed. */
export interface Audit {
  /** Harmless to repeat with the same entry. */
  add(entry: AuditEntry): Promise<void>;
  /** Oldest first. */
  ofRun(run: string): Promise<readonly AuditEntry[]>;
  /** What concerned an environment but no run, newest first. */
  ofEnvironment(environment: EnvironmentName, top: number): Promise<readonly AuditEntry[]>;
}

const folderOf = ({ run, environment }: Pick<AuditEntry, "run" | "environment">): string => {
  if (run !== undefined) return `audit/runs/${run}/`;
  return environment === undefined ? "audit/service/" : `audit/environments/${environment}/`;
};

const longest = 500;
const presentable = (text: string): string => scrub(text).slice(0, longest);

/** A storm of alerts leaves hundreds of entries; one after the other they would take too long. */
const readAtOnce = 16;

export function audit(blobs: BlobContainer): Audit {
  const documents = jsonDocuments(blobs, AuditEntry);
  const read = async (names: readonly string[]): Promise<AuditEntry[]> => {
    const entries: AuditEntry[] = [];
    for (let from = 0; from < names.length; from += readAtOnce) {
      const part = names.slice(from, from + readAtOnce).map((name) => documents.read(name));
      for (const found of await Promise.all(part)) if (found) entries.push(found.value);
    }
    return entries.sort((one, other) => one.at.localeCompare(other.at));
  };
  const namesIn = async (folder: string): Promise<string[]> =>
    (await blobs.list(folder)).map(({ name }) => name);
  return {
    async add(entry) {
      const { who, reason, detail } = entry;
      await documents.create(`${folderOf(entry)}${compact(entry.at)}-${entry.id}.json`, {
        ...entry,
        who: { ...who, name: presentable(who.name) },
        reason: presentable(reason),
        detail: presentable(detail),
      });
    },
    ofRun: async (run) => read(await namesIn(folderOf({ run }))),
    async ofEnvironment(environment, top) {
      const names = await namesIn(folderOf({ environment }));
      return (await read(names.sort().slice(-top))).reverse();
    },
  };
}
