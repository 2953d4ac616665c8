import fc from "fast-check";
import { ensure } from "../../src/activities/ensure.js";
import { days, milliseconds, minutes, seconds } from "../../src/domain/duration.js";
import { Environment } from "../../src/domain/estate.js";
import { isAfter, plus, type Instant } from "../../src/domain/instant.js";
import type { LeaseProof } from "../../src/domain/lease.js";
import { outranks, type ScenarioId } from "../../src/domain/scenario-id.js";
import { incidentName } from "../../src/state/incidents.js";
import { stateStore, type StateStore } from "../../src/state/state-store.js";
import type { DurableRuns, RunState } from "../../src/triggers/durable-runs.js";
import { startRun, type Start, type StartRequest } from "../../src/triggers/start-run.js";
import { sampleEstate } from "../support/estates.js";
import { simulatedAzure, type SimulatedAzure } from "../support/simulated-azure.js";

/*
 * Alerts, orders, deaths, ends and expiries in any order, against the real state store: blobs with
 * conditional writes. The model knows what may hold; the store and the rules of `src` must agree.
 */

/** Drawn anew each time; fewer in `npm test` than in `test:all`. */
const interleavings = process.env["TEST_ALL"] === "1" ? 200 : 80;
const longestInterleaving = 24;
const begin = "2026-11-22T14:00:00.000Z";
const longestMutation = seconds(90);
const leaseLength = minutes(10);

const estate = sampleEstate();
const production = Environment.parse(estate.environments.production);
const scenario = "container-app-failure";

interface Party {
  readonly run: string;
  readonly scenario: ScenarioId;
  proof: LeaseProof | undefined;
}

interface Holder {
  readonly party: Party;
  readonly fencing: number;
  expiresAt: Instant;
  askedFor: { readonly party: Party; readonly at: Instant } | undefined;
}

interface Model {
  now: Instant;
  signals: number;
  /** Runs that may act on the resource, whatever their standing. */
  readonly parties: Party[];
  holder: Holder | undefined;
  fencing: number;
}

/** The durable side: a run can be started once, and a dying trigger does not get to it. */
class Platform implements DurableRuns {
  readonly states = new Map<string, RunState>();
  triggerDies = false;

  start(_orchestrator: string, id: string): Promise<void> {
    if (this.triggerDies) return Promise.reject(new Error("the trigger was killed"));
    const known = this.states.get(id);
    if (known !== undefined && known.kind !== "active") {
      throw new Error(`${id} has ended and was started again`);
    }
    this.states.set(id, { kind: "active", checkpoint: undefined, createdAt: begin });
    return Promise.resolve();
  }

  state(id: string): Promise<RunState> {
    return Promise.resolve(this.states.get(id) ?? { kind: "unknown" });
  }

  say(): Promise<void> {
    return Promise.resolve();
  }

  active() {
    return Promise.resolve([]);
  }

  readonly running = (): string[] =>
    [...this.states].flatMap(([id, { kind }]) => (kind === "active" ? [id] : []));
}

interface Real {
  readonly store: StateStore;
  readonly platform: Platform;
  readonly resource: string;
  readonly acts: { readonly run: string; readonly at: Instant }[];
}

type Command = fc.AsyncCommand<Model, Real>;

const command = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Command => ({ check, run, toString: () => name });

function request(model: Model, real: Real, trigger: "alert" | "operator"): StartRequest {
  model.signals += 1;
  const distinction = `${real.resource}/${trigger}/${model.signals}`;
  return {
    scenario,
    environment: "production",
    resource: real.resource,
    trigger:
      trigger === "alert"
        ? { kind: "alert", alertId: distinction, rule: "r", severity: "Sev1" }
        : { kind: "operator", who: "olga", source: "claimed", reason: "x" },
    detectedAt: model.now,
    distinction,
  };
}

