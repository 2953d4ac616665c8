import type { BlobContainer } from "../azure/blob-container.js";
import { Outcome, RunRecord } from "../domain/run-record.js";
import { z } from "zod";
import { jsonDocuments } from "./json-document.js";

/** One line of the list of ended runs; taken from the blobs' metadata, so that listing is one call. */
export const RunSummary = z.strictObject({
  id: z.string(),
  environment: z.string(),
  scenario: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: Outcome,
});
export type RunSummary = z.infer<typeof RunSummary>;

export type ReportFormat = "md" | "html";

/** The records of ended runs and the reports rendered from them. */
export interface Runs {
  save(record: RunRecord, reports: Readonly<Record<ReportFormat, string>>): Promise<void>;
  read(id: string): Promise<RunRecord | undefined>;
  report(id: string, format: ReportFormat): Promise<string | undefined>;
  /** Recoveries and what else people start, newest first. */
  list(): Promise<readonly RunSummary[]>;
  /** Backups and proofs whose ids begin so, newest first. */
  backups(idPrefix: string): Promise<readonly RunSummary[]>;
  /** Removes a backup's or proof's record and reports. */
  forgetBackup(id: string): Promise<void>;
}

/** Backups run all day, and proofs each night; their records lie apart, so that a list of recoveries need not read through them. */
const folderOf = (id: string): string => (/^(backup|proof)-/.test(id) ? "backup-runs/" : "runs/");
const recordName = (id: string): string => `${folderOf(id)}${id}.json`;
const reportName = (id: string, format: ReportFormat): string => `reports/${id}.${format}`;

const contentTypes: Record<ReportFormat, string> = {
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
};

export function runs(blobs: BlobContainer): Runs {
  const documents = jsonDocuments(blobs, RunRecord);
  const summaries = async (folder: string, idPrefix: string): Promise<readonly RunSummary[]> => {
    const listed = await blobs.list(`${folder}${idPrefix}`);
    return listed
      .flatMap(({ name, metadata }) => {
        const summary = RunSummary.safeParse({
          id: name.slice(folder.length, -".json".length),
          environment: metadata["environment"],
          scenario: metadata["scenario"],
          startedAt: metadata["startedat"],
          endedAt: metadata["endedat"],
          outcome: metadata["outcome"],
        });
        return summary.success ? [summary.data] : [];
      })
      .sort((one, other) => other.startedAt.localeCompare(one.startedAt));
  };
  return {
    async save(record, reports) {
      for (const format of ["md", "html"] as const) {
        await blobs.put(reportName(record.id, format), reports[format], {
          contentType: contentTypes[format],
        });
      }
      // The record comes last: a run that can be listed has its reports.
      await documents.put(recordName(record.id), record, {
        metadata: {
          environment: record.environment,
          scenario: record.scenario,
          startedat: record.startedAt,
          endedat: record.endedAt,
          outcome: record.outcome,
        },
      });
    },
    read: async (id) => (await documents.read(recordName(id)))?.value,
    report: async (id, format) => (await blobs.read(reportName(id, format)))?.text,
    list: () => summaries("runs/", ""),
    backups: (idPrefix) => summaries("backup-runs/", idPrefix),
    async forgetBackup(id) {
      if (folderOf(id) !== "backup-runs/") throw new Error(`${id} is no backup`);
      for (const format of ["md", "html"] as const) await blobs.remove(reportName(id, format));
      await blobs.remove(recordName(id));
    },
  };
}
