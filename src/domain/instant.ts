import { z } from "zod";
import { milliseconds, type Milliseconds } from "./duration.js";

/** A moment in UTC, as ISO 8601 text. Field names of instants end in `At`. */
export const Instant = z.iso.datetime({
  error: "write a UTC instant such as 2026-11-22T13:58:24Z",
});
export type Instant = z.infer<typeof Instant>;

const epoch = (instant: Instant): number => Date.parse(instant);

export const instantOf = (date: Date): Instant => date.toISOString();
export const plus = (instant: Instant, duration: Milliseconds): Instant =>
  new Date(epoch(instant) + duration).toISOString();
export const earlierBy = (instant: Instant, duration: Milliseconds): Instant =>
  new Date(epoch(instant) - duration).toISOString();
/** How long after `from` is `to`; zero if it is not after. */
export const elapsed = (from: Instant, to: Instant): Milliseconds =>
  milliseconds(Math.max(0, epoch(to) - epoch(from)));
export const isAfter = (instant: Instant, other: Instant): boolean => epoch(instant) > epoch(other);
export const earlier = (one: Instant, other: Instant): Instant =>
  isAfter(one, other) ? other : one;
/** The `Date` that a durable timer wants. */
export const dateOf = (instant: Instant): Date => new Date(epoch(instant));
/** `20261122T135824Z`: sorts by time and is legal in instance ids and blob names. */
export const compact = (instant: Instant): string =>
  new Date(epoch(instant)).toISOString().replace(/[-:]|\.\d+/g, "");
