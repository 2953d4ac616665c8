import { z } from "zod";
import { scrub } from "./credential-scrubbing.js";
import { Channel } from "./channel.js";
import { ContactLevel } from "./contact-level.js";
import type { Contacts } from "./estate.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { NoticeKind, type NoticeReceipt } from "./notice-receipt.js";
import { Outcome } from "./run-record.js";

const longestSubject = 120;
const longestLine = 240;

/** A message to the contacts of an environment, as a receiver gets it. */
export const Notice = z.strictObject({
  version: z.literal(1),
  /** The same however often it is built or sent: receivers tell repeats by it. */
  id: z.string(),
  environment: EnvironmentName,
  run: z.string().optional(),
  kind: NoticeKind,
  /** How the run has ended, in the notice that says so. */
  outcome: Outcome.optional(),
  /** Tells it from others of its kind in the same run. */
  distinction: z.string().optional(),
  to: z.array(
    z.strictObject({
      level: ContactLevel,
      name: z.string(),
      email: z.string(),
      phone: z.string().optional(),
    }),
  ),
  subject: z.string().max(longestSubject),
  /** What broke, what is done, until when, what you must do, where to look. */
  lines: z.array(z.string().max(longestLine)).max(5),
  at: Instant,
});
export type Notice = z.infer<typeof Notice>;

/** What a delivery is started with. It carries its channels, so that a deployment changes none. */
export const DeliveryOrder = z.strictObject({ notice: Notice, channels: z.array(Channel) });
export type DeliveryOrder = z.infer<typeof DeliveryOrder>;

/** The registered name of the orchestrator that delivers notices. */
export const deliveryOrchestrator = "deliverNotice";

const deliveryPrefix = "notice-";

/** The instance that delivers a notice; there is one for each, ever. */
export const deliveryId = ({ id }: Pick<Notice, "id">): string => `${deliveryPrefix}${id}`;

/** Whether an instance delivers a notice, and so is no run. */
export const isDelivery = (instance: string): boolean => instance.startsWith(deliveryPrefix);

/** The parts of a notice that its sender writes; the rest follows from them. */
export interface Draft {
  readonly environment: EnvironmentName;
  readonly run?: string | undefined;
  readonly kind: NoticeKind;
  readonly distinction?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly levels: readonly ContactLevel[];
  readonly contacts: Contacts;
  readonly subject: string;
  readonly lines: readonly string[];
  readonly at: Instant;
}

export function composeNotice(draft: Draft): Notice {
  const { environment, run, kind, outcome, contacts, at } = draft;
  const distinction = draft.distinction === undefined ? undefined : legal(draft.distinction);
  return {
    version: 1,
    id: [run ?? environment, kind, ...(distinction === undefined ? [] : [distinction])].join("."),
    environment,
    ...(run === undefined ? {} : { run }),
    kind,
    ...(distinction === undefined ? {} : { distinction }),
    ...(outcome === undefined ? {} : { outcome }),
    to: draft.levels.map((level) => {
      const { name, email, phone } = contacts[level];
      return { level, name, email, ...(phone === undefined ? {} : { phone }) };
    }),
    subject: fit(`[${environment}] ${draft.subject}`, longestSubject),
    lines: withSupport(
      draft.lines.map((line) => fit(line, longestLine)),
      draft.levels.includes("escalation") ? contacts.azureSupport : undefined,
    ),
    at,
  };
}

/** What people must do, the last line, ends with whom they can call at Azure. */
function withSupport(lines: readonly string[], support: Contacts["azureSupport"]): string[] {
  const last = lines.at(-1);
  if (support === undefined || last === undefined) return [...lines];
  const { plan, phone, url } = support;
  const how = [phone, url].flatMap((each) => each ?? []).join(", ");
  const whom = ` Azure support (${plan}): ${how}.`;
  return [...lines.slice(0, -1), `${fit(last, longestLine - whom.length)}${whom}`];
}

/** Whom a notice reaches at which time: each level joins those below it. */
export function levelsFor(
  kind: NoticeKind,
  standing: {
    readonly halfUsed: boolean;
    readonly needsOperator: boolean;
    readonly told: readonly ContactLevel[];
  },
): readonly ContactLevel[] {
  switch (kind) {
    case "started":
    case "readiness":
      return ["primary"];
    case "approval-wanted":
      return standing.halfUsed ? ["primary", "secondary"] : ["primary"];
    case "half-rto-used":
      return ["primary", "secondary"];
    case "operator-needed":
    case "breached":
    case "held-back":
      return ContactLevel.options;
    case "restored":
    case "ended":
      if (standing.needsOperator) return ContactLevel.options;
      // What speaks of its end alone, as a backup does, tells somebody all the same.
      return standing.told.length === 0
        ? ["primary"]
        : ContactLevel.options.filter((level) => standing.told.includes(level));
  }
}

/** Everybody that earlier notices of a run were meant for. */
export const toldBy = (notices: readonly Notice[]): readonly ContactLevel[] =>
  ContactLevel.options.filter((level) =>
    notices.some(({ to }) => to.some((recipient) => recipient.level === level)),
  );

/** The channels that reach at least one of a notice's recipients. */
export const channelsOf = (notice: Notice, channels: readonly Channel[]): readonly Channel[] =>
  channels.filter((channel) => addressedTo(channel, notice).to.length > 0);

/** A notice as one channel gets it: it names only those whom the channel reaches. */
export const addressedTo = ({ levels }: Channel, notice: Notice): Notice => ({
  ...notice,
  to: notice.to.filter(({ level }) => levels.includes(level)),
});

/** A notice with the place to look at as its last line. */
export const linkedTo = (notice: Notice, address: string): Notice => ({
  ...notice,
  lines: [...notice.lines.slice(0, 4), fit(`Look: ${address}`, longestLine)],
});

/** What is known of a notice on a channel after an attempt, or before the first. */
export function receiptOf(
  notice: Notice,
  channel: Channel,
  outcome: Pick<NoticeReceipt, "status" | "attempts" | "at" | "detail">,
): NoticeReceipt {
  return {
    notice: notice.id,
    kind: notice.kind,
    noticeAt: notice.at,
    channel: channel.name,
    to: addressedTo(channel, notice).to.map(({ level }) => level),
    ...outcome,
  };
}

/** Ids of instances are short, and their letters few; the end of a distinction tells most. */
const legal = (distinction: string): string => distinction.replace(/[^A-Za-z0-9-]/g, "").slice(-16);

function fit(text: string, longest: number): string {
  const line = scrub(text).replace(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
