import { startStack, type Stack } from "../../local/stack/stack.js";
import { backUp, fill, hostHeap, n, productionOf, type BackedUp } from "../backup-run.js";
import type { Measurement, Row } from "../measurement.js";

/** Requests that are exported from Application Insights, counted and read back. */
export const telemetryBackup: readonly Measurement[] = [
  {
    group: "backup",
    name: "application-insights",
    async measure({ requests }) {
      const stack = await startStack({ hostHeap });
      try {
        return await measured(stack, requests);
      } finally {
        await stack.stop();
      }
    },
  },
];

/** Ten days, so that it is the number of requests that grows and not that of the days. */
const hours = 240;

async function measured(stack: Stack, count: number): Promise<readonly Row[]> {
  const perHour = Math.max(10, Math.round(count / hours));
  const [few, many] = [Math.ceil(perHour / 10), perHour];
  // Each in a host of its own: what an earlier export left in memory would count for a later one.
  const small = await exported(stack, few);
  await stack.killHost();
  await stack.startHost();
  const large = await exported(stack, many);
  const grown = n(few * hours);
  const all = n(many * hours);
  return [
    {
      what: `${all} requests exported as CSV, counted and read back`,
      value: (many * hours) / large.seconds,
      unit: "per s",
    },
    {
      what: `peak memory of the host with a heap of ${hostHeap} MB, ${grown} requests`,
      value: small.memory,
      unit: "MB",
    },
    { what: `the same, ${all} requests`, value: large.memory, unit: "MB", goal: { atMost: 350 } },
    {
      what: `how many times as much memory for ${all} requests as for ${grown}`,
      value: large.memory / small.memory,
      unit: "",
      // Ten times as many requests; what is held is an answer of the log service, whatever their number.
      goal: { atMost: 1.5 },
    },
    { what: `events in the history, ${all} requests`, value: large.events, unit: "" },
  ];
}

/** Begins anew with so many requests of the past and none else, and exports them. */
async function exported(stack: Stack, perHour: number): Promise<BackedUp> {
  const { component } = productionOf(stack).applicationInsights;
  await fill(stack, ({ components, containerApps }) => ({
    components: components.map((each) =>
      each.id === component ? { ...each, requests: { hours, perHour } } : each,
    ),
    containerApps: containerApps.map((app) => ({ ...app, component: undefined })),
  }));
  return backUp(stack, "application-insights", "backUpTelemetry", {
    count: perHour * hours,
    scope: "full",
    unit: "requests",
  });
}
