import fc from "fast-check";
import { approvalDemand } from "../../src/domain/approval-policy.js";
import { mayStart, modeNow, type AutomationSwitch } from "../../src/domain/automation.js";
import { hours, minutes } from "../../src/domain/duration.js";
import type { RunOfIncident } from "../../src/domain/incident.js";
import { plus } from "../../src/domain/instant.js";
import { claimLease, coverOf, type Lease } from "../../src/domain/lease.js";
import { personOf, samePerson, type Person } from "../../src/domain/identity.js";
import { agreement, type Source } from "../../src/domain/sources.js";
import { admit, type RunStanding } from "../../src/domain/verb-rules.js";
import type { Verb } from "../../src/domain/verb.js";
import type { ScenarioId } from "../../src/domain/scenario-id.js";
import { sampleEstate } from "../support/estates.js";

const now = "2026-11-22T14:00:00.000Z";
const { approval, automation } = sampleEstate().environments.production!;
const ada: Person = { name: "Ada", source: "entra" };
const olga: Person = { name: "Olga", source: "entra" };
const said = { id: "1", by: ada, at: now, reason: "x" };

describe("who is who", () => {
  it("is remembered without roles, which change", () => {
    expect(personOf({ ...ada, roles: ["approver"] })).toEqual(ada);
  });

  it("is certain only where both have named themselves", () => {
    expect(samePerson(ada, { name: "ADA", source: "claimed" })).toBe("yes");
    expect(samePerson(ada, olga)).toBe("no");
    expect(samePerson({ name: "key", source: "key" }, { name: "key", source: "key" })).toBe(
      "unknown",
    );
  });
});

describe("admission of a verb", () => {
  const free: RunStanding = { mode: "execute", approvals: [], decisions: [] };
  const open: RunStanding = {
    ...free,
    approvals: [{ nonce: "n", status: "open", expiresAt: plus(now, minutes(5)), requester: olga }],
    decisions: [
      { step: "s", status: "open", expiresAt: plus(now, minutes(5)), choices: ["retry", "abort"] },
    ],
  };
  const approve = (decision: "approve" | "deny", by = ada, nonce = "n"): Verb => ({
    ...said,
    by,
    verb: "approval",
    nonce,
    decision,
  });
  const choose = (choice: "retry" | "skip" | "abort"): Verb => ({
    ...said,
    verb: "decision",
    step: "s",
    choice,
  });
  const word = (verb: "pause" | "resume" | "cancel"): Verb => ({ ...said, verb });
  const cases: [string, Verb, RunStanding, string][] = [
    ["an approval that is wanted", approve("approve"), open, "accepted"],
    ["a denial by the requester", approve("deny", olga), open, "accepted"],
    ["an approval by the requester", approve("approve", olga), open, "refused"],
    ["an unknown nonce", approve("approve", ada, "other"), open, "refused"],
    ["a decision that is wanted", choose("retry"), open, "accepted"],
    ["a choice that is not offered", choose("skip"), open, "refused"],
    ["a decision that nobody wants", choose("retry"), free, "refused"],
    ["a pause", word("pause"), free, "accepted"],
    ["a pause of a paused run", word("pause"), { ...free, intent: "pause" }, "already-done"],
    [
      "a pause of a run that is being canceled",
      word("pause"),
      { ...free, intent: "cancel" },
      "refused",
    ],
    ["a resume of a paused run", word("resume"), { ...free, intent: "pause" }, "accepted"],
    ["a resume of a running run", word("resume"), free, "already-done"],
    [
      "a resume of a run that is being canceled",
      word("resume"),
      { ...free, intent: "cancel" },
      "refused",
    ],
    ["a cancel", word("cancel"), open, "accepted"],
    ["a second cancel", word("cancel"), { ...free, intent: "cancel" }, "already-done"],
    [
      "a cancel of a canceled run",
      word("cancel"),
      { ...free, outcome: "canceled" },
      "already-done",
    ],
    ["a cancel of an ended run", word("cancel"), { ...free, outcome: "restored" }, "refused"],
    ["a pause of a plan", word("pause"), { ...free, mode: "plan" }, "refused"],
    ["a cancel of a plan", word("cancel"), { ...free, mode: "plan" }, "accepted"],
    ["an approval while canceling", approve("approve"), { ...open, intent: "cancel" }, "refused"],
    ["a decision while canceling", choose("retry"), { ...open, intent: "cancel" }, "refused"],
  ];
  it.each(cases)("settles %s", (_name, verb, standing, kind) => {
    expect(admit(verb, standing, now).kind).toBe(kind);
  });

  it("knows an answer that was given, and contradicts another one", () => {
    const answered: RunStanding = {
      ...free,
      approvals: [{ nonce: "n", status: "approved", expiresAt: now, by: ada }],
      decisions: [
        {
          step: "s",
          status: "decided",
          expiresAt: now,
          choices: ["retry"],
          choice: "retry",
          by: ada,
        },
      ],
    };
    expect(admit(approve("approve"), answered, now)).toEqual({
      kind: "already-done",
      detail: "it was approved by Ada",
    });
    expect(admit(approve("deny"), answered, now).kind).toBe("refused");
    expect(admit(choose("retry"), answered, now).kind).toBe("already-done");
    expect(admit(choose("abort"), answered, now).kind).toBe("refused");
  });

  it("takes no answer once its time is over", () => {
    const late = plus(now, minutes(6));
    expect(admit(approve("approve"), open, late)).toMatchObject({
      detail: "the request is expired",
    });
    expect(admit(choose("retry"), open, late)).toMatchObject({ detail: "the question is expired" });
    const past: RunStanding = {
      ...free,
      approvals: [{ nonce: "n", status: "withdrawn", expiresAt: now }],
      decisions: [{ step: "s", status: "withdrawn", expiresAt: now, choices: ["retry"] }],
    };
    expect(admit(approve("approve"), past, now)).toMatchObject({
      detail: "the request is withdrawn",
    });
    expect(admit(choose("retry"), past, now)).toMatchObject({
      detail: "the question is withdrawn",
    });
  });

  it("always answers, and nothing but a repeated cancel is taken by a run that has ended", () => {
    const verbs = fc.constantFrom(
      approve("approve"),
      approve("deny"),
      choose("retry"),
      choose("skip"),
      word("pause"),
      word("resume"),
      word("cancel"),
    );
    const standings = fc.constantFrom(
      ...cases.map(([, , standing]) => standing),
      { ...open, outcome: "restored" },
      { ...open, outcome: "canceled" },
    );
    fc.assert(
      fc.property(verbs, standings, (verb, standing) => {
        const { kind, detail } = admit(verb, standing, now);
        expect(detail).not.toBe("");
        if (standing.outcome !== undefined) expect(kind).not.toBe("accepted");
      }),
    );
  });
});

