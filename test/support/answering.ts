import { verbEvent } from "../../src/domain/verb.js";
import { detectedAt } from "./estates.js";
import type { People } from "./replay-driver.js";

/** Approves, or denies, whatever a run asks for. */
export function answering(decision: "approve" | "deny"): People {
  const known = new Set<string>();
  return (status) => {
    const { approvals = [] } = status as { approvals?: { nonce: string; status: string }[] };
    return approvals
      .filter(({ nonce, status: is }) => is === "open" && known.size !== known.add(nonce).size)
      .map(({ nonce }) => ({
        name: verbEvent,
        data: {
          ...{ verb: "approval", id: nonce, at: detectedAt, nonce, decision, reason: "x" },
          by: { name: "ada", source: "key" },
        },
        after: 60_000,
      }));
  };
}
