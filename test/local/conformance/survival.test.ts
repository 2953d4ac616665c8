import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  refusedStart,
  startHostProcess,
} from "../support/host-process.js";

let host: HostProcess | undefined;

afterEach(async () => {
  await host?.dispose();
  host = undefined;
});

describe("a host that is killed", () => {
  it("runs the activity that was under way again, and finishes the instance", async () => {
    const first = await startHostProcess();
    host = first;
    const id = await first.start("gatedOrchestration", "cut off");
    await eventually(async () => (await first.journal("gated")).at(0));

    const second = await killAndRestart(first);
    await eventually(async () => (await second.journal("gated")).at(0));
    await second.openGate("cut off");

    expect((await second.ended(id)).output).toEqual(["cut off", 9]);
  });

  it("keeps events, timers, custom status, suspension and what has ended", async () => {
    const first = await startHostProcess();
    host = first;
    await first.run("single", { a: 1 }, "done");
    await first.start("waiter", null, "waiting");
    await first.raise("waiting", "e", "before");
    await first.until("waiting", ({ customStatus }) => customStatus !== null);
    await first.start("eventOrTimer", { timeoutMs: 1_500 }, "timing");
    await first.start("waiter", null, "paused");
    await first.command("paused", "suspend", "reason=r");
    await first.until("paused", ({ runtimeStatus }) => runtimeStatus === "Suspended");

    const second = await killAndRestart(first);

    expect(await second.status("done")).toMatchObject({ output: { a: 1 } });
    expect(await second.status("waiting")).toMatchObject({ customStatus: { seen: ["before"] } });
    expect(await second.status("paused")).toMatchObject({ runtimeStatus: "Suspended" });
    await second.raise("waiting", "e", "stop");
    expect((await second.ended("waiting")).output).toEqual(["before"]);
    expect((await second.ended("timing")).output).toBe("timer");
  });

  it("finishes every run with each result once, wherever the kills fall", async () => {
    const steps = [1, 2, 3, 4, 5, 6, 7, 8];
    let current = await startHostProcess();
    host = current;
    const ids = Array.from({ length: 12 }, (_, n) => `run-${n}`);
    for (let kills = 0; kills < 5; kills += 1) {
      const fresh = ids.slice(kills * 2, kills * 2 + 4);
      // The kill comes while these starts and the turns that they cause are under way.
      const started = Promise.allSettled(fresh.map((id) => current.start("sequence", steps, id)));
      await current.journal();
      const next = killAndRestart(current);
      await started;
      current = await next;
      host = current;
    }
    for (const id of ids) {
      if ((await current.manage(`instances/${id}`)).status === 404) {
        await current.start("sequence", steps, id);
      }
    }

    for (const id of ids) {
      const { runtimeStatus, output, historyEvents = [] } = await current.ended(id);
      expect([runtimeStatus, output]).toEqual(["Completed", steps]);
      const results = historyEvents.filter((event) => event["EventType"] === "TaskCompleted");
      expect(results).toHaveLength(steps.length);
    }
  });
});

describe("a host that is asked to end", () => {
  it("waits for the activity under way, keeps its result and does not run it again", async () => {
    const first = await startHostProcess();
    host = first;
    const id = await first.start("drainable", "drained");
    await eventually(async () => (await first.journal("brief")).at(0));

    const code = await first.end("SIGTERM");
    const second = await startHostProcess({ state: first.state });
    host = second;

    expect(code).toBe(0);
    expect((await second.ended(id)).output).toEqual(["drained", 9]);
    expect(await second.journal("brief")).toEqual([]);
  });

  it("answers first what it was asked", async () => {
    const answering = await startHostProcess();
    host = answering;
    const answer = answering.fetch("/api/brief");
    await eventually(async () => (await answering.journal("briefHttp")).at(0));
    const ended = answering.end("SIGTERM");
    expect(await (await answer).text()).toBe("in time");
    expect(await ended).toBe(0);
  });
});

