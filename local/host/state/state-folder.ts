import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

const DATABASE = "durable.sqlite";
/** A database in the making: a start that is killed must not leave half of one under the real name. */
const DRAFT = "durable.sqlite.new";
const LOCK = "host.lock";
const PID = "host.pid";
/** Files of this folder that may be there before the database is: other parts of the host write them. */
const OWN_FILES = new Set([
  ...[DRAFT, `${DRAFT}-journal`, LOCK, PID],
  ...["keys.json", "keys.json.new", "clock.json", "clock.json.new"],
]);

const SQLITE_MAGIC = "SQLite format 3\0";
/** "emdr", in the place that SQLite keeps for it in a database's header. */
const APPLICATION_ID = 0x656d6472;
const FORMAT_VERSION = 1;

/** The folder that holds all that a host must not forget. One host at a time may have it open. */
export interface StateFolder {
  readonly directory: string;
  readonly database: DatabaseSync;
  file(name: string): string;
  close(): void;
}

/**
 * Opens the folder, creating it where there is none. A folder that another host uses, that is somebody else's, newer
 * than this program or damaged is refused and left as it is.
 */
export function openStateFolder(directory: string, schema: string): StateFolder {
  const file = (name: string): string => path.join(directory, name);
  mkdirSync(directory, { recursive: true });
  // What is not ours gets not even a lock file.
  if (existsSync(file(DATABASE))) refuseForeignDatabase(file(DATABASE));
  else refuseForeignFolder(directory);
  const lock = lockFolder(directory, file(LOCK), file(PID));
  try {
    if (existsSync(file(DATABASE))) refuseDamagedDatabase(file(DATABASE));
    else createDatabase(file(DATABASE), file(DRAFT), schema);
    const database = openDatabase(file(DATABASE));
    return {
      directory,
      database,
      file,
      close: () => {
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function refuseForeignFolder(directory: string): void {
  const stranger = readdirSync(directory).find((name) => !OWN_FILES.has(name));
  if (stranger === undefined) return;
  throw new Error(
    `${directory} is not a host's state folder: it holds '${stranger}' but no ${DATABASE}; name an empty or new folder with --state`,
  );
}

/** Held as a lock of the operating system, so that it ends with the process however that ends. */
function lockFolder(directory: string, lockFile: string, pidFile: string): DatabaseSync {
  const lock = new DatabaseSync(lockFile);
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    const owner = existsSync(pidFile) ? ` (process ${readFileSync(pidFile, "utf8").trim()})` : "";
    throw new Error(
      `another host${owner} is using ${directory}; stop it, or name another folder with --state`,
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return lock;
}

const REMEDY = "it was left untouched; name another folder with --state";

/** Looks at the file's own bytes: SQLite would already write beside it when it opens it. */
function refuseForeignDatabase(file: string): void {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString("latin1", 0, SQLITE_MAGIC.length) !== SQLITE_MAGIC) {
    throw new Error(`${file} is damaged: it is no database; ${REMEDY}`);
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new Error(`${file} is the database of another program; ${REMEDY}`);
  }
  const version = header.readUInt32BE(60);
  if (version > FORMAT_VERSION) {
    throw new Error(
      `${file} was written by a newer host (format ${version}, this one knows ${FORMAT_VERSION}); update this checkout, or name another folder with --state`,
    );
  }
}

function refuseDamagedDatabase(file: string): void {
  const finding = damage(file);
  if (finding !== undefined) throw new Error(`${file} is damaged: ${finding}; ${REMEDY}`);
}

function damage(file: string): string | undefined {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const result = database.prepare("PRAGMA quick_check(1)").get();
    const finding = result?.["quick_check"];
    return finding === "ok" ? undefined : String(finding).replaceAll("\n", " ");
  } catch (error) {
    return (error as Error).message;
  } finally {
    database.close();
  }
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  // NORMAL: a commit that was reported outlives this process, however it is killed. Only a machine that falls loses
  // the last ones, and it takes the simulated Azure with it.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000",
  );
  return database;
}

function createDatabase(file: string, draft: string, schema: string): void {
  for (const left of [draft, `${draft}-journal`]) rmSync(left, { force: true });
  const database = new DatabaseSync(draft);
  database.exec(`BEGIN; ${schema}; COMMIT`);
  database.exec(
    `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}`,
  );
  database.close();
  renameSync(draft, file);
}
