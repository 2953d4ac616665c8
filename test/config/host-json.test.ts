import { readFileSync } from "node:fs";
import path from "node:path";
import { parseTimeSpan } from "../../local/host/time-span.js";
import { leaseLength, longestMutation } from "../../src/domain/lease.js";

const root = path.join(__dirname, "../..");
const { extensionBundle, functionTimeout, extensions, logging, telemetryMode } = JSON.parse(
  readFileSync(path.join(root, "host.json"), "utf8"),
) as {
  extensionBundle: { id: string; version: string };
  functionTimeout: string;
  logging: { applicationInsights: unknown };
  telemetryMode?: string;
  extensions: {
    durableTask: Record<string, unknown> & { storageProvider: Record<string, string> };
  };
};
const { durableTask } = extensions;
const { storageProvider } = durableTask;
const span = (text: string | undefined): number => parseTimeSpan(text ?? "") ?? NaN;

/* What a recovery relies on in host.json; docs/host-settings.md has the reasons. */
describe("host.json", () => {
  it("asks for the bundle with Durable Functions 3 and keeps runs in Azure Storage", () => {
    expect(extensionBundle).toEqual({
      id: "Microsoft.Azure.Functions.ExtensionBundle",
      version: "[4.*, 5.0.0)",
    });
    expect(storageProvider["type"]).toBe("AzureStorage");
  });

  it("looks for work each second, whatever the plan", () => {
    expect(span(storageProvider["maxQueuePollingInterval"])).toBe(1_000);
  });

  it("gives the work of a killed instance to another while its lease still has time", () => {
    const step = span(storageProvider["workItemQueueVisibilityTimeout"]);
    const turn = span(storageProvider["controlQueueVisibilityTimeout"]);

    // No second instance begins a change that the first may still be making.
    expect(step).toBeGreaterThan(longestMutation);
    // The host renews what it works on 30 s before it becomes visible.
    expect(turn).toBeGreaterThan(30_000);
    // A lease is renewed from half-time on, so at least this is left of it.
    expect(step + turn + longestMutation).toBeLessThan(leaseLength / 2);
    expect(span(functionTimeout)).toBeGreaterThan(longestMutation);
  });

  it("lets runs in flight go on after an upgrade, and keeps newer ones waiting after a way back", () => {
    expect(durableTask).toMatchObject({
      defaultVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as unknown,
      versionMatchStrategy: "CurrentOrOlder",
      versionFailureStrategy: "Reject",
    });
    // A running instance must never give way to a start with its id.
    expect(durableTask["overridableExistingInstanceStates"] ?? "NonRunningStates").toBe(
      "NonRunningStates",
    );
  });

  it("samples no telemetry, in the mode in which the host reads that", () => {
    expect(logging.applicationInsights).toEqual({ samplingSettings: { isEnabled: false } });
    expect(telemetryMode).toBeUndefined();
  });

  it("has a reason for every setting of runs", () => {
    const page = readFileSync(path.join(root, "docs/host-settings.md"), "utf8");
    const settings = Object.keys({ ...durableTask, ...storageProvider, functionTimeout });

    expect(
      settings.filter((name) => name !== "storageProvider" && !page.includes(`\`${name}\``)),
    ).toEqual([]);
  });
});
