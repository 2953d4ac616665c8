import type { ScheduledTimer } from "./instance.js";

/** The longest delay that setTimeout takes. */
const LONGEST_DELAY_MS = 2_147_483_647;

/** The durable timers of all running executions, and one timer of the process for the earliest of them. */
export class TimerQueue {
  readonly #now: () => number;
  readonly #onDue: (timers: readonly ScheduledTimer[]) => void;
  readonly #byInstance = new Map<string, Map<number, ScheduledTimer>>();
  /** A binary heap by instant; may hold timers that were removed, which are dropped as they come up. */
  readonly #heap: ScheduledTimer[] = [];
  #alarm: NodeJS.Timeout | undefined;
  #alarmAtMs = Infinity;

  constructor(now: () => number, onDue: (timers: readonly ScheduledTimer[]) => void) {
    this.#now = now;
    this.#onDue = onDue;
  }

  add(timer: ScheduledTimer): void {
    let timers = this.#byInstance.get(timer.instanceId);
    if (timers === undefined) {
      timers = new Map();
      this.#byInstance.set(timer.instanceId, timers);
    }
    timers.set(timer.taskNumber, timer);
    push(this.#heap, timer);
    if (timer.fireAtMs < this.#alarmAtMs) this.#setAlarm();
  }

  remove(instanceId: string, taskNumber: number): void {
    const timers = this.#byInstance.get(instanceId);
    timers?.delete(taskNumber);
    if (timers?.size === 0) this.#byInstance.delete(instanceId);
  }

  removeInstance(instanceId: string): void {
    this.#byInstance.delete(instanceId);
  }

  /** When the next one is due; undefined when there is none. */
  earliest(): number | undefined {
    let [head] = this.#heap;
    while (head !== undefined && !this.#isWanted(head)) {
      pop(this.#heap);
      [head] = this.#heap;
    }
    return head?.fireAtMs;
  }

  /** Hands over what is due by now. Called by the alarm, and whenever the clock has moved. */
  check(): void {
    const now = this.#now();
    const due: ScheduledTimer[] = [];
    for (let at = this.earliest(); at !== undefined && at <= now; at = this.earliest()) {
      const timer = pop(this.#heap);
      if (timer === undefined) break;
      this.remove(timer.instanceId, timer.taskNumber);
      due.push(timer);
    }
    if (due.length > 0) this.#onDue(due);
    this.#setAlarm();
  }

  stop(): void {
    clearTimeout(this.#alarm);
    this.#heap.length = 0;
    this.#byInstance.clear();
  }

  #isWanted(timer: ScheduledTimer): boolean {
    return this.#byInstance.get(timer.instanceId)?.get(timer.taskNumber) === timer;
  }

  #setAlarm(): void {
    clearTimeout(this.#alarm);
    const at = this.earliest();
    this.#alarmAtMs = at ?? Infinity;
    if (at === undefined) return;
    const delay = Math.min(Math.max(at - this.#now(), 0), LONGEST_DELAY_MS);
    this.#alarm = setTimeout(() => {
      this.check();
    }, delay);
  }
}

function push(heap: ScheduledTimer[], timer: ScheduledTimer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || parent.fireAtMs <= timer.fireAtMs) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = timer;
}

function pop(heap: ScheduledTimer[]): ScheduledTimer | undefined {
  const [head] = heap;
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return head;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const right = heap[child + 1];
    const left = heap[child];
    if (left === undefined) break;
    const smaller = right !== undefined && right.fireAtMs < left.fireAtMs ? right : left;
    if (smaller === right) child += 1;
    if (smaller.fireAtMs >= last.fireAtMs) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
  return head;
}
