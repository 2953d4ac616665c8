import { z } from "zod";
import { Milliseconds } from "./duration.js";
import { EvidenceReference } from "./evidence-reference.js";
import { Instant } from "./instant.js";

/** What is checked after every recovery and drill, in the order in which reports show it. */
export const ChecklistItem = z.enum([
  "health-endpoints",
  "application-insights-errors",
  "tenant-authentication",
  "rate-limiting",
  "chat",
  "branding-assets",
  "cost-tracking",
  "notification-delivery",
  "audit-logs",
  "incident-documentation",
]);
export type ChecklistItem = z.infer<typeof ChecklistItem>;

/** The items that the service knows by itself; the others are probed as the estate says. */
const known = [
  "health-endpoints",
  "notification-delivery",
  "audit-logs",
  "incident-documentation",
] as const;
export type ProbedItem = Exclude<ChecklistItem, (typeof known)[number]>;

export const probedItems: readonly ProbedItem[] = ChecklistItem.exclude(known).options;

export const isProbed = (item: ChecklistItem): item is ProbedItem =>
  probedItems.some((probed) => probed === item);

interface Described {
  readonly title: string;
  /** What a person does where it does not hold. */
  readonly remedy: string;
}

export const checklistItems: Readonly<Record<ChecklistItem, Described>> = {
  "health-endpoints": {
    title: "Health endpoints",
    remedy: "see which of the app's checks fails at its health endpoint",
  },
  "application-insights-errors": {
    title: "Application Insights errors",
    remedy: "see in Application Insights which requests fail since the recovery",
  },
  "tenant-authentication": {
    title: "Tenant authentication",
    remedy: "compare the tenants' configuration and keys in the vault that the app uses",
  },
  "rate-limiting": {
    title: "Rate limiting",
    remedy: "see whether the app counts requests in the cache that it uses",
  },
  chat: {
    title: "Chat end to end",
    remedy: "send a message as a tenant, and see in the app's log where it ends",
  },
  "branding-assets": {
    title: "Branding assets",
    remedy: "see whether the account that the app uses has the tenants' files, or restore them",
  },
  "cost-tracking": {
    title: "Cost tracking",
    remedy: "see whether the app writes what conversations cost, and whether it is ingested",
  },
  "notification-delivery": {
    title: "Notification delivery",
    remedy: "see in the record which channel did not take its notices, and mend it",
  },
  "audit-logs": {
    title: "Audit logs of this run",
    remedy: "see in the state store what the audit has of this run",
  },
  "incident-documentation": {
    title: "Incident documentation",
    remedy: "write down by hand what the record and the incident lack",
  },
};

/** `timed-out`: nobody could tell by the deadline. `canceled`: a person ended the checklist first. */
export const ChecklistStatus = z.enum([
  "passed",
  "failed",
  "not-configured",
  "timed-out",
  "canceled",
]);
export type ChecklistStatus = z.infer<typeof ChecklistStatus>;

/** What one probe, query or look has seen. Never a credential, never a whole answer. */
export const ChecklistProof = z.strictObject({
  what: z.string(),
  status: z.int().optional(),
  latency: Milliseconds.optional(),
  /** A number that was counted, or a value that was read, such as `Records = 1`. */
  value: z.string().optional(),
  /** Where more of it lies, scrubbed. */
  evidence: EvidenceReference.optional(),
});
export type ChecklistProof = z.infer<typeof ChecklistProof>;

/** One item of the checklist with its proof. */
export const ChecklistResult = z.strictObject({
  item: ChecklistItem,
  title: z.string(),
  status: ChecklistStatus,
  detail: z.string(),
  proof: z.array(ChecklistProof),
  startedAt: Instant,
  endedAt: Instant,
});
export type ChecklistResult = z.infer<typeof ChecklistResult>;

/** Whether it says that something does not hold, or that nobody can tell. */
const isMiss = ({ status }: ChecklistResult): boolean =>
  status === "failed" || status === "timed-out";

export const missesIn = (results: readonly ChecklistResult[]): readonly ChecklistResult[] =>
  results.filter(isMiss);

export const allPassed = (results: readonly ChecklistResult[]): boolean =>
  results.every(({ status }) => status === "passed");

/** In a clause: `8 of 10 passed, 2 not configured`. */
export function describeChecklist(results: readonly ChecklistResult[]): string {
  const count = (status: ChecklistStatus): number =>
    results.filter((result) => result.status === status).length;
  const others = ChecklistStatus.exclude(["passed"]).options.flatMap((status) =>
    count(status) === 0 ? [] : [`${count(status)} ${status.replace("-", " ")}`],
  );
  return [`${count("passed")} of ${results.length} passed`, ...others].join(", ");
}
