import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { OrchestrationContext } from "durable-functions";
import { z } from "zod";
import { declareActivity, type Caller } from "../../src/durable/activity-contract.js";
import { startedBefore } from "../../src/durable/version.js";
import { once } from "../../src/domain/patience.js";
import { historiesOf } from "../support/recorded-history.js";
import { atVersion, replay, stub } from "../support/replay-driver.js";

const activity = (name: string) =>
  declareActivity({ name, input: z.null(), output: z.object({}), patience: once });
const [one, other] = [activity("one"), activity("other")];
const caller: Caller = { run: "run-1", step: "s", attempt: 1, leases: [], mode: "execute" };

type Orchestrator = Parameters<typeof replay>[0];
const inOrder = (...order: (typeof one)[]) =>
  function* (context: OrchestrationContext) {
    for (const each of order) yield each.task(context, { ...caller, step: each.name }, null);
  };
const drive = (orchestrator: Orchestrator) => () =>
  replay(orchestrator, {
    instanceId: "run-1",
    input: {},
    stubs: [one, other].map((each) => stub(each, () => ({}))),
    startAt: Date.parse("2026-11-22T13:58:30.000Z"),
  });

/** The steps in another order than those of before, and what a change to it must not do: forget those. */
const [before, changed] = [inOrder(one, other), inOrder(other, one)];
const branching = function* (context: OrchestrationContext) {
  yield* startedBefore(context, "1.1.0") ? before(context) : changed(context);
};

describe("the order of steps", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "histories-"));
    mkdirSync(path.join(folder, "1.0.0"));
    writeFileSync(path.join(folder, "1.0.0/a.path.json"), '["one", "other"]');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const on = (current: string, { released = ["1.0.0"], update = false } = {}) =>
    historiesOf({ folder, current, released, update });
  const recorded = (file: string): unknown =>
    JSON.parse(readFileSync(path.join(folder, file), "utf8"));

  it("changes with a version that keeps the old one for the runs that are in flight", async () => {
    await on("1.1.0", { update: true })("a.path", drive(branching));

    expect(recorded("1.1.0/a.path.json")).toEqual(["other", "one"]);
    expect(recorded("1.0.0/a.path.json")).toEqual(["one", "other"]);
    await on("1.1.0")("a.path", drive(branching));
    await on("1.2.0")("a.path", drive(branching));
    await on("1.2.0", { update: true })("a.path", drive(branching));
    expect(readdirSync(folder)).toEqual(["1.0.0", "1.1.0"]);
  });

  it.each([false, true])(
    "does not change without a new version once it is released: says what to do (update: %s)",
    async (update) => {
      const keeping = on("1.0.0", { update })("a.path", drive(changed));

      await expect(keeping).rejects.toThrow("Raise defaultVersion in host.json");
      expect(recorded("1.0.0/a.path.json")).toEqual(["one", "other"]);
    },
  );

  it("does not change under the runs of an older version either", async () => {
    const keeping = on("1.1.0", { update: true })("a.path", drive(changed));

    await expect(keeping).rejects.toThrow('Keep it where startedBefore("1.1.0")');
  });

  it("may change as long as no run can be in flight, and then by intent", async () => {
    const keeping = on("1.0.0", { released: [] })("a.path", drive(changed));
    await expect(keeping).rejects.toThrow("UPDATE_HISTORIES=1");

    await on("1.0.0", { released: [], update: true })("a.path", drive(changed));
    expect(recorded("1.0.0/a.path.json")).toEqual(["other", "one"]);
  });

  it("may be recorded of a path that was never tested before", async () => {
    await on("1.0.0", { update: true })("a.new-path", drive(changed));

    expect(recorded("1.0.0/a.new-path.json")).toEqual(["other", "one"]);
  });

  it("is not recorded for a version that host.json has not come to", () => {
    expect(() => on("0.9.0")).toThrow("raise it");
  });
});

describe("a run started before a version", () => {
  it.each([
    ["1.0.0", true],
    ["1.1.0", false],
    ["1.1.1", false],
    ["1.10.0", false],
    ["2.0.0", false],
    ["0.9.9", true],
    ["1.0.99", true],
    ["1", true],
    // From before there were versions.
    ["", true],
  ])("%s, before 1.1.0: %s", async (version, isBefore) => {
    const { outline } = await atVersion(version, drive(branching));

    expect(outline).toEqual(isBefore ? ["one", "other"] : ["other", "one"]);
  });
});
