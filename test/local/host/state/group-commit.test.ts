import { DatabaseSync } from "node:sqlite";
import { GroupCommit } from "../../../../local/host/state/group-commit.js";

let database: DatabaseSync;
let failures: unknown[];
let commit: GroupCommit;

beforeEach(() => {
  database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE notes (text TEXT UNIQUE)");
  failures = [];
  commit = new GroupCommit(database, (error) => failures.push(error));
});

afterEach(() => {
  database.close();
});

describe("group commit", () => {
  it("writes nothing before the turn of the event loop is over, then everything in order", async () => {
    const written = Promise.all([commit.write(note("a")), commit.write(note("b"))]);
    expect(notes()).toEqual([]);
    await written;
    expect(notes()).toEqual(["a", "b"]);
  });

  it("writes at once for a reader", () => {
    void commit.write(note("a"));
    commit.flush();
    expect(notes()).toEqual(["a"]);
  });

  it("writes all of a batch or nothing, and lets nobody act on what is lost", () => {
    let acted = false;
    void commit.write(note("a")).then(() => {
      acted = true;
    });
    void commit.write(note("a"));
    commit.flush();

    expect(failures).toHaveLength(1);
    expect(acted).toBe(false);
    database.exec("ROLLBACK");
    expect(notes()).toEqual([]);
  });
});

function note(text: string): () => void {
  return () => {
    database.prepare("INSERT INTO notes VALUES (?)").run(text);
  };
}

function notes(): unknown[] {
  return database
    .prepare("SELECT text FROM notes")
    .all()
    .map((row) => row["text"]);
}
