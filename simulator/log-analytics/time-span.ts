const DURATION =
  /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** An ISO 8601 time interval as the query service takes it: a duration, start/end, start/duration, duration/end. */
export function parseTimeSpan(text: string, now: number): TimeSpan | undefined {
  const [first = "", second, ...rest] = text.split("/");
  if (rest.length > 0) return undefined;
  const [one, other] = [duration(first), second === undefined ? undefined : duration(second)];
  if (second === undefined) {
    return one === undefined ? undefined : { from: now - one, to: now };
  }
  const [start, end] = [Date.parse(first), Date.parse(second)];
  if (one !== undefined && !Number.isNaN(end)) return { from: end - one, to: end };
  if (other !== undefined && !Number.isNaN(start)) return { from: start, to: start + other };
  if (Number.isNaN(start) || Number.isNaN(end)) return undefined;
  return { from: start, to: end };
}

function duration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || /^PT?$/i.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => (part ? Number(part) : 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
