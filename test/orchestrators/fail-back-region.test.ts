import fc from "fast-check";
import { minutes } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RunOrder } from "../../src/domain/run-order.js";
import { failBackRegion } from "../../src/orchestrators/fail-back-region.js";
import { regionFailback } from "../../src/scenarios/region-failback.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { hostNameOf, original, other } from "../support/account-patient.js";
import { answering } from "../support/answering.js";
import { production } from "../support/cache-patient.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { homecomingPatient, type HomecomingTraits } from "../support/homecoming-patient.js";
import { replay, type People, type Stub } from "../support/replay-driver.js";

const instanceId = "failback-region-production-20261122T135830Z-ab12cd";
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const transient: Failure = { class: "transient", code: "http-503", message: "later" };
const { profile } = production.trafficManager!;
const { connectionSecret } = production.redis;
/** The sample's production, but for a soak of which a test need not replay each look. */
const brisk: RunOrder["estate"] = {
  ...production,
  containerApp: { ...production.containerApp, soak: minutes(2) },
};
/** Orders need no second person, unlike in the sample's production. */
const trusting: RunOrder["estate"] = {
  ...brisk,
  approval: { ...production.approval, secondPerson: false },
};

/** A cache that another recovery has led users to. */
const movedTo = `${production.redis.secondary ?? ""}-ab12cd`;

/** What changes Azure or the data of either side. */
const changing =
  /^(enable|disable|start|write|restart|sync|bring|empty|copyKeys|stopPersistence|purge)/;

async function failBack(
  traits: HomecomingTraits = {},
  more: Partial<RunOrder> = {},
  people: People = answering("approve"),
  otherwise: (stubs: readonly Stub[]) => readonly Stub[] = (stubs) => stubs,
) {
  const subject = homecomingPatient(traits);
  const {
    scenario: _scenario,
    incident,
    ...order
  } = orderOf({
    ...{ resource: profile, estate: brisk },
    incident: "incidents/production/region-outage/0.json",
    trigger: { kind: "operator", who: "olga", source: "key", reason: "x" },
    ...more,
  });
  const replayed = await replay(failBackRegion, {
    instanceId,
    input: order.mode === "plan" ? order : { ...order, incident },
    stubs: otherwise(subject.stubs),
    startAt: Date.parse(detectedAt),
    people,
  });
  const changes = replayed.calls.filter(({ name }) => changing.test(name));
  return {
    ...replayed,
    record: subject.record(),
    changes: changes.map(({ name }) => name),
    /** Each change by its step, whatever the number of its pieces. */
    acts: changes
      .map(({ caller }) => caller.step.replace(/\/.*$/, ""))
      .filter((step, nth, all) => step !== all[nth - 1]),
    endpoints: replayed.calls.flatMap(({ name, input }) =>
      /^(enable|disable)Endpoint$/.test(name)
        ? [`${name} ${(input as { endpoint: string }).endpoint}`]
        : [],
    ),
    closedWith: subject.closedWith(),
    least: subject.least(),
    on: subject.on(),
    edgeHost: subject.edgeHost(),
  };
}
const nobody: People = () => [];
const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);

