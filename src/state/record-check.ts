import { inParallel } from "../domain/in-parallel.js";
import { RecordEntry, type WrittenFile } from "../domain/record-entry.js";
import { sha256 } from "./hash.js";
import { unpacked } from "./record-index.js";
import { recordName, reportNames, type RecordPlace } from "./runs.js";

/**
 * `missing`: the index names it, and it is not there. `changed`: it is not what was written.
 * `unindexed`: no entry names it. `unreadable`: the entry itself is not what this service writes.
 */
export interface RecordFinding {
  readonly run: string;
  readonly blob: string;
  readonly problem: "missing" | "changed" | "unindexed" | "unreadable";
  readonly detail: string;
}

export interface RecordCheck {
  /** How many entries were compared. */
  readonly entries: number;
  /** How many records and reports were found as they were written. */
  readonly files: number;
  readonly findings: readonly RecordFinding[];
}

/** Reads every record and report, and compares each with its entry in the index. */
export async function checkRecords(places: readonly RecordPlace[]): Promise<RecordCheck> {
  const checks = await inParallel(places, 1, checkPlace);
  return {
    entries: checks.reduce((sum, { entries }) => sum + entries, 0),
    files: checks.reduce((sum, { files }) => sum + files, 0),
    findings: checks.flatMap(({ findings }) => findings),
  };
}

async function checkPlace(place: RecordPlace): Promise<RecordCheck> {
  const { blobs, records, reports, index } = place;
  // The index is listed last, as it is written last: a run that ends meanwhile is seldom a finding.
  const written = [...(await blobs.list(records)), ...(await blobs.list(reports))];
  const listed = await blobs.list(index);
  const checked = await inParallel(listed, 8, ({ name, metadata }) =>
    checkEntry(place, name, unpacked(metadata["entry"])),
  );
  const named = new Set(checked.flatMap(({ names }) => names));
  const unindexed = written
    .filter(({ name }) => !named.has(name))
    .map(({ name }): RecordFinding => ({
      run: runIn(name),
      blob: name,
      problem: "unindexed",
      detail: "no entry of the index names it; if its run has just ended, look again in a minute",
    }));
  const findings = [...checked.flatMap((each) => each.findings), ...unindexed];
  const files = checked.reduce((sum, { good }) => sum + good, 0);
  return { entries: listed.length, files, findings };
}

interface CheckedEntry {
  readonly names: readonly string[];
  readonly good: number;
  readonly findings: readonly RecordFinding[];
}

async function checkEntry(
  place: RecordPlace,
  name: string,
  inList: RecordEntry | undefined,
): Promise<CheckedEntry> {
  const run = runIn(name);
  const names = [recordName(place, run), ...reportNames(place, run)];
  const bad = (problem: RecordFinding["problem"], blob: string, detail: string) =>
    ({ run, blob, problem, detail }) as const;
  const entry = parsed((await place.blobs.read(name))?.text ?? "");
  if (entry === undefined) {
    const detail = "it is not an entry of this version; restore the blob";
    return { names, good: 0, findings: [bad("unreadable", name, detail)] };
  }
  const files = [entry.record, ...entry.reports];
  const isOwn = entry.id === run && files.every(({ blob }, at) => blob === names[at]);
  if (!isOwn || files.length !== names.length) {
    return { names, good: 0, findings: [bad("changed", name, "it names another run's files")] };
  }
  const isListed = JSON.stringify(inList) === JSON.stringify(entry);
  const compared = await inParallel(files, 3, async (file) => {
    const content = await place.blobs.readBytes(file.blob);
    if (content === undefined) return bad("missing", file.blob, describe(file));
    const [bytes, hash] = [content.byteLength, sha256(content)];
    if (hash === file.sha256 && bytes === file.bytes) return undefined;
    return bad("changed", file.blob, `${describe(file)}; found ${bytes} bytes, SHA-256 ${hash}`);
  });
  const findings = compared.flatMap((finding) => finding ?? []);
  const list = isListed ? [] : [bad("changed", name, "its metadata is not what its content says")];
  return { names, good: files.length - findings.length, findings: [...list, ...findings] };
}

const describe = ({ bytes, sha256: hash }: WrittenFile): string =>
  `written were ${bytes} bytes, SHA-256 ${hash}`;

const runIn = (name: string): string => name.replace(/^.*\//, "").replace(/\.\w+$/, "");

function parsed(text: string): RecordEntry | undefined {
  try {
    return RecordEntry.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
