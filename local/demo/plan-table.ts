import { describeDuration } from "../../src/domain/duration.js";
import type { Plan } from "../../src/domain/run-record.js";
import { aligned } from "./table.js";

/** A plan as a person reads it before he presses: what would be changed, and what if that fails. */
export function planTable({ changes, fallbacks, expected, dataLoss }: Plan): string {
  const rows = changes.map(({ title, detail, expected: takes, approval }, index) => [
    `${index + 1}.`,
    title,
    detail,
    describeDuration(takes),
    approval ?? "nobody",
  ]);
  const table = aligned([["", "step", "change", "about", "approved by"], ...rows]);
  const instead = fallbacks.flatMap(({ when, steps, expected: takes, dataLoss: loss }) => [
    `  If ${when}, about ${describeDuration(takes)} more, data loss: ${loss}`,
    ...steps.map((step) => `    - ${step}`),
  ]);
  return [
    "What would be changed:",
    ...table.map((line) => `  ${line}`),
    `  To the verified end: about ${describeDuration(expected)}. Data loss: ${dataLoss}.`,
    ...(instead.length === 0 ? [] : ["", "What if that does not help:", ...instead]),
  ].join("\n");
}
