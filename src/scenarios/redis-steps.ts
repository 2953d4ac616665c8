import { seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** What every run about a cache begins with. */
export const findingSteps = {
  "find-active": {
    title: "Find the cache that the app uses now",
    expected: seconds(3),
    path: "main",
  },
  "find-app": { title: "Find the app that uses it", expected: seconds(2), path: "main" },
} as const satisfies Record<string, DeclaredStep>;