describe("the state folder", () => {
  it("is used by one host at a time", async () => {
    host = await startHostProcess();

    const second = await refusedStart({ state: host.state });

    expect(second.code).toBe(1);
    expect(second.message).toMatch(
      /^another host \(process \d+\) is using .*; stop it, or name another folder with --state$/m,
    );
  });

  it("keeps the keys", async () => {
    const first = await startHostProcess();
    const second = await killAndRestart(first);
    host = second;
    expect([second.masterKey, second.functionKeys]).toEqual([first.masterKey, first.functionKeys]);
  });

  it("leaves the keys to a file that is named", async () => {
    const folder = newStateFolder();
    const keysFile = path.join(folder, "my-keys.json");
    const keys = { master: "m", system: "s", host: {}, functions: { withKey: { default: "w" } } };
    writeFileSync(keysFile, JSON.stringify(keys));
    try {
      host = await startHostProcess({ keysFile });
      expect(host).toMatchObject({
        masterKey: "m",
        systemKey: "s",
        functionKeys: { withKey: "w" },
      });
      expect((await host.fetch("/api/withKey?code=w")).status).toBe(200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gets no file from a host that refuses it for being another program's", async () => {
    const folder = newStateFolder();
    const database = new DatabaseSync(path.join(folder, "durable.sqlite"));
    database.exec("CREATE TABLE their (own TEXT)");
    database.close();
    await refusedStart({ state: folder });
    expect(readdirSync(folder)).toEqual(["durable.sqlite"]);
    rmSync(folder, { recursive: true });
  });

  it("in which a start was killed half-way is begun anew", async () => {
    const folder = newStateFolder();
    writeFileSync(path.join(folder, "durable.sqlite.new"), "half of a database");
    writeFileSync(path.join(folder, "durable.sqlite.new-journal"), "and of its journal");
    writeFileSync(path.join(folder, "host.pid"), "1");
    host = await startHostProcess({ state: folder });
    expect((await host.run("single", 1)).output).toBe(1);
  });

  it.each([
    [
      "that holds another program's files",
      (folder: string) => {
        writeFileSync(path.join(folder, "thesis.doc"), "years of work");
      },
      /is not a host's state folder: it holds 'thesis.doc' but no durable.sqlite/,
    ],
    [
      "whose database is damaged",
      (folder: string) => {
        writeFileSync(path.join(folder, "durable.sqlite"), "not a database at all");
      },
      /is damaged: it is no database; it was left untouched/,
    ],
    [
      "whose database is another program's",
      (folder: string) => {
        const database = new DatabaseSync(path.join(folder, "durable.sqlite"));
        database.exec("CREATE TABLE their (own TEXT)");
        database.close();
      },
      /is the database of another program; it was left untouched/,
    ],
    [
      "that a newer host wrote",
      (folder: string) => {
        copyFileSync(madeByAHost(), path.join(folder, "durable.sqlite"));
        const database = new DatabaseSync(path.join(folder, "durable.sqlite"));
        database.exec("PRAGMA user_version = 99");
        database.close();
      },
      /was written by a newer host \(format 99, this one knows 1\)/,
    ],
    [
      "whose database is damaged inside",
      (folder: string) => {
        const bytes = readFileSync(madeByAHost());
        bytes.fill(0x5a, 4_096, 8_192);
        writeFileSync(path.join(folder, "durable.sqlite"), bytes);
      },
      /is damaged: .*; it was left untouched/,
    ],
    [
      "whose keys are damaged",
      (folder: string) => {
        copyFileSync(madeByAHost(), path.join(folder, "durable.sqlite"));
        writeFileSync(path.join(folder, "keys.json"), '{"master":""}');
      },
      /keys\.json holds no keys; it must be .* or be removed to have new ones made/,
    ],
  ])("%s is refused and left as it is", async (_, prepare, message) => {
    const folder = newStateFolder();
    try {
      prepare(folder);
      const before = fingerprint(folder);

      const refused = await refusedStart({ state: folder });

      expect(refused.code).toBe(1);
      expect(refused.message).toMatch(message);
      expect(fingerprint(folder)).toEqual(expect.objectContaining(before));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const kept = newStateFolder();

beforeAll(async () => {
  const maker = await startHostProcess();
  await maker.run("single", 1);
  await maker.end("SIGTERM");
  mkdirSync(kept, { recursive: true });
  copyFileSync(path.join(maker.state, "durable.sqlite"), path.join(kept, "durable.sqlite"));
  await maker.dispose();
});

afterAll(() => {
  rmSync(kept, { recursive: true });
});

/** The database of a host that has ended in order. */
function madeByAHost(): string {
  return path.join(kept, "durable.sqlite");
}

async function killAndRestart(running: HostProcess): Promise<HostProcess> {
  await running.end("SIGKILL");
  const next = await startHostProcess({ state: running.state });
  host = next;
  return next;
}

function fingerprint(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.startsWith("host."))
      .map((name) => {
        const bytes = readFileSync(path.join(folder, name));
        return [name, createHash("sha256").update(bytes).digest("hex")];
      }),
  );
}
