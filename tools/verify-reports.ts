import { parseArgs } from "node:util";
import { blobContainer } from "../src/azure/blob-container.js";
import { classifyError } from "../src/azure/classify-error.js";
import { serviceCredential } from "../src/azure/credential.js";
import { readSettings } from "../src/config/settings.js";
import { checkRecords, type RecordCheck } from "../src/state/record-check.js";
import { recordPlaces, runs } from "../src/state/runs.js";

const help = `npm run verify-reports -- [options]

Reads every record and report of the state store, and compares size and SHA-256 with the index.
It takes the app's settings from the environment: STATE_BLOB_ENDPOINT, STATE_CONTAINER,
RECORDS_CONTAINER, and what signs in to Azure.

  --json    print the result alone on the last line of standard output
  --index   then make entries for records that have none, as when a run was cut off before its last
            write; what was unindexed is found all the same, and is not next time
  --help    this text

Exit code: 0 all is as it was written, 1 something is missing, changed or unindexed, 2 wrong usage,
or the store could not be read.
`;

/** People read this; with --json the result alone goes to standard output. */
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

function readOptions() {
  const options = {
    json: { type: "boolean", default: false },
    index: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  return parseArgs({ options }).values;
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    say(`${(error as Error).message}\nnpm run verify-reports -- --help shows what there is.`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const { findings, azure, state, records } = readSettings(process.env);
  if (findings.length > 0) {
    for (const finding of findings) say(finding);
    return 2;
  }
  const credential = serviceCredential(azure);
  const containers = [state, records].map((place) => blobContainer(azure, credential, place));
  const [ofState, ofRecords] = containers as [(typeof containers)[0], (typeof containers)[0]];
  const check = await checkRecords(Object.values(recordPlaces(ofState, ofRecords)));
  tell(check);
  if (options.index) {
    const wanting = check.findings.filter(({ problem }) => problem === "unindexed");
    for (const run of new Set(wanting.map((finding) => finding.run))) {
      const entered = await runs(ofState, ofRecords).enter(run);
      say(`${run}: ${entered ? "entered in the index" : "not all of it is there to be entered"}`);
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(check)}\n`);
  return check.findings.length === 0 ? 0 : 1;
}

function tell({ entries, files, findings }: RecordCheck): void {
  for (const { problem, blob, detail } of findings) say(`${problem}: ${blob}: ${detail}`);
  const found = findings.length === 0 ? "all as written" : `${findings.length} findings`;
  say(`${entries} entries, ${files} records and reports compared and good: ${found}.`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const failure = classifyError(error);
    say(failure === null ? String(error) : `${failure.code}: ${failure.message}`);
    process.exitCode = 2;
  },
);
