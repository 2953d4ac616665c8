import type { Environment } from "../../src/domain/estate.js";
import type { Stack } from "./stack.js";

/** Has the simulated Azure make the availability tests of environments; their alerts are posted to the service. */
export async function watchApps(stack: Stack, environments: readonly Environment[]): Promise<void> {
  const { url, masterKey } = stack.host();
  await stack.simulator.monitor({
    receiver: { url: `${url}/api/alerts`, headers: { "x-functions-key": masterKey } },
    tests: environments.flatMap(({ applicationInsights, containerApp }) =>
      applicationInsights.availabilityTests.map((webTest) => ({
        webTest,
        component: applicationInsights.component,
        app: containerApp.primary,
      })),
    ),
  });
}
