import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { type ClockKeeper, startClockKeeper } from "../../../simulator/clock/keeper.js";

const DAY = 86_400_000;
const PRELOAD = path.resolve("dist/local/clock/preload.js");

let folder: string;
let keeper: ClockKeeper | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "clock-"));
});

afterEach(async () => {
  await keeper?.close();
  keeper = undefined;
  rmSync(folder, { recursive: true });
});

/** The clock is moved to an instant; what passes on the way there is not part of the offset. */
const isAbout = (wanted: number, offset: unknown): boolean =>
  typeof offset === "number" && offset <= wanted && offset > wanted - 100;

describe("clock preload", () => {
  it("publishes a clock that stands at real time where there is no keeper", async () => {
    const lines = await run(`say({ ahead: Date.now() - realNow(), offset: clock.offset() })`, {});

    expect(lines[0]?.["offset"]).toBe(0);
    expect(Math.abs(Number(lines[0]?.["ahead"]))).toBeLessThan(1_000);
  });

  it("has the persisted offset from its first statement on", async () => {
    keeper = await startClockKeeper({ file: path.join(folder, "clock.json") });
    await keeper.advanceBy(DAY);

    const lines = await run(`say({ offset: clock.offset() })`, keeper.environment());

    expect(isAbout(DAY, lines[0]?.["offset"])).toBe(true);
  });

  it("moves two processes together, and calls back when both have the new time", async () => {
    keeper = await startClockKeeper({ file: path.join(folder, "clock.json") });
    const program = `
      const before = Date.now();
      clock.onChange((offset) => { say({ offset, passed: Date.now() - before }); process.exit(); });
      setInterval(() => undefined, 1000);
      clock.connected().then(() => say({ ready: true }));`;
    const children = [start(program, keeper.environment()), start(program, keeper.environment())];
    await Promise.all(children.map((child) => child.nextLine()));

    const moved = Promise.all(children.map((child) => child.nextLine()));
    await keeper.advanceBy(DAY);

    for (const line of await moved) {
      expect(isAbout(DAY, line["offset"])).toBe(true);
      expect(line["passed"]).toBeGreaterThanOrEqual(DAY);
    }
  });

  it("skips when the process says what it waits for", async () => {
    keeper = await startClockKeeper({ file: path.join(folder, "clock.json") });

    const lines = await run(
      `const due = Date.now() + ${String(DAY)};
       clock.onChange(() => { say({ reached: Date.now() >= due }); process.exit(); });
       setInterval(() => undefined, 1000);
       clock.idle(due);`,
      keeper.environment(),
    );

    expect(lines).toEqual([{ reached: true }]);
  });

  it("does not keep a finished process alive", async () => {
    keeper = await startClockKeeper({ file: path.join(folder, "clock.json") });

    expect(await run(`clock.connected().then(() => say({}))`, keeper.environment())).toEqual([{}]);
  });

  it("says what is wrong when the keeper does not answer", async () => {
    const lines = await run(`clock.connected().catch((error) => say({ message: error.message }))`, {
      CLOCK_ADDRESS: "127.0.0.1:1",
    });

    expect(lines[0]?.["message"]).toBe(
      "the clock keeper at 127.0.0.1:1 does not answer; start it first or unset CLOCK_ADDRESS",
    );
  });
});

type Line = Record<string, unknown>;

const PROLOGUE = `
  const clock = globalThis[Symbol.for("enterprise-mcp-dr.clock")];
  const realNow = () => performance.timeOrigin + performance.now();
  const say = (line) => console.log(JSON.stringify(line));`;

function start(program: string, environment: Record<string, string>) {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--require", PRELOAD, "--eval", PROLOGUE + program],
    { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"], ...environment } },
  );
  if (child.stdout === null) throw new Error("the child has no standard output");
  const lines = createInterface(child.stdout);
  return {
    child,
    lines,
    nextLine: async (): Promise<Line> => {
      const [line] = (await once(lines, "line")) as [string];
      return JSON.parse(line) as Line;
    },
  };
}

async function run(program: string, environment: Record<string, string>): Promise<Line[]> {
  const { child, lines } = start(program, environment);
  const said: Line[] = [];
  lines.on("line", (line) => said.push(JSON.parse(line) as Line));
  await once(child, "close");
  return said;
}
