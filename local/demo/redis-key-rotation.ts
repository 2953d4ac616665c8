import { environmentOf } from "../../src/domain/estate.js";
import { servesAgain } from "../../src/domain/run-record.js";
import { approver, operator, People } from "./people.js";
import { planTable } from "./plan-table.js";
import { cacheOfApp } from "./redis-failure.js";
import { as, operatorOf, say, watch, type Show } from "./show.js";

const faults = {
  none: "nothing is broken: the key may be known to somebody who should not have it",
  "not-well": "the cache is down, so nothing is rotated",
} as const;

/** An operator has the key of production's cache made anew; a second person approves it. */
export const redisKeyRotation: Show = {
  title: "the key of the cache is made anew, and the app is never locked out",
  faults,
  async run(stack, options) {
    const production = environmentOf(stack.estate, "production");
    const service = operatorOf(stack, options);
    if (options.fault === "not-well") {
      await stack.simulator.fault({ name: "redis-down", resource: production.redis.primary });
    }
    say(`Fault ${options.fault}: ${faults[options.fault as keyof typeof faults]}.`);
    const order = {
      scenario: "redis-key-rotation",
      environment: "production",
      reason: "the key stood in a ticket",
      mode: options.plan ? "plan" : "execute",
    };
    const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
    if (answer.status !== 202) throw new Error(`no rotation was started: ${answer.text}`);
    const { id } = answer.json as { id: string };
    say(`${operator} orders a rotation: ${id}\n`);
    const cast = {
      operator: service,
      approver: as(stack, approver, "approver", options),
      silent: options.silent,
    };
    const record = await watch(service, id, new People(cast, stack.simulator, say));
    if (record.plan !== undefined) say(`\n${planTable(record.plan)}`);
    if (record.outcome === "planned") return { code: 0, shown: record };
    const uses = await cacheOfApp(stack, production);
    say(`The app says of its cache: ${uses}.`);
    const code =
      record.outcome === "needs-operator"
        ? 3
        : uses === "ok" && servesAgain(record.outcome)
          ? 0
          : 1;
    return { code, shown: record };
  },
};