describe("fail back region", () => {
  it("brings home secrets, blobs and keys, proves the app, then leads users there, the new endpoint first", async () => {
    const run = await failBack();

    expect(run.record).toMatchObject({ kind: "failback", outcome: "failed-back", findings: [] });
    expect(run.acts).toEqual([
      ...["bring-secrets", "bring-home", "empty-original", "copy-keys"],
      ...["write-secret", "tell-app", "restart-app", "move-origin"],
      ...["enable-endpoint", "disable-endpoint"],
      ...["bring-late-secrets", "bring-late", "copy-late-keys", "purge-edge"],
      ...["stop-persistence", "link"],
    ]);
    expect(run.endpoints).toEqual(["enableEndpoint eastus", "disableEndpoint westus"]);
    expect(run.least).toBe(1);
    expect(run.on).toEqual(["primary"]);
    expect(run.edgeHost).toBe(hostNameOf(original));
    expect(run.closedWith).toBe("failed-back");
  });

  it("proves the app before the edge, and soaks between the edge and the link", async () => {
    const { record } = await failBack({}, { estate: production });

    const steps = stepsOf(record);
    const sequence = ["soak", "prove-app", "move-origin", "verify-edge", "soak-afterwards", "link"];
    expect(steps.filter((id) => sequence.includes(id))).toEqual(sequence);
    for (const id of ["soak", "soak-afterwards"]) {
      const { startedAt = "", endedAt = "" } = record.steps.find((step) => step.id === id) ?? {};
      expect(elapsed(startedAt, endedAt)).toBeGreaterThanOrEqual(minutes(15));
    }
  });

  it("writes what users have, and gives their app what is at home", async () => {
    const { calls } = await failBack();

    const inputOf = (name: string) => calls.find((call) => call.name === name)?.input;
    const from = `https://${hostNameOf(other)}`;
    expect(inputOf("bringBlobs")).toMatchObject({ from, to: `https://${hostNameOf(original)}` });
    const { primary, secondary } = production.redis;
    expect(inputOf("copyKeysAcross")).toMatchObject({ from: secondary, to: primary });
    expect(inputOf("writeConnection")).toMatchObject({
      ...{ cache: primary, vault: { primary: production.keyVault.primary } },
      secret: connectionSecret,
    });
    expect(inputOf("startSideChange")).toMatchObject({
      app: production.containerApp.primary,
      variables: { STORAGE_ACCOUNT_URL: `https://${hostNameOf(original)}` },
    });
    expect(inputOf("startLink")).toMatchObject({ primary, secondary });
  });

  it("has nothing to do where users are led to the primary region already", async () => {
    const run = await failBack({ on: ["primary"] });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.changes).toEqual([]);
  });

  it("touches nothing at home where both endpoints are online: users may be there already", async () => {
    const run = await failBack({ on: ["primary", "secondary"], onlineAfter: 0 });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("users may be led to either region");
    expect(run.record.nextSteps[0]).toContain("disable the other endpoint");
    expect(run.changes).toEqual([]);
    expect(run.acts).toEqual([]);
  });

  it("keeps users away from home until all is there, where its endpoint waits to come online", async () => {
    const run = await failBack({ on: ["primary", "secondary"], offlineAtFirst: true });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.endpoints).toEqual([
      ...["disableEndpoint eastus", "enableEndpoint eastus", "disableEndpoint westus"],
    ]);
    expect(run.on).toEqual(["primary"]);
    expect(run.least).toBe(1);
  });

  it("changes nothing where that endpoint cannot be switched off", async () => {
    const run = await failBack({
      ...{ on: ["primary", "secondary"], offlineAtFirst: true },
      failing: { disableEndpoint: terminal },
    });

    expect(run.record.reason).toContain("eastus could not be disabled");
    expect(run.acts).toEqual(["disable-endpoint"]);
    expect(run.on).toEqual(["primary", "secondary"]);
  });

  it("brings home what is in use after the soak, not before it", async () => {
    let looks = 0;
    const run = await failBack({}, {}, undefined, (stubs) =>
      stubs.map((each) =>
        each.name === "findCacheInUse"
          ? {
              ...each,
              answer: (...asked) => {
                looks += 1;
                const said = each.answer(...asked) as { value: object };
                return looks === 1 ? said : { ...said, value: { ...said.value, id: movedTo } };
              },
            }
          : each,
      ),
    );

    expect(looks).toBe(2);
    expect(run.record.outcome).toBe("failed-back");
    expect(run.calls.find(({ name }) => name === "copyKeysAcross")?.input).toMatchObject({
      from: movedTo,
    });
  });

  it("hands over the page for an emergency where there is no other region", async () => {
    const { secondaryEndpoint: _none, ...front } = production.trafficManager!;
    const run = await failBack({}, { estate: { ...production, trafficManager: front } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("single-region estate");
    expect(run.changes).toEqual([]);
  });

  it.each<readonly [string, HomecomingTraits, string]>([
    ["the region is down", { verdicts: ["down"] }, "eastus is not up: the witnesses say down"],
    ["nobody can tell whether it is up", { verdicts: ["unclear"] }, "eastus is not up"],
    ["Traffic Manager cannot be asked", { failing: { observeTraffic: terminal } }, "Forbidden"],
    [
      "the primary app is not well",
      { unwellIn: ["soak"] },
      "was not well for 2 min 00 s: HTTP 503",
    ],
    ["the primary app has no ingress", { hasIngress: false }, "mcp-server-prod has no ingress"],
    ["the other app does not say what it uses", { saysWhatItUses: false }, "does not say which"],
    ["the vault at home is deleted", { vault: { home: "deleted" } }, "vault of eastus cannot"],
    ["the storage at home is gone", { accounts: { home: "absent" } }, "storage of eastus cannot"],
    [
      "it is not known which cache users use",
      { cache: { active: "unknown", failing: {} } },
      "found",
    ],
    ["nobody can look for the cache", { cache: { failing: { findCacheInUse: terminal } } }, "no"],
    [
      "a secret is newer at home",
      { vault: { newerAtHome: ["jwt-signing-key", connectionSecret] } },
      "1 secrets have a newer and different value in the primary region: jwt-signing-key",
    ],
    [
      "the account was failed over itself",
      { accounts: { used: "primary", writtenIn: "westus", geo: "none" } },
      "mcpstorageprod is written in westus since it was failed over",
    ],
  ])("refuses where %s, before anything is written", async (_why, traits, says) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain(says);
    expect(run.record.nextSteps.at(-1)).toContain('"resource":"region"');
    expect(run.changes).toEqual([]);
    expect(run.record.approvals).toEqual([]);
    expect(run.on).toEqual(["secondary"]);
  });

  it("says which failback comes first where the account was failed over itself", async () => {
    const accounts = { used: "primary", writtenIn: "westus", geo: "none" } as const;
    const { record } = await failBack({ accounts });

    expect(record.nextSteps[0]).toContain(
      'POST /api/failbacks {"environment":"production","resource":"storage"',
    );
  });

  it.each<readonly [string, HomecomingTraits, string]>([
    [
      "a secret stays behind",
      { vault: { refusedAtHome: [{ name: "jwt-signing-key", reason: "refused" }] } },
      "1 secrets could not be brought home: jwt-signing-key",
    ],
    ["secrets cannot be brought", { vault: { failing: { syncSecrets: terminal } } }, "Forbidden"],
    [
      "a blob is newer at home",
      { accounts: { newerAtHome: ["branding/logo.svg"] } },
      "branding/logo.svg",
    ],
    [
      "a blob stays behind",
      { accounts: { refusedAtHome: [{ name: "branding/film.mp4", reason: "it is archived" }] } },
      "branding/film.mp4",
    ],
    [
      "the original cache cannot be used",
      { cache: { standby: "unusable" } },
      "mcp-redis-prod: unusable",
    ],
    [
      "the keys cannot be copied",
      { cache: { failing: { copyKeysAcross: terminal } } },
      "Forbidden",
    ],
    [
      "nobody can tell whether the keys arrived",
      { cache: { failing: { countAway: terminal } } },
      "could not be counted",
    ],
    ["the app is not well", { unwellIn: ["verify-app"] }, "the app is not well: HTTP 503"],
    ["the app cannot write", { holds: false }, "its data cannot be used: the write was answered"],
    [
      "the app cannot be told",
      { failing: { startSideChange: terminal } },
      "the app could not be told",
    ],
  ])("touches neither edge nor endpoint where %s", async (_why, traits, says) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain(says);
    expect(run.endpoints).toEqual([]);
    expect(run.on).toEqual(["secondary"]);
    expect(run.edgeHost).toBe(hostNameOf(other));
    expect(run.record.restoredAt).toBeUndefined();
  });

  it("is not stopped by a connection string that an earlier failback has written at home", async () => {
    const newer = { name: connectionSecret, reason: "a newer value, which is left as it is" };
    const run = await failBack({
      vault: { newerAtHome: [connectionSecret], refusedAtHome: [newer] },
    });

    expect(run.record).toMatchObject({ outcome: "failed-back", findings: [] });
  });

  it("copies no keys where the original cache is in use already", async () => {
    const run = await failBack({ cache: { active: "primary" } });

    expect(run.record.outcome).toBe("failed-back");
    expect(stepsOf(run.record)).not.toContain("inspect-original");
    expect(run.changes).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/emptyCache|copyKeys|startLink/)]),
    );
  });

  it("unlinks an original that follows the cache in use, and empties nothing", async () => {
    const run = await failBack({ cache: { standby: "replica" } });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.acts).toContain("unlink");
    expect(run.acts).not.toContain("empty-original");
    expect(run.acts.at(-1)).toBe("link");
  });

  it.each([
    ["denied", answering("deny")],
    ["expired", nobody],
  ] as const)("leaves users where they are where emptying is %s", async (status, people) => {
    const run = await failBack({}, {}, people);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.approvals).toMatchObject([{ step: "empty-original", status }]);
    expect(run.acts).toEqual(["bring-secrets", "bring-home"]);
    expect(run.on).toEqual(["secondary"]);
  });

  it("needs nobody else where the estate wants no second person", async () => {
    const { record } = await failBack({}, { estate: trusting }, nobody);

    expect(record).toMatchObject({ outcome: "failed-back", approvals: [] });
  });

  it("goes home although the pair is not to be linked again, and says so", async () => {
    const run = await failBack({}, {}, answering("approve", "link"));

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.findings.join()).toContain(
      "mcp-redis-prod-dr is no replica again: not approved",
    );
    expect(run.acts).not.toContain("stop-persistence");
    expect(run.on).toEqual(["primary"]);
  });

  it("switches an endpoint at home that does not come online off again, and leads the edge back", async () => {
    const run = await failBack({ onlineAfter: Infinity });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("eastus did not come online");
    expect(run.endpoints).toEqual(["enableEndpoint eastus", "disableEndpoint eastus"]);
    expect(run.on).toEqual(["secondary"]);
    expect(run.edgeHost).toBe(hostNameOf(other));
    expect(run.record.restoredAt).toBeUndefined();
  });

  it("leads users and edge away again where the primary app does not stay well", async () => {
    const run = await failBack({ unwellIn: ["soak-afterwards"] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("users are led to westus again");
    expect(run.endpoints).toEqual([
      ...["enableEndpoint eastus", "disableEndpoint westus"],
      ...["enableEndpoint westus", "disableEndpoint eastus"],
    ]);
    expect(run.least).toBe(1);
    expect(run.on).toEqual(["secondary"]);
    expect(run.edgeHost).toBe(hostNameOf(other));
    expect(run.record.restoredAt).toBeUndefined();
    expect(run.record.findings.join()).toContain("what was written in eastus in the meantime");
    expect(run.acts).not.toContain("link");
  });

  it("leads nobody away on its own word alone", async () => {
    const run = await failBack({ unwellIn: ["soak-afterwards"], degradedAfterwards: false });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.findings.join()).toContain("Traffic Manager finds it well");
    expect(run.on).toEqual(["primary"]);
  });

  it("lets users stay home where the other endpoint cannot be switched off, and says so", async () => {
    const run = await failBack({ failing: { disableEndpoint: terminal } });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.findings.join()).toContain("westus could not be disabled");
    expect(run.on).toEqual(["secondary", "primary"]);
    expect(run.edgeHost).not.toBe(hostNameOf(other));
  });

  it("says so where users cannot be led away again", async () => {
    const run = await failBack({
      unwellIn: ["soak-afterwards"],
      failing: { enableEndpoint: [undefined, terminal] },
    });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("users could not be led to westus again");
    expect(run.on).toEqual(["primary"]);
    expect(run.record.restoredAt).toBeUndefined();
  });

  it.each<readonly [string, HomecomingTraits, string]>([
    [
      "late secrets are not brought",
      { vault: { failing: { syncSecrets: [undefined, terminal, terminal] } } },
      "secrets written meanwhile were not brought",
    ],
    ["secrets are left", { secretsLeft: 2 }, "2 secrets did not come home"],
    [
      "late blobs are not brought",
      { accounts: { failing: { bringBlobs: [undefined, terminal] } } },
      "what was written meanwhile was not brought",
    ],
    [
      "late keys are not brought",
      { cache: { failing: { copyKeysAcross: [undefined, undefined, terminal] } } },
      "keys written meanwhile",
    ],
    ["the edge does not follow", { edgeSpreads: false }, "users do not get the files of eastus"],
    [
      "the edge cannot be changed",
      { failing: { startOriginMove: terminal } },
      "users do not get the files of eastus",
    ],
    [
      "the pair cannot be linked",
      { cache: { failing: { startLink: terminal } } },
      "mcp-redis-prod-dr is no replica again",
    ],
  ])("leads users home all the same where %s, and says so", async (_why, traits, says) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.findings.join()).toContain(says);
    expect(run.on).toEqual(["primary"]);
  });

  it("plans all of it and changes nothing", async () => {
    const run = await failBack({}, { mode: "plan" });

    expect(run.record.outcome).toBe("planned");
    expect(run.record.plan?.changes.map(({ step }) => step)).toEqual(
      expect.arrayContaining([
        ...["bring-secrets", "bring-home", "empty-original", "copy-keys", "write-secret"],
        ...["move-origin", "enable-endpoint", "disable-endpoint", "link"],
      ]),
    );
    expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
    expect(run.changes).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/syncSecrets|bringBlobs/)]),
    );
    expect(run.on).toEqual(["secondary"]);
    expect(run.edgeHost).toBe(hostNameOf(other));
  });

  it("always ends, with a record and a closed incident, and never without an endpoint", async () => {
    const failures = fc.constantFrom(transient, terminal);
    const failing = (...names: readonly string[]) =>
      fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(failures, fc.array(failures, { maxLength: 4 })),
        { maxKeys: 2 },
      );
    const traits = fc.record({
      failing: failing(
        ...["observeTraffic", "witnessRegion", "observeEdge", "startOriginMove", "startEdgePurge"],
        ...["startSideChange", "observeApp", "proveSide", "enableEndpoint", "disableEndpoint"],
      ),
      vault: fc.record({ failing: failing("observeVault", "listSecrets", "syncSecrets") }),
      accounts: fc.record({ failing: failing("observeAccount", "compareAccounts", "bringBlobs") }),
      cache: fc.record({ standby: fc.constantFrom("none", "replica", "member", "unusable") }),
      unwellIn: fc.constantFrom([], ["soak"], ["verify-app"], ["soak-afterwards"]),
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<HomecomingTraits>, async (given) => {
        const run = await failBack(given);

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        expect(run.least).toBe(1);
        expect(run.record.restoredAt !== undefined).toBe(run.record.outcome === "failed-back");
        if (run.record.outcome === "failed-back") expect(run.on).toEqual(["primary"]);
        const names = run.calls.map(({ name }) => name);
        if (run.endpoints.length > 0) {
          const proofAt = names.indexOf("proveSide");
          expect(proofAt).toBeGreaterThanOrEqual(0);
          expect(proofAt).toBeLessThan(names.indexOf("enableEndpoint"));
        }
      }),
      { numRuns: 15 },
    );
  });

  it("reaches every step that the procedure declares", async () => {
    const runs = [
      await failBack({ told: "anew" }),
      await failBack(),
      await failBack({ cache: { standby: "replica" } }),
    ];

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    // Only an app with several active revisions has traffic to shift between them.
    expect([...reached, "shift-traffic"].sort()).toEqual(Object.keys(regionFailback.steps).sort());
  });
});

describe("recorded histories", () => {
  const paths: Record<string, readonly [HomecomingTraits, Partial<RunOrder>?, People?]> = {
    home: [{}],
    trusted: [{}, { estate: trusting }, nobody],
    "from-replica": [{ cache: { standby: "replica" } }],
    "original-cache": [{ cache: { active: "primary" } }],
    "new-revision": [{ told: "anew" }],
    "not-needed": [{ on: ["primary"] }],
    "not-up": [{ verdicts: ["down"] }],
    "not-well": [{ unwellIn: ["soak"] }],
    "newer-secret": [{ vault: { newerAtHome: ["jwt-signing-key"] } }],
    "newer-blob": [{ accounts: { newerAtHome: ["branding/logo.svg"] } }],
    "not-approved": [{}, {}, answering("deny")],
    "not-proven": [{ holds: false }],
    "not-online": [{ onlineAfter: Infinity }],
    "away-again": [{ unwellIn: ["soak-afterwards"] }],
    "not-linked": [{}, {}, answering("approve", "link")],
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, given) => {
    await keepsToHistory(`region-failback.${name}`, () => failBack(...given));
  });
});
