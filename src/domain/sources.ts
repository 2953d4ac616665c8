import { z } from "zod";

/** One look at whether something has failed, from one place. */
export const Source = z.strictObject({
  kind: z.enum([
    "alert",
    "own-probe",
    "arm-state",
    "resource-health",
    "app-health",
    "traffic-manager",
    "service-health",
  ]),
  says: z.enum(["failed", "well", "unknown"]),
  detail: z.string(),
});
export type Source = Readonly<z.infer<typeof Source>>;

export type Agreement =
  | { readonly kind: "failed"; readonly detail: string }
  | { readonly kind: "well"; readonly detail: string }
  /** Too few say that it failed: nothing may be changed on that ground. */
  | { readonly kind: "unconfirmed"; readonly detail: string };

/**
 * An automatic run changes something only when two independent sources say that it failed. That this
 * service alone cannot connect is a finding about the service.
 */
export function agreement(sources: readonly Source[]): Agreement {
  const detail = sources
    .map(({ kind, says, detail: why }) => `${kind}: ${says} (${why})`)
    .join("; ");
  const kinds = (says: Source["says"]): number =>
    new Set(sources.filter((source) => source.says === says).map(({ kind }) => kind)).size;
  if (kinds("failed") >= 2) return { kind: "failed", detail };
  if (kinds("failed") === 0 && kinds("well") > 0) return { kind: "well", detail };
  return { kind: "unconfirmed", detail };
}
