import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import type { ActivityRunner, SimulatedAzure } from "./simulated-azure.js";

/** An activity that changes Azure, and the one request that it is known by. */
export interface Change {
  readonly name: string;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean }>>;
  /** The request that Azure gets. */
  readonly operation: string;
  /** What the run has to hold. */
  readonly resource: string;
  /** What has to be wrong at the resource before. */
  readonly fault?: string;
}

export function change<Input, Output extends { changed: boolean }>(
  contract: ActivityContract<Input, Output>,
  input: Input,
  more: Omit<Change, "name" | "perform">,
): Change {
  return {
    name: contract.name,
    perform: (runner, caller) => runner.run(contract, caller, input),
    ...more,
  };
}

/** Where changes are tried out; what is made in `beforeAll` is asked for when it is there. */
export interface Trial {
  readonly azure: () => SimulatedAzure;
  readonly runner: () => ActivityRunner;
  /** Sets the scene, and takes the lease. */
  readonly begin: (change: Change) => Promise<Caller>;
}

/** The requests of an operation that could change something, by the simulator's own log. */
export const requestsOf = async (azure: SimulatedAzure, operation: string) =>
  (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);

/** What holds for each change: run twice, refused, its answer lost, killed in the middle, without a lease. */
export function describeSafety(changes: readonly Change[], trial: Trial): void {
  describe.each(changes)("$name", (subject) => {
    const { operation } = subject;
    const requests = (name: string) => requestsOf(trial.azure(), name);
    const begun = async () => ({
      azure: trial.azure(),
      runner: trial.runner(),
      caller: await trial.begin(subject),
    });

    it("changes once when it is run twice", async () => {
      const { runner, caller } = await begun();

      const first = await subject.perform(runner, caller);
      const again = await subject.perform(runner, { ...caller, attempt: 2 });

      expect(first).toMatchObject({ ok: true, value: { changed: true } });
      expect(again).toEqual(first);
      expect(await requests(operation)).toHaveLength(1);
    });

    it.each([
      ["lost-answer", {}],
      ["server-error", { status: 500 }],
      ["server-error", { status: 503 }],
      ["throttle", { retryAfterSeconds: 7 }],
    ])("sends exactly one request under %s %o", async (name, more) => {
      const { azure, runner, caller } = await begun();
      await azure.control.fault({ name, times: 1, match: { operation }, ...more });

      const answer = await subject.perform(runner, caller);

      expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("finds its own act when the answer was lost, and does not repeat it", async () => {
      const { azure, runner, caller } = await begun();
      await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });

      await subject.perform(runner, caller);
      await azure.control.advance(30);
      const again = await subject.perform(runner, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("is found by the next process when it is killed between act and answer", async () => {
      const { azure, runner, caller } = await begun();
      const doomed = await azure.runner();
      await azure.control.fault({ name: "hold-answer", times: 1, match: { operation } });

      const lost = subject.perform(doomed, caller).catch(() => undefined);
      expect(await azure.control.held(5_000)).toHaveLength(1);
      await doomed.kill();
      await lost;
      await azure.control.removeFaults();
      await azure.control.advance(30);
      const again = await subject.perform(runner, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(1);
    });

    it("changes nothing without the lease, and nothing in a plan", async () => {
      const { runner, caller } = await begun();

      const bare = await subject.perform(runner, { ...caller, leases: [] });
      const plan = await subject.perform(runner, { ...caller, leases: [], mode: "plan" });

      expect(bare).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
      expect(plan).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(operation)).toHaveLength(0);
    });
  });
}
