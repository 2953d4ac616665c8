import type { DurableClient } from "durable-functions";
import { verbEvent, type Verb } from "../domain/verb.js";
import { isDelivery } from "../domain/notice.js";
import { isEvaluation } from "../domain/readiness/evaluation.js";

/** What a trigger may do with runs: start one by id, and ask how one stands. */
export interface DurableRuns {
  start(orchestrator: string, id: string, input: unknown): Promise<void>;
  state(id: string): Promise<RunState>;
  /** Passes on what a person said; the run takes it up when it gets there. */
  say(id: string, verb: Verb): Promise<void>;
  active(): Promise<readonly ActiveRun[]>;
}

export type RunState =
  | { readonly kind: "unknown" }
  | { readonly kind: "active"; readonly checkpoint: unknown; readonly createdAt: string }
  | {
      readonly kind: "ended";
      readonly how: "completed" | "failed" | "terminated";
      readonly checkpoint: unknown;
    };

export interface ActiveRun {
  readonly id: string;
  readonly checkpoint: unknown;
}

/** The host answers from its own store; slower than this means that it is not well. */
const timeLimit = 10_000;

export function durableRuns(client: DurableClient): DurableRuns {
  return {
    async start(orchestrator, id, input) {
      try {
        await limited(client.startNew(orchestrator, { instanceId: id, input }));
      } catch (error) {
        // Somebody started the same id a moment ago: that is what was wanted.
        if ((await stateOf(client, id)).kind === "unknown") throw error;
      }
    },
    state: (id) => stateOf(client, id),
    say: (id, verb) => limited(client.raiseEvent(id, verbEvent, verb)),
    async active() {
      const found = await limited(client.getStatusBy({ runtimeStatus: activeStates as never }));
      return found
        .filter(({ instanceId }) => !isDelivery(instanceId) && !isEvaluation(instanceId))
        .map(({ instanceId, customStatus }) => ({ id: instanceId, checkpoint: customStatus }));
    },
  };
}

const activeStates = ["Pending", "Running", "Suspended", "ContinuedAsNew"];

async function stateOf(client: DurableClient, id: string): Promise<RunState> {
  try {
    const status = await limited(client.getStatus(id, { showInput: false }));
    const runtimeStatus: string = status.runtimeStatus;
    const checkpoint: unknown = status.customStatus;
    if (activeStates.includes(runtimeStatus)) {
      return { kind: "active", checkpoint, createdAt: String(status.createdTime) };
    }
    const how =
      runtimeStatus === "Completed"
        ? "completed"
        : runtimeStatus === "Failed"
          ? "failed"
          : "terminated";
    return { kind: "ended", how, checkpoint };
  } catch (error) {
    // The client has no other way to say that it knows no such instance.
    if (error instanceof Error && error.message.includes("HTTP 404")) return { kind: "unknown" };
    throw error;
  }
}

async function limited<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error("the host did not answer in time"), { code: "ETIMEDOUT" }));
    }, timeLimit);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
