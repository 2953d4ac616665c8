import { z } from "zod";
import { ContactLevel } from "./contact-level.js";
import { Instant } from "./instant.js";

/** What people are told about. */
export const NoticeKind = z.enum([
  "started",
  "approval-wanted",
  "operator-needed",
  "half-rto-used",
  "breached",
  "restored",
  "ended",
  "held-back",
  "readiness",
]);
export type NoticeKind = z.infer<typeof NoticeKind>;

/** What became of a notice on one channel. */
export const NoticeReceipt = z.strictObject({
  notice: z.string(),
  kind: NoticeKind,
  noticeAt: Instant,
  channel: z.string(),
  /** Whom the channel was to reach with it. */
  to: z.array(ContactLevel),
  /** `failed`: refused for good, or given up. `not-needed`: a fallback whose people had been reached. */
  status: z.enum(["pending", "delivered", "failed", "not-needed"]),
  attempts: z.int().nonnegative(),
  at: Instant,
  detail: z.string(),
});
export type NoticeReceipt = z.infer<typeof NoticeReceipt>;

const finality = { pending: 0, "not-needed": 1, failed: 1, delivered: 2 } as const;

/**
 * The better known of what two writers say about one channel: a delivery is never forgotten, and an
 * end never taken back by an attempt that was slow to write.
 */
export function laterReceipt(one: NoticeReceipt, other: NoticeReceipt): NoticeReceipt {
  const ahead = finality[other.status] - finality[one.status] || other.attempts - one.attempts;
  return ahead > 0 ? other : one;
}
