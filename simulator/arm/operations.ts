import type { Refusal } from "../server/refusal.js";

/** A long-running operation of a resource provider. */
export interface Operation {
  readonly id: string;
  readonly subscription: string;
  readonly region: string;
  readonly provider: string;
  readonly resourceId: string;
  readonly startedAt: number;
  endedAt: number | undefined;
  status: "InProgress" | "Succeeded" | "Failed";
  error: Refusal | undefined;
  /** The fault that keeps it from ending. */
  stuckBy: string | undefined;
  /** What happens when its time has come; undefined until then and after it has ended. */
  due: (() => void) | undefined;
  /** What the result URL answers once the operation has succeeded. */
  readonly result: () => unknown;
}
