import { gunzipSync } from "node:zlib";
import * as backup from "../../src/activities/backup.contract.js";
import { backupActivities } from "../../src/activities/backup.js";
import * as contract from "../../src/activities/telemetry-backup.contract.js";
import { telemetryBackupActivities } from "../../src/activities/telemetry-backup.js";
import type { LogTable } from "../../src/azure/log-queries.js";
import { folderOf, setPrefix } from "../../src/domain/backup.js";
import { days, hours, minutes } from "../../src/domain/duration.js";
import { earlierBy, instantOf, plus, type Instant } from "../../src/domain/instant.js";
import { dayOf, exportedStretch, type Stretch } from "../../src/domain/telemetry-slices.js";
import { backups } from "../../src/state/backups.js";
import { asking } from "../support/activity-call.js";
import { MemoryContainer } from "../support/memory-container.js";

const component =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/insights";
const asked = { workspaceId: "5a1e0000-0000-4000-8000-000000000001", component };
const environment = "production";
const of = { kind: "application-insights" as const, environment, source: component } as const;
const sliceRows = 50;

/** A workspace in memory that answers the two queries of an export, and cuts off what is too long. */
function world(limit = 1_000) {
  const requests: { at: Instant; name: string }[] = [];
  const asks: Stretch[] = [];
  let largest = 0;
  const table = (_workspace: string, kql: string): Promise<LogTable> => {
    const [begin = "", end = ""] = [...kql.matchAll(/datetime\(([^)]+)\)/g)].map(
      ([, instant]) => instant ?? "",
    );
    expect(kql).toContain(`_ResourceId =~ "${component}"`);
    const found = requests.filter(({ at }) => at >= begin && at < end);
    const [, bin] = /bin\(TimeGenerated, (1[hm])\)/.exec(kql) ?? [];
    if (bin !== undefined) {
      const size = bin === "1h" ? hours(1) : minutes(1);
      const counts = new Map<number, number>();
      for (const { at } of found) {
        const floor = Date.parse(at) - (Date.parse(at) % size);
        counts.set(floor, (counts.get(floor) ?? 0) + 1);
      }
      const rows = [...counts].map(([at, count]) => [new Date(at), count]);
      return Promise.resolve({ columns: ["TimeGenerated", "Requests"], rows, partial: false });
    }
    asks.push({ begin, end });
    largest = Math.max(largest, Math.min(found.length, limit));
    const columns = /project (.+)$/.exec(kql)?.[1]?.split(", ") ?? [];
    const rows = found
      .sort((one, other) => one.at.localeCompare(other.at))
      .slice(0, limit)
      .map(({ at, name }) =>
        columns.map((column) =>
          column === "TimeGenerated" ? new Date(at) : column === "Name" ? name : "x",
        ),
      );
    return Promise.resolve({ columns, rows, partial: found.length > limit });
  };
  const container = new MemoryContainer();
  const store = backups(container, () => container);
  const { done } = asking([
    ...telemetryBackupActivities({ table }, store, container, sliceRows),
    ...backupActivities(store),
  ]);

  /** The whole export as its orchestrator makes it. */
  const exportAll = async (stretch: Stretch, base?: string) => {
    const set = setPrefix(of, stretch.end, `run-${folderOf(base ?? "").length}`);
    const plan = { ...asked, ...stretch, environment, set } as const;
    const planned = await done(contract.planTelemetry, {
      ...plan,
      ...(base === undefined ? {} : { base }),
    });
    const answers = [];
    for (let nth = 1; nth <= planned.pieces; nth++) {
      answers.push(await done(contract.exportTelemetry, { ...asked, set, nth }));
    }
    await done(backup.completeSet, {
      ...of,
      set,
      scope: "full",
      region: "eastus",
      takenAt: stretch.end,
      completedAt: stretch.end,
      parts: answers.map(({ part }) => part),
      skipped: answers.flatMap(({ skipped }) => skipped),
      verified: true,
      copies: [],
      facts: { until: stretch.end },
    });
    const found = await store.read(set, of, stretch.end);
    if (found.kind !== "usable") throw new Error(found.problem);
    const { items, references } = found.manifest;
    const lines = items.flatMap(({ blob }) =>
      gunzipSync(container.blobs.get(blob)!.bytes!).toString("utf8").split("\r\n").slice(1, -1),
    );
    return { set, planned, answers, items, references, lines };
  };
  return {
    container,
    requests,
    asks,
    done,
    exportAll,
    largest: () => largest,
    /** Requests each some seconds apart. */
    serve(from: Instant, count: number, apart: number): void {
      for (let nth = 0; nth < count; nth++) {
        const at = instantOf(new Date(Date.parse(from) + nth * apart));
        requests.push({ at, name: `request ${requests.length}` });
      }
    },
  };
}

const now = instantOf(new Date());
const stretch = exportedStretch(now);
const today = dayOf(stretch.end);
const daysAgo = (count: number): Instant => earlierBy(today, days(count));