async function signal(model: Model, real: Real, trigger: "alert" | "operator"): Promise<Start> {
  const { store, platform: runs } = real;
  const start = await startRun(
    { store, runs, estate, now: () => model.now },
    request(model, real, trigger),
  );
  if (start.kind === "started" || start.kind === "attached") {
    expect(runs.running()).toEqual([start.run]);
    if (!model.parties.some(({ run }) => run === start.run)) {
      model.parties.push({ run: start.run, scenario, proof: undefined });
    }
  }
  return start;
}

const alert = command("alert", async (model, real) => {
  await signal(model, real, "alert");
});

const order = command("order", async (model, real) => {
  expect((await signal(model, real, "operator")).kind).not.toBe("held-back");
});

const storm = (count: number): Command =>
  command(`${count} alerts at once`, async (model, real) => {
    const before = real.platform.running().length;
    const starts = await Promise.all(
      Array.from({ length: count }, () => signal(model, real, "alert")),
    );
    expect(starts.filter(({ kind }) => kind === "started").length).toBeLessThanOrEqual(1 - before);
    expect(real.platform.running().length).toBeLessThanOrEqual(1);
  });

const dyingTrigger = command("a trigger that dies", async (model, real) => {
  real.platform.triggerDies = true;
  const wish = request(model, real, "operator");
  const { store, platform: runs } = real;
  await startRun({ store, runs, estate, now: () => model.now }, wish).catch(() => undefined);
  real.platform.triggerDies = false;
});

const end = (how: "ends" | "is terminated"): Command =>
  command(`the run ${how}`, async (model, real) => {
    const [run] = real.platform.running();
    if (run === undefined) return;
    if (how === "ends") {
      await real.store.leases.release(real.resource, run);
      if (model.holder?.party.run === run) model.holder = undefined;
      const name = incidentName("production", scenario, real.resource);
      await real.store.incidents.close(name, run, "restored", model.now);
    }
    real.platform.states.set(run, { kind: "ended", how: "completed", checkpoint: undefined });
  });

/** A run of a wider scenario, which wants the same resource. */
const wider = (of: ScenarioId): Command =>
  command(of, (model, real) => {
    const run = `${of}-production-${model.parties.length}-${real.resource.slice(-8)}`;
    model.parties.push({ run, scenario: of, proof: undefined });
    return Promise.resolve();
  });

const one = (model: Model, pick: number): Party | undefined =>
  model.parties[pick % Math.max(1, model.parties.length)];

const holds = (model: Model): Holder | undefined =>
  model.holder !== undefined && isAfter(model.holder.expiresAt, model.now)
    ? model.holder
    : undefined;

const take = (pick: number): Command =>
  command(`take ${pick}`, async (model, real) => {
    const party = one(model, pick);
    if (party === undefined) return;
    const { run, scenario: of } = party;
    const before = holds(model);
    const claiming = await real.store.leases.claim(
      { resource: real.resource, run, scenario: of },
      model.now,
    );

    if (claiming.kind === "held") {
      expect(before).toBeDefined();
      if (before !== undefined && outranks(of, before.party.scenario)) {
        const asked = before.askedFor;
        if (asked === undefined || outranks(of, asked.party.scenario)) {
          before.askedFor = { party, at: model.now };
        }
      }
      return;
    }
    const { fencing, expiresAt } = claiming.lease;
    if (before !== undefined && before.party.run !== run) {
      // Before its expiry a lease goes to a region outage alone, once a change must be over.
      expect(of).toBe("region-outage");
      expect(before.askedFor?.party.run).toBe(run);
      expect(isAfter(plus(before.askedFor?.at ?? "", longestMutation), model.now)).toBe(false);
    }
    if (before?.party.run === run) expect(fencing).toBe(before.fencing);
    else expect(fencing).toBe(model.fencing + 1);
    expect(expiresAt).toBe(plus(model.now, leaseLength));
    model.fencing = fencing;
    model.holder = { party, fencing, expiresAt, askedFor: undefined };
    party.proof = { resource: real.resource, fencing };
  });

