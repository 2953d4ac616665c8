import type { RunRecord } from "../../src/domain/run-record.js";
import { approver, operator, People } from "../demo/people.js";
import { principal } from "../stack/principal.js";
import { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";

/** The record of a run, or why there is none. */
export type Ending = { readonly record: RunRecord } | { readonly lacking: string };

/** What there is to attend, and how. */
interface Duty {
  readonly runs: () => readonly string[];
  /** Done again and again besides. */
  readonly meanwhile: () => Promise<void>;
  /**
   * Whether a step that failed is given up at once. Otherwise nobody decides until its time is over: that lets
   * hours pass, in which no other run may be under way.
   */
  readonly decides: boolean;
  /** Real time; the runs' own is skipped. */
  readonly limitMs: number;
}

/** Attends runs until each has left its record, or is given up. The people on call approve whatever is asked. */
export async function attend(
  stack: Stack,
  { runs, meanwhile, decides, limitMs }: Duty,
): Promise<readonly Ending[]> {
  const { host, simulator } = stack;
  const operates = serviceOf(stack);
  const cast = {
    operator: operates,
    approver: new ServiceClient(host, principal(approver, ["approver"])),
    silent: false,
    undecided: !decides,
  };
  const people = new People(cast, simulator, () => undefined);
  const endings = new Map<string, Ending>();
  const deadline = performance.now() + limitMs;
  for (;;) {
    await meanwhile();
    for (const run of runs().filter((id) => !endings.has(id))) {
      const { status, checkpoint, record } = await operates.run(run);
      if (record !== undefined) endings.set(run, { record });
      else if (status === "stopped") {
        endings.set(run, { lacking: "the run stopped without a record" });
      } else if (performance.now() > deadline) {
        const where = checkpoint === undefined ? "its start" : checkpoint.step.title;
        const lacking = `it hung for ${limitMs / 1000} s of real time at: ${where}`;
        endings.set(run, { lacking });
      } else if (checkpoint !== undefined) await people.attend(run, checkpoint);
    }
    if (runs().every((id) => endings.has(id))) return runs().flatMap((id) => endings.get(id) ?? []);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The service, as the operator on call speaks to it. */
export const serviceOf = ({ host }: Stack): ServiceClient =>
  new ServiceClient(host, principal(operator, ["operator"]));
