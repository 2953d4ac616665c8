import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { sampleEstate } from "../support/estates.js";
import {
  actsOn,
  appIsHealthy,
  ended,
  freshAlert,
  productionOf,
  recoverFrom,
} from "../support/recovery-run.js";

/*
 * The host is killed after each effect of scenario 1 and before it hears of it: the simulator, a
 * process of its own, holds the answer of the n-th effect until the host is gone. Every ninth effect
 * here, from another first one in each case; all of them with TEST_ALL=1.
 */
const apart = process.env["TEST_ALL"] === "1" ? 1 : 9;
const cases = [
  ["app-unhealthy", "Single", 1],
  ["bad-revision", "Single", 2],
  ["bad-revision", "Multiple", 3],
] as const;

function seedOf(mode: "Single" | "Multiple"): unknown {
  const seed = seedFromEstate(sampleEstate()) as { containerApps: object[] };
  const containerApps = seed.containerApps.map((app) => ({ ...app, activeRevisionsMode: mode }));
  return { ...seed, containerApps };
}

describe.each(cases)(
  "a host that is killed while it recovers from %s in %s mode",
  (fault, mode, nth) => {
    let stack: Stack;
    let undisturbed: { readonly effects: number; readonly acts: readonly string[] };

    beforeAll(async () => {
      stack = await startStack({ seed: seedOf(mode) });
      const { effects } = await recoverFrom(stack, fault);
      undisturbed = { effects: effects.length, acts: actsOn(effects) };
    });
    afterAll(() => stack.stop());

    it("ends the same way after its effects, and does nothing twice", async () => {
      const service = new ServiceClient(stack.host);
      expect(undisturbed.effects).toBeGreaterThan(10);

      const first = Math.min(nth, apart);
      for (let n = first; n <= undisturbed.effects; n += apart) {
        await stack.simulator.reset();
        await stack.simulator.fault({
          name: fault,
          resource: productionOf(stack).containerApp.primary,
        });
        await stack.simulator.fault({ name: "hold-answer", nth: n });
        const alert = await freshAlert(stack);

        const posted = service.postAlert(alert).catch(() => undefined);
        const [held] = await stack.simulator.held(20_000);
        if (held === undefined) throw new Error(`the ${n}th effect did not come`);
        await stack.killHost();
        await posted;
        await stack.startHost();
        // Azure Monitor repeats an alert that was not answered; one that was answered is known.
        const answer = await service.postAlert(alert);
        const record = await ended(stack, answer.run ?? "");

        const where = `after effect ${n}, ${held.entry.operation} ${held.entry.path}`;
        const acts = actsOn(await stack.simulator.log(0, true));
        expect({ where, outcome: record.outcome }).toEqual({ where, outcome: "restored" });
        expect({ where, acts }).toEqual({ where, acts: undisturbed.acts });
        expect({ where, healthy: await appIsHealthy(stack) }).toEqual({ where, healthy: true });
      }
    }, 240_000);
  },
);
