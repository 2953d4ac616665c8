import { describeDuration, hours, minutes, seconds } from "./duration.js";
import type { Escape } from "./html.js";
import type { RecoveryTime } from "./recovery-time.js";

const [width, height] = [420, 220];
const [left, right, top, bottom] = [84, 12, 12, 32];
/** As many dates as have room. */
const mostDates = 4;
/** What the lines of the scale are apart. */
const steps = [
  ...[1, 2, 5, 10, 15, 30].map(seconds),
  ...[1, 2, 5, 10, 15, 30].map(minutes),
  ...[1, 2, 4, 8, 24].map(hours),
];

/** Recovery times over time, a dot for each run, below the line of their target where it was met. */
export function recoveryChart(times: readonly RecoveryTime[], escape: Escape): string {
  const most = Math.max(...times.flatMap(({ took, target }) => [took, target])) * 1.1;
  const x = (at: number): number =>
    round(left + ((width - left - right) * (at + 0.5)) / times.length);
  const y = (time: number): number =>
    round(height - bottom - ((height - top - bottom) * time) / most);
  const spread = (width - left - right) / times.length / 2;
  const words = times.map(inWords);
  const dots = times.map(
    (time, at) =>
      `<circle class="${isMet(time) ? "met" : "missed"}" cx="${x(at)}" cy="${y(time.took)}" r="5"><title>${escape(words[at] ?? "")}</title></circle>`,
  );
  const targets = times.map(
    ({ target }, at) =>
      `<path class="target" d="M${round(x(at) - spread)} ${y(target)}H${round(x(at) + spread)}"/>`,
  );
  const way = times.map(({ took }, at) => `${x(at)},${y(took)}`).join(" ");
  return `<figure>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(words.join("; "))}">
<path class="axis" d="M${left} ${top}V${height - bottom}H${width - right}" fill="none"/>
${scale(most)
  .map(
    (time) =>
      `<text x="${left - 8}" y="${round(y(time) + 4)}" text-anchor="end">${describeDuration(time)}</text>`,
  )
  .join("\n")}
${targets.join("\n")}
<polyline class="way" points="${way}"/>
${dots.join("\n")}
${datesOf(times, x)}
</svg>
<figcaption>${escape(caption(times))}</figcaption>
</figure>
`;
}

function scale(most: number): readonly number[] {
  const step = steps.find((each) => most / each < 5) ?? most / 4;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, nth) => nth * step);
}

function datesOf(times: readonly RecoveryTime[], x: (at: number) => number): string {
  const every = Math.ceil(times.length / mostDates);
  return times
    .map(({ detectedAt }, at) =>
      at % every === 0
        ? `<text x="${x(at)}" y="${height - 12}" text-anchor="middle">${detectedAt.slice(0, 10)}</text>`
        : "",
    )
    .filter((text) => text !== "")
    .join("\n");
}

const isMet = ({ took, target }: RecoveryTime): boolean => took <= target;

/** One run of a series, as lists show it. */
export const inWords = (time: RecoveryTime): string =>
  `${time.detectedAt.slice(0, 10)}: ${describeDuration(time.took)} of ${describeDuration(time.target)}, ${isMet(time) ? "met" : "missed"}`;

const caption = (times: readonly RecoveryTime[]): string =>
  `From detection to the verified recovery. Dashed: the target, met ${times.filter(isMet).length} of ${times.length} times.`;

const round = (value: number): number => Math.round(value * 10) / 10;
