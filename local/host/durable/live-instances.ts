import type { Instance } from "./instance.js";
import { LiveInstance } from "./live-instance.js";
import { waitsForPerson } from "./person-wait.js";

/** The instances that have not ended, and who waits for the end of one. */
export class LiveInstances {
  readonly #byId = new Map<string, LiveInstance>();
  readonly #awaited = new Map<string, (() => void)[]>();

  add(instance: Instance): LiveInstance {
    const live = new LiveInstance(instance);
    this.#byId.set(instance.id, live);
    return live;
  }

  get(id: string): LiveInstance | undefined {
    return this.#byId.get(id);
  }

  all(): readonly LiveInstance[] {
    return [...this.#byId.values()];
  }

  /** The instance that something was scheduled for, while the same execution of it runs. */
  running(of: {
    readonly instanceId: string;
    readonly executionId: string;
  }): LiveInstance | undefined {
    const live = this.#byId.get(of.instanceId);
    return live?.instance.executionId === of.executionId ? live : undefined;
  }

  parentOf({ parent }: Instance): LiveInstance | undefined {
    if (parent === null) return undefined;
    const { InstanceId, ExecutionId } = parent.OrchestrationInstance;
    return this.running({ instanceId: InstanceId, executionId: ExecutionId });
  }

  /** False once it has ended, was purged, or another instance has taken its id. */
  has(live: LiveInstance): boolean {
    return this.#byId.get(live.instance.id) === live;
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  get waitsForPerson(): boolean {
    return this.all().some(({ instance }) => waitsForPerson(instance));
  }

  /** Resolves when the instance has gone, however that comes about; at once when it is not running. */
  async gone(id: string): Promise<void> {
    if (!this.#byId.has(id)) return;
    await new Promise<void>((resolve) => {
      this.#awaited.set(id, [...(this.#awaited.get(id) ?? []), resolve]);
    });
  }

  /** To be called when the end of an instance is on disk. */
  announceEnd(id: string): void {
    const waiting = this.#awaited.get(id) ?? [];
    this.#awaited.delete(id);
    for (const resolve of waiting) resolve();
  }
}
