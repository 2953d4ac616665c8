import { z } from "zod";
import { trafficOf } from "../application/health.js";
import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";
import { webTestAlert } from "./common-alert.js";

const id = z.string().startsWith("/subscriptions/");

/** What the availability tests of this Azure look at, and where its action groups reach their receiver. */
export const MonitorOrder = z.strictObject({
  /** Stands in for the host that the webhooks of action groups name. */
  receiver: z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()) }),
  tests: z.array(z.strictObject({ webTest: id, component: id, app: id })).min(1),
});
export type MonitorOrder = z.infer<typeof MonitorOrder>;

/** A test is made each minute, and its rule fires when it has failed so many times in a row. */
const everyMs = 60_000;
const failuresToFire = 2;
const answerWithinMs = 30_000;

/**
 * Azure Monitor, as far as availability tests go: it looks at apps by itself, and a rule that is enabled and
 * scoped to a test that fails calls the webhooks of its action group, once until the test has passed again.
 */
export class Monitor {
  readonly #world: World;
  #order: MonitorOrder | undefined;
  #failures = new Map<string, number>();
  #posting = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Alerts that are on their way; time waits for their answers. */
  inFlight(): number {
    return this.#posting;
  }

  /** No test is made any more. */
  forget(): void {
    this.#order = undefined;
    this.#failures.clear();
  }

  watch(order: MonitorOrder): void {
    const isNew = this.#order === undefined;
    this.#order = order;
    if (isNew) this.#next();
  }

  #next(): void {
    const { timeline } = this.#world;
    timeline.plan(timeline.now() + everyMs, "availability tests are made", () => {
      if (this.#order === undefined) return;
      for (const test of this.#order.tests) this.#make(test, this.#order.receiver);
      this.#next();
    });
  }

  #make(test: MonitorOrder["tests"][number], receiver: MonitorOrder["receiver"]): void {
    const failures = this.#passes(test.app) ? 0 : (this.#failures.get(test.webTest) ?? 0) + 1;
    this.#failures.set(test.webTest, failures);
    if (failures !== failuresToFire) return;
    const at = new Date(this.#world.timeline.now());
    for (const rule of this.#rulesOn(test.webTest)) {
      const again = (): void => {
        // Action groups call a receiver that did not answer once more, a little later.
        this.#failures.set(test.webTest, failuresToFire - 1);
      };
      this.#post(webTestAlert(at, undefined, { ...test, rule }), receiver, again);
    }
  }

  /** Whether the app answers whoever asks. */
  #passes(app: string): boolean {
    const found = this.#world.containerApps.get(keyOf(app));
    if (found === undefined) return false;
    const shares = trafficOf(found, this.#world);
    return (
      shares.length > 0 &&
      shares.every(({ backends }) => backends.some(({ ailment }) => ailment === undefined))
    );
  }

  /** The names of the enabled metric rules on a test whose action group is enabled and calls a webhook. */
  #rulesOn(webTest: string): readonly string[] {
    return [...this.#world.alerts.values()].flatMap(({ id: ruleId, body }) => {
      const { enabled, scopes = [], actions = [] } = body.properties as Rule;
      const isOn = enabled === true && scopes.some((scope) => keyOf(scope) === keyOf(webTest));
      const called: readonly Action[] = Array.isArray(actions) ? actions : [];
      const calls = isOn && called.some((action) => this.#calls(action));
      return calls ? [ruleId.split("/").at(-1) ?? ""] : [];
    });
  }

  #calls({ actionGroupId = "" }: Action): boolean {
    const group = this.#world.alerts.get(keyOf(actionGroupId))?.body.properties as Rule | undefined;
    return group?.enabled === true && (group.webhookReceivers?.length ?? 0) > 0;
  }

  #post(alert: unknown, { url, headers }: MonitorOrder["receiver"], again: () => void): void {
    this.#posting += 1;
    void fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(alert),
      signal: AbortSignal.timeout(answerWithinMs),
    })
      .then(
        async (answer) => {
          await answer.arrayBuffer();
          if (answer.ok) return;
          this.#say(`the receiver answered ${answer.status}`);
          again();
        },
        (error: unknown) => {
          this.#say(`the receiver was not reached: ${String(error)}`);
          again();
        },
      )
      .finally(() => {
        this.#posting -= 1;
      });
  }

  #say(text: string): void {
    process.stderr.write(`monitor: ${text}\n`);
  }
}

interface Action {
  readonly actionGroupId?: string;
}

interface Rule {
  readonly enabled?: boolean;
  readonly scopes?: readonly string[];
  readonly actions?: unknown;
  readonly webhookReceivers?: readonly unknown[];
}
