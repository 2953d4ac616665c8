import { stateAccount } from "../../local/stack/seed-from-estate.js";
import type { LogEntry } from "../../local/stack/simulator-client.js";

let written = 0;

/** An entry of the simulator's log, as if everything had gone well. */
export const request = (more: Partial<LogEntry> = {}): LogEntry => ({
  n: ++written,
  at: "2026-11-22T14:00:00.000Z",
  method: "GET",
  host: "management.azure.com",
  path: "/one",
  status: 200,
  service: "arm",
  operation: "containerApps.get",
  mutating: false,
  ...more,
});

export const effect = (operation: string, more: Partial<LogEntry> = {}): LogEntry =>
  request({
    method: "POST",
    mutating: true,
    operation,
    effect: { kind: "done", resource: "/one" },
    ...more,
  });

/** A claim is written into the service's own account. */
export const claim = (step: string): LogEntry =>
  effect("blobs.put", {
    method: "PUT",
    service: "blobs",
    host: `${stateAccount}.blob.core.windows.net`,
    path: `/recovery-state/claims/run-1/${step}.json`,
  });