const release = (pick: number): Command =>
  command(`release ${pick}`, async (model, real) => {
    const party = one(model, pick);
    if (party === undefined) return;
    await real.store.leases.release(real.resource, party.run);
    if (model.holder?.party.run === party.run) model.holder = undefined;
  });

let step = 0;

/** An act under the lease that the party believes to have; `heldUp` passes between check and act. */
const act = (pick: number, heldUp: number): Command =>
  command(
    `act ${pick}${heldUp === 0 ? "" : `, held up for ${heldUp} min`}`,
    async (model, real) => {
      const party = one(model, pick);
      if (party === undefined) return;
      const acted = real.acts.length;
      const holder = holds(model);
      const may =
        holder?.party.run === party.run &&
        holder.fencing === party.proof?.fencing &&
        holder.askedFor === undefined &&
        !isAfter(
          plus(model.now, milliseconds(longestMutation + minutes(heldUp))),
          holder.expiresAt,
        );
      let asked = 0;
      const caller = {
        run: party.run,
        step: `step-${++step}`,
        attempt: 1,
        leases: party.proof === undefined ? [] : [party.proof],
        mode: "execute" as const,
      };
      const now = (): Instant => plus(model.now, minutes(asked++ === 0 ? 0 : heldUp));
      await ensure(
        real.store,
        { caller, now, log: () => undefined },
        { name: "change", parseOutput: () => ({ changed: true }) },
        {
          resource: real.resource,
          onRepeat: "ask-operator",
          settling: seconds(0),
          observe: () => Promise.resolve(undefined),
          plan: () => ({ changed: true }),
          act: () => {
            real.acts.push({ run: party.run, at: model.now });
            return Promise.resolve({ changed: true });
          },
        },
      ).catch((error: unknown) => {
        expect(error).toMatchObject({ failure: { class: "terminal" } });
      });
      expect(real.acts.length - acted).toBe(may ? 1 : 0);
    },
  );

const pass = (time: number): Command =>
  command(`${time} s pass`, (model) => {
    model.now = plus(model.now, seconds(time));
    return Promise.resolve();
  });

const party = fc.nat({ max: 5 });
const commands = fc.commands(
  [
    fc.constant(alert),
    fc.constant(order),
    fc.constant(storm(5)),
    fc.constant(dyingTrigger),
    fc.constantFrom(end("ends"), end("is terminated")),
    fc.constantFrom(wider("redis-failure"), wider("region-outage")),
    party.map(take),
    party.map(take),
    party.map(release),
    party.map((pick) => act(pick, 0)),
    party.map((pick) => act(pick, 0)),
    party.map((pick) => act(pick, 9)),
    fc.constantFrom(1, 60, 100, 300, 540, 700, 1_000).map(pass),
  ],
  { maxCommands: longestInterleaving, size: "max" },
);

describe("incidents and leases under any interleaving", () => {
  let azure: SimulatedAzure;
  let store: StateStore;

  beforeAll(async () => {
    azure = await simulatedAzure();
    store = stateStore((await azure.ports()).state);
  }, 30_000);
  afterAll(() => azure.stop());

  it(`keep one incident to one run and one hand on a resource, ${interleavings} times`, async () => {
    let nth = 0;
    await fc.assert(
      fc.asyncProperty(commands, async (drawn) => {
        const resource = `${production.containerApp.primary}-${++nth}`;
        const setup = () => ({
          model: {
            now: plus(begin, days(nth)),
            signals: 0,
            parties: [],
            holder: undefined,
            fencing: 0,
          } satisfies Model as Model,
          real: { store, platform: new Platform(), resource, acts: [] } satisfies Real as Real,
        });
        await fc.asyncModelRun(setup, drawn);
      }),
      { numRuns: interleavings, endOnFailure: true },
    );
  }, 300_000);
});
