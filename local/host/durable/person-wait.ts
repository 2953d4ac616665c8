import type { Instance } from "./instance.js";

/** What a custom status names as `waitingFor` when only a person can give it. */
const FROM_A_PERSON: ReadonlySet<unknown> = new Set(["approval", "decision", "resume"]);

/**
 * Whether an instance that has not ended waits for a person, so that no time may be skipped. Its custom status has the
 * first word; where that says nothing, whoever waits for an external event waits for a person.
 */
export function waitsForPerson(
  instance: Pick<Instance, "status" | "customStatus" | "waitsForEvent">,
): boolean {
  if (instance.status === "Suspended") return true;
  const named = waitingFor(instance.customStatus);
  if (FROM_A_PERSON.has(named)) return true;
  // With null the run itself says that its waits for events are there to be interrupted by, and no reason to stay.
  return named !== null && instance.waitsForEvent;
}

function waitingFor(customStatus: string | null): unknown {
  if (customStatus?.includes('"waitingFor"') !== true) return undefined;
  const status: unknown = JSON.parse(customStatus);
  return typeof status === "object" && status !== null && "waitingFor" in status
    ? status.waitingFor
    : undefined;
}
