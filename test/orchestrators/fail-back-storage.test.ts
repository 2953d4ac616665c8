import type { Failure } from "../../src/domain/failure.js";
import type { RunOrder } from "../../src/domain/run-order.js";
import { failBackStorage } from "../../src/orchestrators/fail-back-storage.js";
import { storageFailback } from "../../src/scenarios/storage-failback.js";
import { keepsToHistory } from "../support/recorded-history.js";
import {
  accountPatient,
  hostNameOf,
  original,
  other,
  type AccountTraits,
} from "../support/account-patient.js";
import { answering } from "../support/answering.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { replay, type Replayed } from "../support/replay-driver.js";

const instanceId = "failback-storage-production-20261122T135830Z-ab12cd";
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const away = { used: "secondary", condition: "healthy" } as const;
/** The account itself was failed over. */
const abroad = { used: "primary", writtenIn: "westus", geo: "none" } as const;

async function failBack(
  traits: Partial<AccountTraits> = {},
  more: Partial<RunOrder> = {},
  says: "approve" | "deny" = "approve",
) {
  const subject = accountPatient({ ...away, ...traits });
  const {
    scenario: _scenario,
    incident,
    ...order
  } = orderOf({
    resource: original,
    incident: "incidents/production/storage-failure/0.json",
    trigger: { kind: "operator", who: "olga", source: "key", reason: "x" },
    ...more,
  });
  const replayed = await replay(failBackStorage, {
    instanceId,
    input: order.mode === "plan" ? order : { ...order, incident },
    stubs: subject.stubs,
    startAt: Date.parse(detectedAt),
    people: answering(says),
  });
  const [record, edgeHost] = [subject.record(), subject.edgeHost()];
  return { ...replayed, record, edgeHost, closedWith: subject.closedWith() };
}

const changes = (run: Replayed): readonly string[] =>
  run.calls
    .map(({ name }) => name)
    .filter((name) => /^(startStorage|startOrigin|bringBlobs|setRedundancy)/.test(name));

