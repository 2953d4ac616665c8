import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type ClockKeeper, startClockKeeper } from "../../../simulator/clock/keeper.js";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  startHostProcess,
  type Status,
} from "../support/host-process.js";

const FIXTURES = path.resolve(__dirname, "../fixtures");
/** What the real host handed to orchestrators, and what its API showed of them. Never to be brought up to date. */
const RECORDED = path.join(FIXTURES, "recorded");

type Event = Readonly<Record<string, unknown>>;
type Call = readonly [
  name: string,
  input: {
    readonly instanceId: string;
    readonly parentInstanceId: string | null;
    readonly isReplaying: boolean;
    readonly history: readonly Event[];
  },
];

let keeper: ClockKeeper;
let host: HostProcess;

/** Brings an instance to the point where the recording ends. Time moves by the keeper only. */
type Script = (id: string) => Promise<unknown>;

const toTheEnd: Script = (id) => host.ended(id);
const afterTimers =
  (...waits: readonly number[]): Script =>
  async (id) => {
    for (const [count, wait] of waits.entries()) {
      await shows(id, "TimerCreated", count + 1);
      await keeper.advanceBy(wait);
    }
    await host.ended(id);
  };

const scripts: Readonly<
  Record<string, readonly [orchestrator: string, input: unknown, script: Script]>
> = {
  "one-activity": ["single", { a: 1, t: "x" }, toTheEnd],
  "an-activity-that-fails": ["catchAct", { kind: "error" }, toTheEnd],
  "an-activity-that-fails-with-properties": ["catchAct", { kind: "props" }, toTheEnd],
  "an-activity-that-fails-with-properties-not-caught": ["failAct", { kind: "props" }, toTheEnd],
  "an-activity-under-way": ["slowOne", 2_500, (id) => shows(id, "TaskScheduled")],
  "retries-that-are-used-up": ["retryBackoff", 1, afterTimers(1_000, 2_000, 3_000)],
  "an-orchestrator-that-throws-later": ["throwsAfter", 1, toTheEnd],
  "a-timer": ["timer", 2_000, afterTimers(2_000)],
  "a-timer-of-eight-days": [
    "timerLong",
    1,
    async (id) => {
      await shows(id, "TimerCreated");
      await host.command(id, "terminate", "reason=t");
      await host.ended(id);
    },
  ],
  "a-race-that-the-event-wins-the-timer-not-canceled": [
    "anyNoCancel",
    1,
    async (id) => {
      await shows(id, "TimerCreated");
      await host.raise(id, "go", { v: 1 });
      await shows(id, "EventRaised");
      await keeper.advanceBy(6_000);
      await host.ended(id);
    },
  ],
  "events-before-their-wait": [
    "buffered",
    1,
    async (id) => {
      await shows(id, "TimerCreated");
      await raiseOneByOne(id, "Go", [1, 2, 3]);
      await keeper.advanceBy(3_000);
      await host.ended(id);
    },
  ],
  "a-child": ["subOk", 1, toTheEnd],
  "a-child-of-an-app-with-a-version": ["subOk", 1, toTheEnd],
  "a-child-that-throws": ["subThrow", 1, toTheEnd],
  "a-child-under-way": ["subSlow", 2_500, (id) => shows(id, "SubOrchestrationInstanceCreated")],
  "a-child-with-retries-that-are-used-up": ["subRetry", 1, afterTimers(1_000)],
  continueAsNew: ["canImmediate", 0, toTheEnd],
  "continueAsNew-with-events-before-a-timer": [
    "can",
    { n: 0, seen: [] },
    async (id) => {
      await host.until(id, ({ runtimeStatus }) => runtimeStatus === "Running");
      await raiseOneByOne(id, "tick", [1, 2, 3, 4, 5]);
      await keeper.advanceBy(2_000);
      await host.until(id, ({ input }) => (input as { n: number }).n === 1);
    },
  ],
  "suspension-during-an-activity": [
    "slowTwo",
    1_500,
    async (id) => {
      await shows(id, "TaskScheduled");
      await host.command(id, "suspend", "reason=why");
      await shows(id, "ExecutionSuspended");
      await host.fetch(`/api/release/${id}`, { method: "POST" });
      await shows(id, "TaskCompleted");
      await host.command(id, "resume", "reason=on");
      await host.ended(id);
    },
  ],
  "suspension-during-a-timer": [
    "timer",
    2_000,
    async (id) => {
      await shows(id, "TimerCreated");
      await host.command(id, "suspend", "reason=why");
      await shows(id, "ExecutionSuspended");
      await keeper.advanceBy(2_000);
      await shows(id, "TimerFired");
      await host.command(id, "resume", "reason=on");
      await host.ended(id);
    },
  ],
  "termination-during-an-activity": [
    "slowTwo",
    2_000,
    async (id) => {
      await shows(id, "TaskScheduled");
      await host.command(id, "terminate", "reason=stop%20it");
      await host.ended(id);
    },
  ],
  "termination-of-a-child": [
    "subSlow",
    4_000,
    async (id) => {
      const child = `${id}-kid`;
      await eventually(async () => (await host.manage(`instances/${child}`)).ok || undefined);
      await shows(child, "TaskScheduled");
      await host.command(child, "terminate", "reason=childstop");
      await host.ended(id);
    },
  ],
  "a-restart-under-the-same-id": [
    "single",
    { a: 1 },
    async (id) => {
      await host.ended(id);
      await host.command(id, "restart", "restartWithNewInstanceId=false");
      await host.ended(id);
    },
  ],
};

