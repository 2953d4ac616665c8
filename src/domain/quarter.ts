import { z } from "zod";
import type { Instant } from "./instant.js";

/** A quarter of a calendar year in UTC, such as `2026-Q4`. */
export const Quarter = z
  .string()
  .regex(/^[1-9]\d{3}-Q[1-4]$/, { error: "write a quarter such as 2026-Q4" })
  .brand<"Quarter">();
export type Quarter = z.infer<typeof Quarter>;

const firstOf = (year: number, quarter: number): Instant =>
  new Date(Date.UTC(year, (quarter - 1) * 3)).toISOString();

/** From its first instant to the first one of the next. */
export function boundsOf(quarter: Quarter): { readonly from: Instant; readonly until: Instant } {
  const [year, nth] = [Number(quarter.slice(0, 4)), Number(quarter.slice(-1))];
  return { from: firstOf(year, nth), until: firstOf(year, nth + 1) };
}

export function quarterOf(at: Instant): Quarter {
  const date = new Date(at);
  return Quarter.parse(`${date.getUTCFullYear()}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`);
}
