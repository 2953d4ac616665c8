import { ProgressView } from "../../../local/demo/progress.js";
import type { Checkpoint } from "../../../src/domain/checkpoint.js";
import { minutes, seconds, type Milliseconds } from "../../../src/domain/duration.js";
import { plus } from "../../../src/domain/instant.js";
import { detectedAt, orderOf } from "../../support/estates.js";

function checkpoint(elapsed: Milliseconds, detail: string): Checkpoint {
  const { scenario, environment, resource, mode, trigger } = orderOf();
  const title = "Restart the revisions that serve traffic";
  return {
    ...{ scenario, title: scenario, environment, resource, mode, trigger, detectedAt },
    waitingFor: null,
    approvals: [],
    decisions: [],
    startedAt: detectedAt,
    at: plus(detectedAt, elapsed),
    step: { id: "restart-revision", title, since: detectedAt, detail },
    steps: [],
    clock: {
      elapsed,
      deadlines: {
        scenarioAt: plus(detectedAt, minutes(15)),
        environmentAt: plus(detectedAt, minutes(60)),
      },
      forecastAt: plus(detectedAt, minutes(2)),
      basis: "catalogue",
      withinRto: { scenario: true, environment: true },
    },
  };
}

/** What the view writes where nobody watches: a file, or the log of a build. */
function written(checkpoints: readonly Checkpoint[]): readonly string[] {
  const lines: string[] = [];
  const out = { isTTY: false, write: (text: string) => lines.push(text) };
  const view = new ProgressView(out as unknown as NodeJS.WriteStream);
  for (const one of checkpoints) view.show(one);
  view.end();
  return lines;
}

describe("the progress of a demo, outside a terminal", () => {
  it("writes a line where there is news, and none because time has passed", () => {
    const lines = written([
      checkpoint(seconds(5), "0 of 2 replicas"),
      checkpoint(seconds(9), "0 of 2 replicas"),
      checkpoint(seconds(14), "1 of 2 replicas"),
    ]);

    expect(lines.map((line) => line.split(" | ").at(-1))).toEqual([
      "Restart the revisions that serve traffic: 0 of 2 replicas\n",
      "Restart the revisions that serve traffic: 1 of 2 replicas\n",
    ]);
  });

  it("shows at least once a minute that the run goes on", () => {
    const lines = written(
      [0, 20, 40, 60, 80, 100, 120].map((at) => checkpoint(seconds(at), "0 of 2 replicas")),
    );

    expect(lines).toHaveLength(3);
    expect(lines.at(-1)).toContain("2 min 00 s of 15 min 00 s | forecast 2 min 00 s, in time");
  });
});
