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

describe("an effect", () => {
  const taken = async (at = "2026-11-22T14:00:00.000Z") => {
    const store = stateStore(new MemoryContainer());
    const wanted = { resource: "/r", run: "run", scenario: "container-app-failure" } as const;
    await store.leases.claim(wanted, at);
    return { store, at };
  };
  const context = (now: () => string, mode: "execute" | "plan" = "execute"): ActivityContext => ({
    caller: {
      run: "run",
      step: "s",
      attempt: 1,
      leases: [{ resource: "/r", fencing: 1 }],
      mode,
    },
    now,
    log: () => undefined,
  });
  const effect = (more: Partial<Effect<{ changed: boolean }>> = {}) => {
    let acts = 0;
    const wanted: Effect<{ changed: boolean }> = {
      resource: "/r",
      onRepeat: "repeat",
      settling: seconds(0),
      observe: () => Promise.resolve(undefined),
      plan: () => ({ changed: true }),
      act: () => {
        acts += 1;
        return Promise.resolve({ changed: true });
      },
      ...more,
    };
    return { wanted, acts: () => acts };
  };

  it("is only told in a plan, and left alone where the goal holds", async () => {
    const { store, at } = await taken();
    const { wanted, acts } = effect();
    const holds = effect({ observe: () => Promise.resolve({ changed: true }) });

    expect(
      await ensure(
        store,
        context(() => at, "plan"),
        contract,
        wanted,
      ),
    ).toEqual({ changed: true });
    expect(
      await ensure(
        store,
        context(() => at, "plan"),
        contract,
        holds.wanted,
      ),
    ).toEqual({
      changed: false,
    });
    expect(acts()).toBe(0);
    expect(await store.claims.read("run", "s")).toBeUndefined();
  });

  it("gives way to a run of a wider scenario that waits for the resource", async () => {
    const { store, at } = await taken();
    await store.leases.claim({ resource: "/r", run: "wider", scenario: "redis-failure" }, at);
    const { wanted, acts } = effect();

    await expect(
      ensure(
        store,
        context(() => at),
        contract,
        wanted,
      ),
    ).rejects.toMatchObject({
      failure: { code: "superseded", message: "wider waits for /r" },
    });
    expect(acts()).toBe(0);
  });

  it("does nothing when it was held up past its lease between check and act", async () => {
    const { store, at } = await taken();
    const { wanted, acts } = effect();
    let asked = 0;
    const zombie = context(() => (asked++ === 0 ? at : "2026-11-22T14:09:00.000Z"));

    await expect(ensure(store, zombie, contract, wanted)).rejects.toMatchObject({
      failure: { code: "lease-lost" },
    });
    expect(acts()).toBe(0);
    expect((await store.claims.read("run", "s"))?.value.status).toBe("refused");
  });
});