describe("the recordings", () => {
  it("are all compared", () => {
    const files = readdirSync(RECORDED).map((file) => path.basename(file, ".txt"));
    expect(Object.keys(scripts).toSorted()).toEqual(files.toSorted());
  });
});

describe("turns and history are those of the real host:", () => {
  const hosts: HostProcess[] = [];

  beforeAll(async () => {
    keeper = await startClockKeeper({ file: path.join(newStateFolder(), "clock.json") });
    for (const environment of [
      {},
      // As it stood when the cases with a version were recorded.
      {
        WITH_PROPERTIES: "1",
        AzureFunctionsJobHost__extensions__durableTask__defaultVersion: "1.5.0",
      },
    ]) {
      hosts.push(
        await startHostProcess({
          app: path.join(FIXTURES, "recorded-app"),
          environment: { ...keeper.environment(), ...environment },
        }),
      );
    }
  });

  afterAll(async () => {
    await Promise.all(hosts.map((running) => running.dispose()));
    await keeper.close();
  });

  it.each(Object.entries(scripts))("%s", async (name, [orchestrator, input, script]) => {
    const recorded = readFileSync(path.join(RECORDED, `${name}.txt`), "utf8");
    const [plain, versioned] = hosts;
    host = (recorded.includes('"Version":"1.5.0"') ? versioned : plain)!;
    const id = await host.start(orchestrator, input, `instance-of-${name}`);

    await script(id);

    const calls = recorded.includes("is called with")
      ? ((await (await host.fetch("/api/turns")).json()) as readonly Call[])
      : [];
    const status = await host.status(id, "showHistory=true&showHistoryOutput=true");
    expect([...linesOfCalls(calls, id), ...linesOfStatus(status), ""].join("\n")).toBe(recorded);
  });
});

async function shows(id: string, type: string, count = 1): Promise<void> {
  await eventually(async () => {
    const { historyEvents = [] } = await host.status(id, "showHistory=true");
    return (
      historyEvents.filter((event) => event["EventType"] === type).length >= count || undefined
    );
  });
}

/** Each event is seen in a turn of its own. */
async function raiseOneByOne(id: string, name: string, values: readonly unknown[]): Promise<void> {
  for (const [count, value] of values.entries()) {
    await host.raise(id, name, value);
    await shows(id, "EventRaised", count + 1);
  }
}

function linesOfCalls(all: readonly Call[], id: string): readonly string[] {
  const calls = all.filter(([, input]) => [input.instanceId, input.parentInstanceId].includes(id));
  const names = [...new Set(calls.map(([name]) => name))];
  return names.flatMap((name) => {
    const own = calls.filter(([called]) => called === name).map(([, input]) => input);
    return [
      `${name} is called with`,
      ...own.map(
        ({ isReplaying, history }) =>
          `  ${isReplaying ? "replay" : "first"}: ${history.map(shortName).join(" ")}`,
      ),
      "  the last time with",
      ...masked(own.at(-1)?.history ?? [], id).map((line) => `    ${line}`),
    ];
  });
}

function linesOfStatus({
  runtimeStatus,
  instanceId,
  historyEvents = [],
}: Status): readonly string[] {
  return [
    `the API shows ${runtimeStatus} and`,
    ...masked(historyEvents, instanceId).map((line) => `  ${line}`),
  ];
}

function shortName({ EventType: type, IsPlayed: played }: Event): string {
  return `${String(type)}${played === true ? "p" : ""}`;
}

/** One line an event, with marks in place of what differs from run to run. */
function masked(events: readonly Event[], id: string): readonly string[] {
  const ids = new Map<string, string>();
  const markOf = (id: string): string => {
    const kind = id.includes("-") ? "uuid" : "hex";
    if (!ids.has(id)) ids.set(id, `<${kind} ${ids.size + 1}>`);
    return ids.get(id) ?? "";
  };
  return events.map((event) =>
    JSON.stringify(event, (key, value: unknown) =>
      typeof value === "string" ? maskedText(key, value) : value,
    )
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g, markOf)
      .replaceAll(id, "<instance>"),
  );
}

function maskedText(key: string, text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return "<time>";
  if (key === "ScheduledTime" && text.endsWith("+00:00")) return "<time>";
  if (key === "Details") return "<details>";
  if (key.toLowerCase() === "stacktrace") return "<stack>";
  return text.includes(" \n ") ? `${text.slice(0, text.indexOf(" \n "))} \n <details>` : text;
}
