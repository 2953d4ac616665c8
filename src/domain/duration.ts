import { z } from "zod";

/** A length of time. Written in configuration as ISO 8601 (`PT15M`), carried as whole milliseconds. */
export const Milliseconds = z.int().nonnegative().brand<"Milliseconds">();
export type Milliseconds = z.infer<typeof Milliseconds>;

export const milliseconds = (count: number): Milliseconds => Math.round(count) as Milliseconds;
export const seconds = (count: number): Milliseconds => milliseconds(count * 1_000);
export const minutes = (count: number): Milliseconds => seconds(count * 60);
export const hours = (count: number): Milliseconds => minutes(count * 60);
export const days = (count: number): Milliseconds => hours(count * 24);

const iso8601 =
  /^P(?=\d|T\d)(?:(?<days>\d+)D)?(?:T(?=\d)(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+(?:\.\d{1,3})?)S)?)?$/;

/** Reads an ISO 8601 duration of days, hours, minutes and seconds; undefined if it is none. */
export function parseDuration(text: string): Milliseconds | undefined {
  const parts = iso8601.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const part = (name: string): number => Number(parts[name] ?? 0);
  return milliseconds(
    days(part("days")) + hours(part("hours")) + minutes(part("minutes")) + seconds(part("seconds")),
  );
}

/** The ISO 8601 form, the inverse of `parseDuration`. */
export function printDuration(duration: Milliseconds): string {
  const whole = Math.floor(duration / 1_000);
  const [d, h, m] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  const s = Number(((whole % 60) + (duration % 1_000) / 1_000).toFixed(3));
  const time = `${h > 0 ? `${h}H` : ""}${m > 0 ? `${m}M` : ""}${s > 0 ? `${s}S` : ""}`;
  const date = d > 0 ? `${d}D` : "";
  return date === "" && time === "" ? "PT0S" : `P${date}${time === "" ? "" : `T${time}`}`;
}

/** For people: `45 s`, `12 min 03 s`, `1 h 05 min`, `2 d 4 h`. */
export function describeDuration(duration: number): string {
  const whole = Math.round(Math.abs(duration) / 1_000);
  const two = (count: number): string => String(count).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86_400)
    return `${Math.floor(whole / 3_600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor(whole / 3_600) % 24} h`;
}

/** A duration as configuration writes it; milliseconds pass, so that a parsed estate parses again. */
export const Duration = z
  .union(
    [
      Milliseconds,
      z.string().transform((text, context) => {
        const parsed = parseDuration(text);
        if (parsed !== undefined) return parsed;
        context.addIssue({
          code: "custom",
          message: `"${text}" is not an ISO 8601 duration; write days, hours, minutes or seconds, such as PT15M or P90D`,
        });
        return z.NEVER;
      }),
    ],
    { error: "write an ISO 8601 duration such as PT15M or P90D" },
  )
  .meta({ title: "duration" });
