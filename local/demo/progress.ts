import type { Checkpoint } from "../../src/domain/checkpoint.js";
import { describeDuration, minutes } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";

/** One line of progress: the clock against the RTO, the forecast, the step and what it sees. */
function progressLine(checkpoint: Checkpoint): string {
  const { clock, detectedAt, step, outcome } = checkpoint;
  const budget = elapsed(detectedAt, clock.deadlines.scenarioAt);
  const forecast = describeDuration(elapsed(detectedAt, clock.forecastAt));
  const verdict = clock.breach ?? (clock.withinRto.scenario ? "in time" : "late");
  const state =
    clock.restoredAt === undefined
      ? (outcome ?? `forecast ${forecast}, ${verdict}`)
      : `restored after ${forecast}, ${verdict}`;
  const seen = step.detail === step.title ? " ..." : `: ${step.detail}`;
  return `${describeDuration(clock.elapsed).padStart(12)} of ${describeDuration(budget)} | ${state} | ${step.title}${seen}`;
}

/** What is new to a reader: not that time has passed. */
const newsOf = ({ step, clock, outcome }: Checkpoint): string =>
  JSON.stringify([step.id, step.detail, outcome, clock.withinRto, clock.restoredAt]);

/** How long a log without news stays silent, in the run's own time. */
const silence = minutes(1);

/** On a terminal one line a step, kept up to date; elsewhere one below the other, where there is news. */
export class ProgressView {
  readonly #out: NodeJS.WriteStream;
  #last = "";
  #news = "";
  #saidAt = 0;
  #step = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(checkpoint: Checkpoint): void {
    const line = progressLine(checkpoint);
    if (line === this.#last) return;
    this.#last = line;
    if (!this.#out.isTTY) {
      const news = newsOf(checkpoint);
      const { elapsed: at } = checkpoint.clock;
      if (news === this.#news && at - this.#saidAt < silence) return;
      this.#news = news;
      this.#saidAt = at;
      this.#out.write(`${line}\n`);
      return;
    }
    const key = `${checkpoint.step.id}/${checkpoint.outcome ?? ""}`;
    if (this.#step !== "" && this.#step !== key) this.#out.write("\n");
    this.#step = key;
    this.#out.write(`\r\u001b[2K${line.slice(0, this.#out.columns - 1)}`);
  }

  end(): void {
    if (this.#out.isTTY && this.#last !== "") this.#out.write("\n");
  }
}
