import { verbEvent } from "../../src/domain/verb.js";
import { detectedAt } from "./estates.js";
import type { People } from "./replay-driver.js";

/** Approves, or denies, whatever a run asks for, apart from one step that is denied. */
export function answering(decision: "approve" | "deny", denied?: string): People {
  const known = new Set<string>();
  return (status) => {
    const { approvals = [] } = status as { approvals?: Asked[] };
    return approvals
      .filter(({ nonce, status: is }) => is === "open" && known.size !== known.add(nonce).size)
      .map(({ nonce, step }) => ({
        name: verbEvent,
        data: {
          ...{ verb: "approval", id: nonce, at: detectedAt, nonce, reason: "x" },
          decision: step === denied ? "deny" : decision,
          by: { name: "ada", source: "key" },
        },
        after: 60_000,
      }));
  };
}

/** Approves whatever is asked, and tells when somebody thinks of it: what comes back by itself meanwhile. */
export function comingBackMeanwhile() {
  const approving = answering("approve");
  let asked = false;
  const people: People = (status, now) => {
    const { approvals = [] } = status as { approvals?: Asked[] };
    asked ||= approvals.some(({ status: is }) => is === "open");
    return approving(status, now);
  };
  return { people, comesBackOnce: () => asked };
}

interface Asked {
  readonly nonce: string;
  readonly step: string;
  readonly status: string;
}
