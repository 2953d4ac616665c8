import { z } from "zod";
import { ensure, type Effect } from "../../src/activities/ensure.js";
import { seconds } from "../../src/domain/duration.js";
import type { ActivityContext } from "../../src/durable/activity-contract.js";
import { stateStore } from "../../src/state/state-store.js";
import { MemoryContainer } from "../support/memory-container.js";

const contract = {
  name: "purgeSomething",
  parseOutput: (recorded: unknown) => z.strictObject({ changed: z.boolean() }).parse(recorded),
};

it("asks an operator where an act was begun and looking does not tell", async () => {
  const store = stateStore(new MemoryContainer());
  const claiming = await store.leases.claim(
    { resource: "/r", run: "run", scenario: "container-app-failure" },
    new Date().toISOString(),
  );
  if (claiming.kind !== "take") throw new Error("held");
  const context: ActivityContext = {
    caller: {
      run: "run",
      step: "purge",
      attempt: 1,
      leases: [{ resource: "/r", fencing: 1 }],
      mode: "execute",
    },
    now: () => new Date().toISOString(),
    log: () => undefined,
  };
  let acts = 0;
  const effect: Effect<{ changed: boolean }> = {
    resource: "/r",
    plan: () => ({ changed: true }),
    onRepeat: "ask-operator",
    settling: seconds(0),
    observe: () => Promise.resolve(undefined),
    act: () => {
      acts += 1;
      return Promise.reject(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }));
    },
  };

  await expect(ensure(store, context, contract, effect)).rejects.toThrow("socket hang up");
  await expect(ensure(store, context, contract, effect)).rejects.toMatchObject({
    failure: { class: "terminal", code: "outcome-unknown" },
  });
  expect(acts).toBe(1);
});
