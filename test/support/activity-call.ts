import type { InvocationContext } from "@azure/functions";
import type {
  Activity,
  ActivityContract,
  Answer,
  Caller,
} from "../../src/durable/activity-contract.js";

/** Calls an activity as the host would: everything crosses as JSON. */
export async function answerOf<Input, Output>(
  activities: readonly Activity[],
  contract: ActivityContract<Input, Output>,
  input: Input,
  caller: Partial<Caller> = {},
): Promise<Answer<Output>> {
  const activity = activities.find(({ name }) => name === contract.name);
  if (activity === undefined) throw new Error(`there is no activity ${contract.name}`);
  const context = { log: () => undefined } as unknown as InvocationContext;
  const full: Caller = {
    run: "run-1",
    step: "step",
    attempt: 1,
    leases: [],
    mode: "execute",
    ...caller,
  };
  const raw = await activity.handler({ caller: full, input }, context);
  return contract.read(JSON.parse(JSON.stringify(raw)));
}
