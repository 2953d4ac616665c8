import type { DurableFunction } from "../function-catalog.js";
import type { DurableConfig } from "../host-json.js";
import { asError, type Invoker } from "../worker/invoker.js";
import type { LiveInstance } from "./live-instance.js";
import { type OrchestratorAnswer, readAnswer, readThrown } from "./orchestrator-answer.js";
import { orchestrationMetadata, triggerText } from "./trigger-payload.js";
import type { TurnOpening } from "./turn-opening.js";
import { mayRun } from "./version-rule.js";

/** Calls the orchestrator functions of the app. */
export class OrchestratorCaller {
  readonly #invoker: Invoker;
  readonly #config: DurableConfig;
  readonly #orchestrators: ReadonlyMap<string, DurableFunction>;

  /** Functions by their names in lower case. */
  constructor(
    invoker: Invoker,
    config: DurableConfig,
    orchestrators: ReadonlyMap<string, DurableFunction>,
  ) {
    this.#invoker = invoker;
    this.#config = config;
    this.#orchestrators = orchestrators;
  }

  knows(name: string): boolean {
    return this.#orchestrators.has(name.toLowerCase());
  }

  /** Hands the history to the orchestrator function and reads what it answers. */
  async ask(
    live: LiveInstance,
    opening: TurnOpening,
  ): Promise<OrchestratorAnswer | { readonly refusedWith: string }> {
    const { instance } = live;
    if (!mayRun(instance.version, this.#config)) {
      return {
        refusedWith: "VersionMismatch: Orchestration version did not comply with Worker Versioning",
      };
    }
    const target = this.#orchestrators.get(instance.name.toLowerCase());
    if (target === undefined) return this.#noSuchOrchestrator(instance.name);

    const news = opening.events.map((event) => JSON.stringify(event)).join(",");
    const text = live.historyText === "" ? news : `${live.historyText},${news}`;
    const isReplaying = !opening.restarts;
    const { bindingName } = target.trigger;
    try {
      return readAnswer(
        await this.#invoker.invoke(target.target, {
          inputData: [
            {
              name: bindingName,
              data: { string: triggerText(instance, text, isReplaying), data: "string" },
            },
          ],
          triggerMetadata: orchestrationMetadata(instance, isReplaying),
          reason: "(null)",
          quiet: true,
        }),
      );
    } catch (thrown) {
      return readThrown(asError(thrown));
    }
  }

  #noSuchOrchestrator(name: string): OrchestratorAnswer {
    const known = [...this.#orchestrators.values()].map((target) => `'${target.name}'`).join(", ");
    return {
      actions: [],
      isDone: false,
      output: null,
      customStatus: undefined,
      failure: {
        message: `The function '${name}' doesn't exist, is disabled, or is not an orchestrator function. Additional info: The following are the known orchestrator functions: ${known}`,
        details: null,
      },
      threwNoError: false,
    };
  }
}
