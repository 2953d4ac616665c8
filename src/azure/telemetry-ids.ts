import { createHash } from "node:crypto";
import type { TracePlace } from "../domain/telemetry.js";

/** The ids of a place in a run's trace, as W3C Trace Context has them. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent at the run itself. */
  readonly parentId?: string;
}

const hashed = (text: string, bytes: number): string =>
  createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 2 * bytes);

const spanId = ({ run, path }: TracePlace): string => hashed(JSON.stringify([run, ...path]), 8);

/**
 * Made of names alone: whoever carries out a piece of a run joins its trace without being told of it, and
 * what is told twice has the same id.
 */
export function traceIdsOf(place: TracePlace): TraceIds {
  const { run, path } = place;
  return {
    traceId: hashed(run, 16),
    spanId: spanId(place),
    ...(path.length === 0 ? {} : { parentId: spanId({ run, path: path.slice(0, -1) }) }),
  };
}
