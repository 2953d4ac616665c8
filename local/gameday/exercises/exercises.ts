import type { Exercise } from "../exercise.js";
import { containerAppFailure } from "./container-app-failure.js";

/** The scenarios that a game day knows, in the order of the table. */
export const exercises: readonly Exercise[] = [containerAppFailure];
