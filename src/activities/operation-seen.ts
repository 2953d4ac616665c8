import type { OperationState } from "../azure/arm-operation.js";

/** What an activity answers of a long operation that it has looked at. */
export function operationSeen(seen: OperationState) {
  switch (seen.state) {
    case "running":
      return { state: seen.state, operation: seen.token, detail: "Azure is at work" };
    case "succeeded":
      return { state: seen.state, detail: "Azure reports success" };
    case "failed":
      return { state: seen.state, detail: `Azure reports failure: ${seen.message}` };
  }
}
