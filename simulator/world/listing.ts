import type { World } from "./world.js";

/** Whether lists show something by now: they are read from a copy that follows after a while. */
export function isListed(
  { createdAt }: { readonly createdAt: number },
  { timeline, durations }: Pick<World, "timeline" | "durations">,
): boolean {
  return createdAt + durations.listConsistency <= timeline.now();
}
