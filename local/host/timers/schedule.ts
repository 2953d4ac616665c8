import { Cron } from "croner";
import { parseTimeSpan } from "../time-span.js";

const MINUTE_MS = 60_000;
/** What NCRONTAB knows: numbers, names, `* , - /`. Other cron dialects have more, which Azure would refuse. */
const NCRONTAB = /^([0-9*,/\s-]|[A-Za-z]{3,})+$/;

/** When a timer function is due. */
export interface Schedule {
  readonly text: string;
  readonly kind: "cron" | "interval";
  /** The first instant after the given one. */
  next(afterMs: number): number;
  /** Schedules more often than every minute are not monitored. */
  readonly monitored: boolean;
}

/** Reads six or five cron fields, which count in the given time zone, or a period as `hh:mm:ss`. */
export function parseSchedule(text: string, timeZone = "UTC"): Schedule {
  const period = parseTimeSpan(text);
  if (period !== undefined) {
    if (period === 0) throw new Error(`the schedule '${text}' has no length`);
    return {
      text,
      kind: "interval",
      next: (afterMs) => afterMs + period,
      monitored: period >= MINUTE_MS,
    };
  }
  return parseCron(text, timeZone);
}

function parseCron(text: string, timeZone: string): Schedule {
  const fields = text.trim().split(/\s+/);
  if ((fields.length !== 5 && fields.length !== 6) || !NCRONTAB.test(text)) {
    throw new Error(
      `the schedule '${text}' is not valid: six cron fields from seconds on, five from minutes on, or hh:mm:ss are`,
    );
  }
  refuseUnknownZone(timeZone);
  const expression = fields.length === 5 ? `0 ${fields.join(" ")}` : fields.join(" ");
  let cron: Cron;
  try {
    cron = new Cron(expression, { timezone: timeZone, domAndDow: true });
  } catch (error) {
    throw new Error(`the schedule '${text}' is not valid: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const next = (afterMs: number): number => {
    const at = cron.nextRun(new Date(afterMs));
    if (at === null) throw new Error(`the schedule '${text}' never comes due`);
    return at.getTime();
  };
  return { text, kind: "cron", next, monitored: shortestGap(next) >= MINUTE_MS };
}

function refuseUnknownZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (error) {
    throw new Error(
      `the time zone '${timeZone}' of WEBSITE_TIME_ZONE is not known; use an IANA name, for instance Europe/Berlin`,
      { cause: error },
    );
  }
}

function shortestGap(next: (afterMs: number) => number): number {
  let at = next(0);
  let shortest = Infinity;
  for (let count = 0; count < 5; count += 1) {
    const following = next(at);
    shortest = Math.min(shortest, following - at);
    at = following;
  }
  return shortest;
}
