import { availabilityAlert } from "../../local/stack/alert.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import type { Measurement } from "../measurement.js";
import { median } from "../median.js";

/** What an alert waits for when no instance of the service runs: Azure is there, the process is not. */
export const coldStart: readonly Measurement[] = [
  {
    group: "cold",
    name: "first-alert",
    async measure({ starts }) {
      const stack = await startStack();
      try {
        const ready: number[] = [];
        const answered: number[] = [];
        for (let start = 0; start < starts; start += 1) {
          const times = await firstAlert(stack);
          ready.push(times.ready);
          answered.push(times.answered);
        }
        return [
          {
            what: `a cold process with the compiled app until it is ready, median of ${starts}`,
            value: median(ready),
            unit: "ms",
          },
          {
            what: `the same until its first alert is answered with 202, median of ${starts}`,
            value: median(answered),
            unit: "ms",
          },
        ];
      } finally {
        await stack.stop();
      }
    },
  },
];

async function firstAlert(stack: Stack): Promise<{ ready: number; answered: number }> {
  const { component, availabilityTests } =
    stack.estate.environments.production?.applicationInsights ?? {};
  if (component === undefined) throw new Error("the sample estate has no production environment");
  const service = new ServiceClient(stack.host);
  // What earlier alerts started must not hold this one back.
  const { automation } = stack.estate.environments.production ?? {};
  await stack.simulator.advance((automation?.window ?? 0) / 1_000 + 1);
  await stack.killHost();
  const alert = availabilityAlert(
    component,
    availabilityTests?.[0] ?? component,
    await stack.simulator.now(),
  );

  const begun = performance.now();
  await stack.startHost();
  const ready = performance.now() - begun;
  const { run, reason } = await service.postAlert(alert);
  const answered = performance.now() - begun;

  if (run === undefined) throw new Error(`the alert started no run: ${reason}`);
  while ((await service.run(run)).status === "running") {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ready, answered };
}
