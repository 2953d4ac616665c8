import type { Timeline } from "../world/timeline.js";
import type { ContainerApp, PlatformEvent, Replica, Revision } from "./state.js";

/** What a line of the platform's log is about. */
export interface About {
  readonly revision?: Revision;
  readonly replica?: Replica;
  readonly type?: PlatformEvent["type"];
}

/** Writes lines of the platform's own log about apps. */
export type PlatformLog = (
  app: ContainerApp,
  reason: string,
  message: string,
  about?: About,
) => void;

export function createPlatformLog(timeline: Timeline): PlatformLog {
  return (app, reason, message, { revision, replica, type = "Normal" } = {}) => {
    app.events.push({
      at: timeline.now(),
      reason,
      type,
      revision: revision?.name ?? "",
      replica: replica?.name ?? "",
      message,
    });
  };
}

/** The container that the application runs in. */
export function containerOf({ template }: Revision): string {
  return template.containers[0]?.name ?? "";
}