describe("an export of requests", () => {
  it("holds each of them once, in files of one day and of a size, in their order", async () => {
    const azure = world();
    azure.serve(plus(daysAgo(3), hours(5)), 130, 60_000);
    azure.serve(plus(daysAgo(1), hours(1)), 20, 1_000);
    // Too old, and too new to have arrived.
    azure.serve(daysAgo(40), 5, 1_000);
    azure.serve(stretch.end, 5, 1_000);
    const { items, lines, planned, answers } = await azure.exportAll(stretch);

    expect(planned.rows).toBe(150);
    expect(lines).toHaveLength(150);
    expect(new Set(lines).size).toBe(150);
    expect(lines).toEqual([...lines].sort());
    expect(items.map(({ name }) => name.slice(-9))).toEqual([
      "01.csv.gz",
      "02.csv.gz",
      "03.csv.gz",
      "01.csv.gz",
    ]);
    expect(answers.reduce((sum, { done }) => sum + done, 0)).toBe(150);
    expect(azure.largest()).toBeLessThanOrEqual(sliceRows);
  });

  it("cuts an hour that has too many by the minute", async () => {
    const azure = world();
    azure.serve(plus(daysAgo(2), hours(5)), 240, 10_000);
    const { lines } = await azure.exportAll(stretch);

    expect(lines).toHaveLength(240);
    expect(azure.largest()).toBeLessThanOrEqual(sliceRows);
  });

  it("halves what the service cuts short, and keeps nothing of the short answer", async () => {
    const azure = world(20);
    azure.serve(plus(daysAgo(2), hours(5)), 45, 60_000);
    const { lines, answers } = await azure.exportAll(stretch);

    expect(lines).toHaveLength(45);
    expect(new Set(lines).size).toBe(45);
    expect(azure.asks.length).toBeGreaterThan(2);
    expect(answers.flatMap(({ skipped }) => skipped)).toEqual([]);
  });

  it("names what cannot be had whole however short it is, and exports the rest", async () => {
    const azure = world(20);
    azure.serve(plus(daysAgo(2), hours(5)), 30, 1);
    azure.serve(plus(daysAgo(2), hours(9)), 10, 60_000);
    const { lines, answers } = await azure.exportAll(stretch);
    const [skipped] = answers.flatMap((answer) => answer.skipped);

    expect(lines).toHaveLength(10);
    expect(skipped?.name).toMatch(/^requests from .+T0[45]:.+ to .+T05:/);
    expect(azure.asks.length).toBeLessThanOrEqual(40);
  });

  it("is a header alone where nobody asked anything", async () => {
    const { items, lines } = await world().exportAll(stretch);

    expect(items).toHaveLength(1);
    expect(lines).toEqual([]);
  });
});

describe("an export after another", () => {
  const filled = async () => {
    const azure = world();
    azure.serve(plus(daysAgo(3), hours(5)), 60, 60_000);
    azure.serve(plus(daysAgo(2), hours(5)), 10, 60_000);
    const first = await azure.exportAll(stretch);
    azure.asks.length = 0;
    return { azure, first };
  };

  it("takes over the days that are the same, and asks for no row of them", async () => {
    const { azure, first } = await filled();
    const later = exportedStretch(plus(now, hours(1)));
    const second = await azure.exportAll(later, first.set);

    expect(second.items).toEqual(first.items);
    expect(second.references).toEqual([folderOf(first.set)]);
    expect(azure.asks).toEqual([]);
    expect(second.answers.every(({ reused }) => reused)).toBe(true);
  });

  it("exports a day again that has more requests now, or a file of which is gone", async () => {
    const { azure, first } = await filled();
    azure.serve(plus(daysAgo(2), hours(20)), 1, 1_000);
    const [lost] = first.items;
    azure.container.blobs.delete(lost!.blob);
    const second = await azure.exportAll(exportedStretch(plus(now, hours(1))), first.set);

    expect(second.lines).toHaveLength(71);
    expect(second.answers.every(({ reused }) => !reused)).toBe(true);
    expect(second.references).toEqual([]);
  });

  it("takes nothing of a day that had not ended, nor of a set that was not verified", async () => {
    const azure = world();
    azure.serve(plus(daysAgo(2), hours(5)), 10, 60_000);
    const early = { begin: stretch.begin, end: plus(daysAgo(2), hours(12)) };
    const first = await azure.exportAll(early);
    const second = await azure.exportAll(stretch, first.set);

    expect(second.answers.every(({ reused }) => !reused)).toBe(true);
  });
});

it("a comparison names each day on which the counts differ", async () => {
  const azure = world();
  azure.serve(plus(daysAgo(2), hours(5)), 10, 60_000);
  const compare = (rows: number) =>
    azure.done(contract.compareTelemetry, {
      ...asked,
      ...stretch,
      exported: [{ day: daysAgo(2), rows }],
    });

  expect(await compare(10)).toMatchObject({ counted: 10, differences: [] });
  expect((await compare(9)).differences).toEqual([
    expect.stringMatching(/^\d{8}: 9 requests exported, 10 counted afterwards$/) as string,
  ]);
});
