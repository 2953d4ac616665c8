import { stateStore } from "../../src/state/state-store.js";
import { MemoryContainer } from "../support/memory-container.js";

const now = "2026-11-22T14:00:00.000Z";

describe("signals and idempotency keys", () => {
  it("remember the first run that an alert was given to", async () => {
    const store = stateStore(new MemoryContainer());
    const signal = { version: 1 as const, run: "one", receivedAt: now, summary: "x" };

    await store.incidents.addSignal("key", signal);
    await store.incidents.addSignal("key", { ...signal, run: "two" });

    expect((await store.incidents.signal("key"))?.run).toBe("one");
    expect(await store.incidents.signal("other")).toBeUndefined();
  });

  it("tie a key to the first body and run", async () => {
    const store = stateStore(new MemoryContainer());

    expect(await store.idempotencyKeys.tie("key", "a", "one")).toEqual({
      sameBody: true,
      run: "one",
    });
    expect(await store.idempotencyKeys.tie("key", "a", "two")).toEqual({
      sameBody: true,
      run: "one",
    });
    expect(await store.idempotencyKeys.tie("key", "b", "two")).toEqual({
      sameBody: false,
      run: "one",
    });
  });

  it("pass the state store's own check on", async () => {
    const blobs = new MemoryContainer();
    const store = stateStore(blobs);
    await store.check();
    blobs.failures.push(new Error("away"));

    await expect(store.check()).rejects.toThrow("away");
  });
});