describe("demand for approval", () => {
  const alert = { kind: "alert", alertId: "a", rule: "r", severity: "Sev1" } as const;
  const order = { kind: "operator", who: "Olga", source: "entra", reason: "x" } as const;
  const scenario: ScenarioId = "storage-failure";
  const demand = (
    asks: "always" | "unless-ordered" | undefined,
    trigger: typeof alert | typeof order,
    more: Partial<typeof approval> = {},
  ) =>
    approvalDemand(
      { ...approval, ...more },
      { scenario, id: "s", asks, environment: "production" },
      trigger,
    );

  it("is what the catalogue says, for alerts and orders", () => {
    expect(demand("always", alert)).toEqual({});
    expect(demand("always", order)).toEqual({ requester: olga });
    expect(demand("unless-ordered", alert)).toEqual({});
    expect(demand("unless-ordered", order, { secondPerson: false })).toBeUndefined();
    expect(demand(undefined, alert)).toBeUndefined();
  });

  it("can be raised by the estate, never lowered", () => {
    expect(demand("unless-ordered", order, { secondPerson: true })).toEqual({ requester: olga });
    expect(demand(undefined, alert, { also: [{ scenario, step: "s" }] })).toEqual({});
    expect(demand(undefined, alert, { also: [{ scenario, step: "t" }] })).toBeUndefined();
  });
});

describe("two independent sources", () => {
  const source = (kind: Source["kind"], says: Source["says"]): Source => ({
    kind,
    says,
    detail: "d",
  });

  it("must say that it failed before anything is changed", () => {
    const alert = source("alert", "failed");
    expect(agreement([alert, source("own-probe", "failed")]).kind).toBe("failed");
    expect(agreement([alert, source("own-probe", "well")]).kind).toBe("unconfirmed");
    expect(agreement([alert, alert]).kind).toBe("unconfirmed");
    expect(agreement([source("own-probe", "failed"), source("arm-state", "well")])).toEqual({
      kind: "unconfirmed",
      detail: "own-probe: failed (d); arm-state: well (d)",
    });
    expect(agreement([source("own-probe", "well")]).kind).toBe("well");
    expect(agreement([]).kind).toBe("unconfirmed");
  });
});

