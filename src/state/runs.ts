import { z } from "zod";
import type { BlobContainer, BlobDescription } from "../azure/blob-container.js";
import { terminal } from "../domain/failure.js";
import { entryOf, type RecordEntry, type WrittenFile } from "../domain/record-entry.js";
import { Outcome, RunRecord } from "../domain/run-record.js";
import { sha256, writtenFile } from "./hash.js";
import { jsonDocuments } from "./json-document.js";
import { recordIndex } from "./record-index.js";

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

const reportFormats = ["md", "html"] as const;
export type ReportFormat = (typeof reportFormats)[number];
export type RenderReports = (record: RunRecord) => Readonly<Record<ReportFormat, string>>;

/** The records of ended runs, the reports rendered from them, and the index of both. */
export interface Runs {
  /**
   * Writes a record, its reports and its entry in the index, in this order and each once. Harmless to
   * repeat: what the first try wrote stands. A record of another run under the id is a failure for good.
   */
  save(record: RunRecord, render: RenderReports): Promise<"written" | "already done">;
  /**
   * Writes down what is known of a run before its end: a record is written once, and this is none yet. It
   * lies with the state, and goes when the record comes.
   */
  draft(record: RunRecord, render: RenderReports): Promise<void>;
  /** The draft of a run's record and its report, as far as they are there. */
  readDraft(id: string): Promise<{
    readonly record: RunRecord | undefined;
    readonly report: string | undefined;
  }>;
  /** Enters a record that stands without an entry; false where record or reports are not there. */
  enter(id: string): Promise<boolean>;
  read(id: string): Promise<RunRecord | undefined>;
  /** The record of an entry; undefined where it is gone or not what was written. */
  asWritten(entry: RecordEntry): Promise<RunRecord | undefined>;
  report(id: string, format: ReportFormat): Promise<string | undefined>;
  /** Recoveries and what else people start, newest first. */
  list(): Promise<readonly RunSummary[]>;
  /** Backups and proofs whose ids begin so, newest first. */
  backups(idPrefix: string): Promise<readonly RunSummary[]>;
  /** What the index says, of recoveries and what else people start, or of backups and proofs; in no order. */
  entries(of: "runs" | "backups", idPrefix?: string): Promise<readonly RecordEntry[]>;
  /** Removes a backup's or proof's record and reports. */
  forgetBackup(id: string): Promise<void>;
}

/** Where the records of a kind lie. */
export interface RecordPlace {
  readonly blobs: BlobContainer;
  readonly records: string;
  readonly reports: string;
  readonly index: string;
}

/**
 * Backups run all day, and proofs each night; their records lie apart, so that a list of recoveries need
 * not read through them, and with the state, for they are forgotten. The others are kept in a container
 * that may be one of immutable blobs.
 */
export const recordPlaces = (state: BlobContainer, records: BlobContainer) => ({
  runs: { blobs: records, records: "runs/", reports: "reports/", index: "index/" },
  backups: {
    blobs: state,
    records: "backup-runs/",
    reports: "backup-reports/",
    index: "backup-index/",
  },
});
const seriesOf = (id: string) => (/^(backup|proof)-/.test(id) ? "backups" : "runs");

const draftNames = (id: string) => [`drafts/${id}.json`, `drafts/${id}.md`] as const;

export const recordName = ({ records }: RecordPlace, id: string): string => `${records}${id}.json`;
export const reportNames = ({ reports }: RecordPlace, id: string): readonly string[] =>
  reportFormats.map((format) => `${reports}${id}.${format}`);

const contentTypes: Record<ReportFormat, string> = {
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
};