describe("fail back storage", () => {
  it("brings home what is newer, leads app and edge home and looks for what came late", async () => {
    const run = await failBack();

    expect(run.record).toMatchObject({ kind: "failback", outcome: "failed-back", findings: [] });
    expect(changes(run)).toEqual([
      ...["bringBlobs", "startStorageMove", "startOriginMove", "bringBlobs"],
    ]);
    expect(run.edgeHost).toBe(hostNameOf(original));
    expect(run.closedWith).toBe("failed-back");
  });

  it("has nothing to do where app and edge use the original account", async () => {
    const run = await failBack({ used: "primary" });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
  });

  it("leads users home that an ended run has left at the other account, and moves no app", async () => {
    const run = await failBack({ used: "primary", edgeAt: hostNameOf(other) });

    expect(run.record.outcome).toBe("failed-back");
    expect(changes(run)).toEqual(["startOriginMove"]);
    expect(run.edgeHost).toBe(hostNameOf(original));
  });

  it("does not lead an edge home from where nobody knows", async () => {
    const run = await failBack({ used: "primary", edgeAt: "elsewhere.example" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("elsewhere.example");
    expect(changes(run)).toEqual([]);
  });

  it.each<readonly [string, Partial<AccountTraits>, string]>([
    ["the original is gone", { home: "absent" }, "is not there or not well"],
    ["the app cannot be asked", { hasIngress: false }, "the app has no ingress"],
    ["the account in use fails", { condition: "unavailable" }, "cannot be used"],
    ["the app has no identity", { hasIdentity: false }, "has no identity"],
    [
      "a blob at home is newer and another one",
      { newerAtHome: ["branding/logo.svg"] },
      "branding/logo.svg",
    ],
    ["the account in use is empty", { inUse: 0 }, "holds no blob"],
    ["the accounts cannot be compared", { failing: { compareAccounts: terminal } }, "Forbidden"],
    [
      "a blob stays behind",
      { refusedAtHome: [{ name: "branding/film.mp4", reason: "it is archived" }] },
      "1 blobs could not be brought home: branding/film.mp4",
    ],
    ["a large blob does not arrive", { largeTakes: Infinity }, "still being copied"],
    ["the blobs cannot be brought", { failing: { bringBlobs: terminal } }, "Forbidden"],
  ])("refuses where %s, before the app is touched", async (_why, traits, says) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain(says);
    expect(changes(run)).not.toContain("startStorageMove");
    expect(run.edgeHost).toBe(hostNameOf(other));
  });

  it("says which blobs the app gets anew: deleted meanwhile, or lost by the copies", async () => {
    const { record } = await failBack({ onlyAtHome: ["branding/gone.svg"], olderCopies: 1 });

    expect(record.outcome).toBe("failed-back");
    expect(record.findings.join()).toContain("branding/gone.svg");
    expect(record.findings.join()).toContain("branding/old.svg");
  });

  it("waits until a large blob is home before the app is told", async () => {
    const run = await failBack({ largeTakes: 3 });

    expect(run.record.outcome).toBe("failed-back");
    const order = changes(run);
    expect(order.indexOf("startStorageMove")).toBeGreaterThan(2);
  });

  it("leads app and edge back where the app does not get on, with what it wrote at home", async () => {
    const run = await failBack({ worksAfterMove: [false, true] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("the app uses the other account again");
    const moves = run.calls.filter(({ name }) => name === "startStorageMove");
    expect(moves.map(({ input }) => (input as { to: string }).to)).toEqual([
      ...[`https://${hostNameOf(original)}`, `https://${hostNameOf(other)}`],
    ]);
    const back = run.calls.filter(({ name }) => name === "bringBlobs").at(-1);
    expect(back?.input).toMatchObject({
      ...{ from: `https://${hostNameOf(original)}`, to: `https://${hostNameOf(other)}` },
      newerThan: expect.any(String) as string,
    });
    expect(run.edgeHost).toBe(hostNameOf(other));
    expect(run.record.restoredAt).toBeDefined();
  });

  it.each([
    ["the edge does not follow", { edgeFollows: [false, true] }],
    ["the new revision does not come up", { comesUp: false }],
  ] as const)("leads both back where %s", async (_why, traits) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("the app uses the other account again");
    expect(run.edgeHost).toBe(hostNameOf(other));
  });

  it("touches nothing more where the app could not even be told", async () => {
    const run = await failBack({ failing: { startStorageMove: terminal } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("nothing was told to the app");
    expect(changes(run).filter((name) => name === "startStorageMove")).toHaveLength(1);
    expect(run.edgeHost).toBe(hostNameOf(other));
  });

  it("says so when the app gets on with neither", async () => {
    const run = await failBack({ worksAfterMove: [false, false] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.restoredAt).toBeUndefined();
    expect(run.record.nextSteps.join()).toContain("storage-failure");
  });

  it("says what to do with an account that a recovery made", async () => {
    const run = await failBack({ used: "elsewhere" });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.nextSteps[0]).toContain("out of use");
  });

  describe("an account that was failed over itself", () => {
    it("is copied again, and its regions change places", async () => {
      const run = await failBack(abroad);

      expect(run.record.outcome).toBe("failed-back");
      expect(changes(run)).toEqual(["setRedundancy", "startStorageFailover"]);
      const ordered = run.calls.find(({ name }) => name === "startStorageFailover");
      expect(ordered?.input).toMatchObject({ kind: "planned", from: "westus" });
    });

    it("stays where it is unless a second person approves", async () => {
      const run = await failBack(abroad, {}, "deny");

      expect(run.record.outcome).toBe("needs-operator");
      expect(changes(run)).toEqual(["setRedundancy"]);
    });

    it("does not go home while the other region lacks anything", async () => {
      const run = await failBack({ ...abroad, replicates: false });

      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.reason).toContain("would lose what is missing");
      expect(changes(run)).not.toContain("startStorageFailover");
    });

    it.each([
      ["cannot be copied again", { failing: { setRedundancy: terminal } }],
      ["did not change places", { failing: { startStorageFailover: terminal } }],
      ["has not come back", { failsOver: false }],
    ] as const)("%s: says so", async (says, traits) => {
      const run = await failBack({ ...abroad, ...traits });

      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.reason).toContain(says);
    });
  });

  it("plans without bringing or moving anything", async () => {
    const home = await failBack({}, { mode: "plan" });
    const regions = await failBack(abroad, { mode: "plan" });

    const planned = ({ record }: typeof home) => record.plan?.changes.map(({ step }) => step);
    expect(planned(home)).toEqual(
      expect.arrayContaining(["bring-home", "move-app", "move-origin"]) as string[],
    );
    expect(planned(regions)).toEqual(["set-redundancy", "fail-home"]);
    for (const run of [home, regions]) {
      expect(run.record.outcome).toBe("planned");
      expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
    }
  });

  it("reaches every step that the procedure declares", async () => {
    const runs = [
      await failBack({ mode: "multiple" }),
      await failBack({ worksAfterMove: [false, true] }),
      await failBack(abroad),
    ];

    const reached = new Set(runs.flatMap(({ record }) => record.steps.map(({ id }) => id)));
    expect([...reached].sort()).toEqual(Object.keys(storageFailback.steps).sort());
  });
});

describe("recorded histories", () => {
  const paths: Record<string, Partial<AccountTraits>> = {
    home: {},
    "and-back-again": { worksAfterMove: [false, true] },
    "newer-at-home": { newerAtHome: ["branding/logo.svg"] },
    "edge-left-behind": { used: "primary", edgeAt: hostNameOf(other) },
    "regions-back": abroad,
    "not-needed": { used: "primary" },
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, traits) => {
    await keepsToHistory(`storage-failback.${name}`, () => failBack(traits));
  });
});
