import { execFileSync } from "node:child_process";
import path from "node:path";
import { availabilityAlert } from "../../local/stack/alert.js";
import { repository } from "../../local/stack/repository.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import type { Measurement, Row } from "../measurement.js";
import { median } from "../median.js";

/** What an alert waits for when no instance of the service runs: Azure is there, the process is not. */
export const coldStart: readonly Measurement[] = [
  {
    group: "cold",
    name: "first-alert",
    async measure({ starts }) {
      makePackage();
      const stack = await startStack();
      try {
        const compiled: Times[] = [];
        const bundled: Times[] = [];
        // In turn, so that what else the machine does befalls both alike.
        for (let start = 0; start < starts; start += 1) {
          compiled.push(await firstAlert(stack, repository));
          bundled.push(await firstAlert(stack, packaged));
        }
        return [
          ...rowsOf("the compiled app", compiled),
          ...rowsOf("the bundle that is deployed", bundled),
          {
            what: "how many times as fast the bundle answers",
            value: median(compiled.map(answered)) / median(bundled.map(answered)),
            unit: "",
            goal: { atLeast: 1 },
          },
        ];
      } finally {
        await stack.stop();
      }
    },
  },
];

interface Times {
  readonly ready: number;
  readonly answered: number;
}

const answered = (times: Times): number => times.answered;

const rowsOf = (app: string, times: readonly Times[]): readonly Row[] => [
  {
    what: `a cold process with ${app} until it is ready, median of ${times.length}`,
    value: median(times.map(({ ready }) => ready)),
    unit: "ms",
  },
  {
    what: `the same until its first alert is answered with 202, median of ${times.length}`,
    value: median(times.map(answered)),
    unit: "ms",
  },
];

const packaged = path.join(repository, "dist/package");

/** As `npm run package` does. */
function makePackage(): void {
  const options = { cwd: repository, stdio: "ignore" as const, timeout: 120_000 };
  execFileSync(process.execPath, [path.join(repository, "tools/package.cjs")], options);
}

async function firstAlert(stack: Stack, app: string): Promise<Times> {
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
  await stack.startHost(app);
  const ready = performance.now() - begun;
  const { run, reason } = await service.postAlert(alert);
  const answered = performance.now() - begun;

  if (run === undefined) throw new Error(`the alert started no run: ${reason}`);
  while ((await service.run(run)).status === "running") {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ready, answered };
}