export function runs(state: BlobContainer, records: BlobContainer): Runs {
  const places: Readonly<Record<"runs" | "backups", RecordPlace>> = recordPlaces(state, records);
  const placeOf = (id: string): RecordPlace => places[seriesOf(id)];
  const indexOf = ({ blobs, index }: RecordPlace) => recordIndex(blobs, index);
  const read = async (id: string): Promise<RunRecord | undefined> => {
    const place = placeOf(id);
    return (await jsonDocuments(place.blobs, RunRecord).read(recordName(place, id)))?.value;
  };
  return {
    async save(record, render) {
      const place = placeOf(record.id);
      const name = recordName(place, record.id);
      const text = `${JSON.stringify(record, null, 2)}\n`;
      const written = await once(place.blobs, name, text, { metadata: metadataOf(record) });
      const standing = written.isNew ? record : await read(record.id);
      if (standing === undefined || !isSameRun(standing, record)) {
        throw terminal("another-record", `there is a record ${name} already, of another run`);
      }
      const rendered = render(standing);
      const reports: WrittenFile[] = [];
      for (const format of reportFormats) {
        const at = `${place.reports}${record.id}.${format}`;
        const description = { contentType: contentTypes[format] };
        reports.push((await once(place.blobs, at, rendered[format], description)).file);
      }
      // Last, so that what is in the index is all there.
      await indexOf(place).enter(entryOf(standing, written.file, reports));
      for (const name of draftNames(record.id)) await state.remove(name);
      return written.isNew ? "written" : "already done";
    },
    async draft(record, render) {
      const [draft, report] = draftNames(record.id);
      await state.put(report, render(record).md, { contentType: contentTypes.md });
      await jsonDocuments(state, RunRecord).put(draft, record);
    },
    async readDraft(id) {
      const [draft, report] = draftNames(id);
      const [record, text] = await Promise.all([
        jsonDocuments(state, RunRecord).read(draft),
        state.read(report),
      ]);
      return { record: record?.value, report: text?.text };
    },
    async enter(id) {
      const place = placeOf(id);
      const names = [recordName(place, id), ...reportNames(place, id)];
      const bytes = await Promise.all(names.map((name) => place.blobs.readBytes(name)));
      const files = names.flatMap((name, index) => {
        const content = bytes[index];
        return content === undefined ? [] : [writtenFile(name, content)];
      });
      const [file, ...reports] = files;
      const record = await read(id);
      if (record === undefined || file === undefined || files.length < names.length) return false;
      await indexOf(place).enter(entryOf(record, file, reports));
      return true;
    },
    read,
    async asWritten({ id, record: { bytes, sha256: hash } }) {
      const place = placeOf(id);
      const content = await place.blobs.readBytes(recordName(place, id));
      if (content?.byteLength !== bytes || sha256(content) !== hash) return undefined;
      return RunRecord.parse(JSON.parse(content.toString("utf8")));
    },
    async report(id, format) {
      const place = placeOf(id);
      return (await place.blobs.read(`${place.reports}${id}.${format}`))?.text;
    },
    list: () => summaries(places.runs, ""),
    backups: (idPrefix) => summaries(places.backups, idPrefix),
    entries: (of, idPrefix = "") => indexOf(places[of]).list(idPrefix),
    async forgetBackup(id) {
      const place = placeOf(id);
      if (place !== places.backups) throw new Error(`${id} is no backup`);
      // The record, by which it is found again, goes last.
      await indexOf(place).forget(id);
      for (const name of reportNames(place, id)) await place.blobs.remove(name);
      await place.blobs.remove(recordName(place, id));
    },
  };
}

/** What stands under a name, by this write or by an earlier one. */
async function once(
  blobs: BlobContainer,
  name: string,
  text: string,
  description: BlobDescription,
): Promise<{ readonly isNew: boolean; readonly file: WrittenFile }> {
  if ((await blobs.create(name, text, description)) !== undefined) {
    return { isNew: true, file: writtenFile(name, Buffer.from(text)) };
  }
  const standing = await blobs.readBytes(name);
  if (standing === undefined) throw terminal("record-gone", `${name} was there and is gone`);
  return { isNew: false, file: writtenFile(name, standing) };
}

/** A repeated try knows more of what came in meanwhile, such as receipts; what the run itself says is the same. */
const isSameRun = (one: RunRecord, other: RunRecord): boolean =>
  one.id === other.id &&
  one.startedAt === other.startedAt &&
  one.endedAt === other.endedAt &&
  one.outcome === other.outcome &&
  one.reason === other.reason;

const metadataOf = ({ environment, scenario, startedAt, endedAt, outcome }: RunRecord) => ({
  environment,
  scenario,
  startedat: startedAt,
  endedat: endedAt,
  outcome,
});

async function summaries(
  { blobs, records }: RecordPlace,
  idPrefix: string,
): Promise<readonly RunSummary[]> {
  const listed = await blobs.list(`${records}${idPrefix}`);
  return listed
    .flatMap(({ name, metadata }) => {
      const summary = RunSummary.safeParse({
        id: name.slice(records.length, -".json".length),
        environment: metadata["environment"],
        scenario: metadata["scenario"],
        startedAt: metadata["startedat"],
        endedAt: metadata["endedat"],
        outcome: metadata["outcome"],
      });
      return summary.success ? [summary.data] : [];
    })
    .sort((one, other) => other.startedAt.localeCompare(one.startedAt));
}