describe("leave for an alert to start a run", () => {
  const set = (more: Partial<AutomationSwitch>): AutomationSwitch => ({
    version: 1,
    environment: "production",
    mode: "off",
    reason: "a migration",
    by: olga,
    at: now,
    ...more,
  });
  const ran = (startedAgo: number, took: number, automatic = true): RunOfIncident => ({
    run: "r",
    automatic,
    startedAt: new Date(Date.parse(now) - startedAgo).toISOString(),
    endedAt: new Date(Date.parse(now) - startedAgo + took).toISOString(),
  });

  it("follows the switch, until its time is over", () => {
    expect(mayStart(undefined, automation, [], now)).toEqual({ kind: "granted", authority: "act" });
    expect(mayStart(set({ mode: "propose" }), automation, [], now)).toMatchObject({
      authority: "propose",
    });
    expect(mayStart(set({}), automation, [], now)).toEqual({
      kind: "held-back",
      reason: "automation is off until it is switched on: a migration (Olga)",
    });
    const until = plus(now, minutes(1));
    expect(mayStart(set({ until }), automation, [], now)).toMatchObject({
      reason: `automation is off until ${until}: a migration (Olga)`,
    });
    expect(modeNow(set({ until: now }), now)).toBe("act");
  });

  it("is held back within the cool-down and after too many tries", () => {
    const short = [ran(minutes(20), minutes(10))];
    expect(mayStart(undefined, automation, short, now)).toMatchObject({ kind: "held-back" });
    const two = [ran(hours(3), minutes(10)), ran(hours(1), minutes(10))];
    expect(mayStart(undefined, automation, two, now)).toMatchObject({
      reason: "2 automatic runs in 6 h 00 min did not settle it",
    });
    const old = [ran(hours(8), minutes(10)), ran(hours(1), minutes(10))];
    expect(mayStart(undefined, automation, old, now).kind).toBe("granted");
  });

  it("does not count what people ordered", () => {
    const ordered = [ran(minutes(20), minutes(10), false), ran(hours(1), minutes(5), false)];
    expect(mayStart(undefined, automation, ordered, now).kind).toBe("granted");
  });
});

describe("a lease that a wider scenario wants", () => {
  const wanted = (run: string, scenario: ScenarioId) => ({ resource: "/r", run, scenario });
  const taken = (): Lease => {
    const claiming = claimLease(undefined, wanted("app", "container-app-failure"), now);
    if (claiming.kind !== "take") throw new Error("held");
    return claiming.lease;
  };
  const ask = (lease: Lease, scenario: ScenarioId = "redis-failure"): Lease => {
    const claiming = claimLease(lease, wanted("wider", scenario), now);
    if (claiming.kind !== "held" || claiming.lease === undefined) throw new Error("not asked for");
    return claiming.lease;
  };
  const proof = { resource: "/r", fencing: 1 };

  it("tells its holder at the next change and at the next renewal", () => {
    const asked = ask(taken());
    expect(coverOf(asked, proof, "app", now)).toEqual({ kind: "asked-for", by: "wider" });
    expect(
      claimLease(asked, wanted("app", "container-app-failure"), plus(now, minutes(6))),
    ).toMatchObject({
      kind: "held",
      by: { run: "wider" },
    });
  });

  it("is not handed over before it is given back or has expired", () => {
    const asked = ask(taken());
    const again = (lease: Lease, after: number) =>
      claimLease(lease, wanted("wider", "redis-failure"), plus(now, after as never)).kind;
    expect(again(asked, minutes(9))).toBe("held");
    expect(again({ ...asked, released: true }, 1)).toBe("take");
    expect(again(asked, minutes(11))).toBe("take");
  });

  it("goes to a region outage once the change under way must be over", () => {
    const asked = ask(taken(), "region-outage");
    const again = (after: number) =>
      claimLease(asked, wanted("wider", "region-outage"), plus(now, after as never)).kind;
    expect(again(minutes(1))).toBe("held");
    expect(again(minutes(2))).toBe("take");
  });

  it("is not asked for by its equals, and by one wider run at a time unless a still wider one comes", () => {
    const lease = taken();
    expect(claimLease(lease, wanted("other", "container-app-failure"), now)).toEqual({
      kind: "held",
      by: lease,
    });
    const asked = ask(lease);
    expect(claimLease(asked, wanted("second", "key-vault-failure"), now)).toEqual({
      kind: "held",
      by: asked,
    });
    expect(claimLease(asked, wanted("region", "region-outage"), now)).toMatchObject({
      lease: { askedFor: { run: "region" } },
    });
  });
});
