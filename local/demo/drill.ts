import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import type { Stack } from "../stack/stack.js";
import { watchApps } from "../stack/watch-apps.js";
import { backUpFirst } from "./failure.js";
import { approver, operator, People } from "./people.js";
import { evaluated } from "./readiness.js";
import { as, operatorOf, say, watch, type Options, type Show } from "./show.js";

const environmentName = "production";

const drills = {
  q1: "the revision that serves is deactivated; the alert comes, the app is recovered",
  q2: "the vault is backed up, a secret is deleted and recovered, the set is restored and compared",
  q3: "the primary node of the cache is rebooted",
  q4: "users are led to the other region, and back",
} as const;

/** Practises in production: readiness first, then the drill with its approval, and what is left of it. */
export const drill: Show = {
  title: "practise: something is broken on purpose, recovered and undone (drill q1 to q4)",
  faults: drills,
  async run(stack, options) {
    const { production } = stack.estate.environments;
    if (production === undefined) throw new Error(`the sample estate has no ${environmentName}`);
    await backUpFirst(stack, options, environmentName, ["key-vault", "redis", "blobs"]);
    say("Readiness is evaluated ...");
    await evaluated(operatorOf(stack, options));
    const record = await practise(stack, options, production);
    const passed = record.outcome === "planned" || record.outcome.startsWith("passed");
    return { code: passed ? 0 : 1, shown: record };
  },
};

async function practise(stack: Stack, options: Options, estate: Environment): Promise<RunRecord> {
  await watchApps(stack, [estate]);
  const service = operatorOf(stack, options);
  const order = {
    environment: environmentName,
    drill: options.fault,
    reason: "the drill of the quarter",
    mode: options.plan ? "plan" : "execute",
  };
  const answer = await service.call("POST", "/api/drills", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no drill was started: ${answer.text}`);
  const { id } = answer.json as { id: string };
  say(`${operator} orders the drill ${options.fault}: ${id}\n`);
  const cast = {
    operator: service,
    approver: as(stack, approver, "approver", options),
    silent: options.silent,
  };
  const people = new People(cast, stack.simulator, say);
  return watch(service, id, {
    async attend(run, checkpoint) {
      await people.attend(run, checkpoint);
      // What the drill has set off may ask people as well.
      for (const other of await service.running()) {
        if (other.id !== run && other.checkpoint !== undefined) {
          await people.attend(other.id, other.checkpoint);
        }
      }
    },
  });
}
