import type { BlobContainer } from "../azure/blob-container.js";
import { AuditEntry } from "../domain/audit.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { compact } from "../domain/instant.js";

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

/** Short enough that an entry fits into the 8 KB of metadata that a blob may have. */
const longestText = 400;
const longestName = 100;

const presentable = (text: string, longest: number): string =>
  scrub(text)
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, longest);

/**
 * An entry travels in its blob's metadata as well, so that listing is one call: a storm of alerts
 * leaves hundreds of entries, and whoever watches the run asks for them every few seconds.
 */
const pack = (entry: AuditEntry): string => Buffer.from(JSON.stringify(entry)).toString("base64");

function unpack(packed = ""): AuditEntry[] {
  try {
    return [AuditEntry.parse(JSON.parse(Buffer.from(packed, "base64").toString()))];
  } catch {
    return [];
  }
}

export function audit(blobs: BlobContainer): Audit {
  const entriesIn = async (folder: string): Promise<AuditEntry[]> =>
    (await blobs.list(folder))
      .flatMap(({ metadata }) => unpack(metadata["entry"]))
      .sort((one, other) => one.at.localeCompare(other.at));
  return {
    async add(given) {
      const { who, reason, detail } = given;
      const entry: AuditEntry = {
        ...given,
        who: { ...who, name: presentable(who.name, longestName) },
        reason: presentable(reason, longestText),
        detail: presentable(detail, longestText),
      };
      // If there is one already, an earlier try came through whose answer was lost.
      await blobs.create(
        `${folderOf(entry)}${compact(entry.at)}-${entry.id}.json`,
        `${JSON.stringify(entry, null, 2)}\n`,
        { metadata: { entry: pack(entry) } },
      );
    },
    ofRun: (run) => entriesIn(folderOf({ run })),
    ofEnvironment: async (environment, top) =>
      (await entriesIn(folderOf({ environment }))).reverse().slice(0, top),
  };
}
