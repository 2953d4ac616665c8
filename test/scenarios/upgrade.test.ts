import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { repository } from "../../local/stack/repository.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { ChangedApp, type Change } from "../support/changed-app.js";
import { ended, reached } from "../support/recovery-run.js";

/*
 * The next version of scenario 1 gathers evidence while it holds the app, and no longer before. What
 * runs is the compiled app, the next one a copy of it with its change; the versions are those of host.json.
 */
const file = "orchestrators/recover-container-app.js";
const gather =
  "yield* gatherEvidence(recovery, order.resource, serving, order.estate.applicationInsights);";
const beforeIt = "const split = yield* tellApart(";
const next = (isOld: string): readonly Change[] => [
  [file, `    ${gather}\n`, `    if (${isOld}) ${gather}\n`],
  [file, beforeIt, `if (!(${isOld})) ${gather}\n        ${beforeIt}`],
];
const oldOrder = ["confirm", "gather-evidence", "recheck", "restart-revision"];
const newOrder = ["confirm", "recheck", "gather-evidence", "restart-revision"];
/** A machine that does much else as well takes its time. */
const patience = 60_000;

describe("an upgrade in the middle of recoveries", () => {
  const upgraded = new ChangedApp("1.1.0", next('recovery.startedBefore("1.1.0")'));
  const forgetful = new ChangedApp("1.1.0", next("false"));
  let stack: Stack;
  let service: ServiceClient;

  beforeAll(async () => {
    stack = await startStack();
    service = new ServiceClient(stack.host);
  }, 60_000);
  afterAll(async () => {
    await stack.stop();
    for (const app of [upgraded, forgetful]) app.remove();
  });

  /** Starts a recovery of an app that is ill, and stops it where Azure has done something it has not heard of. */
  async function recoverUntil(
    environment: "production" | "staging",
    pathPattern: string,
  ): Promise<{ run: string; answered: string }> {
    const resource = stack.estate.environments[environment]?.containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource });
    await stack.simulator.fault({ name: "hold-answer", times: 1, match: { pathPattern } });
    const order = { scenario: "container-app-failure", environment, reason: "it is down" };
    const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
    if (answer.status !== 202) throw new Error(`nothing was started: ${answer.text}`);
    const { id: run } = answer.json as { id: string };
    const [held] = await stack.simulator.held(patience);
    if (held === undefined) throw new Error(`${run} did not come to ${pathPattern}`);
    return { run, answered: held.id };
  }
  const stepsOf = async (run: string): Promise<readonly string[]> => {
    const { outcome, steps } = await ended(stack, run, patience);
    expect({ run, outcome }).toEqual({ run, outcome: "restored" });
    return steps.map(({ id }) => id).slice(0, 4);
  };
  const platformSays = async (run: string) =>
    (await service.call("GET", `/runtime/webhooks/durabletask/instances/${run}`)).json as {
      runtimeStatus: string;
      output: unknown;
    };

  it("leaves a run that was killed on the old version its old order; on the way back, a new one waits", async () => {
    const old = await recoverUntil("production", "/evidence/.*/app-state");
    await stack.killHost();
    await stack.startHost(upgraded.folder);
    expect(await stepsOf(old.run)).toEqual(oldOrder);

    const fresh = await recoverUntil("production", "/leases/");
    await stack.killHost();
    await stack.startHost(repository);
    // The old version works, and does not touch what it cannot know.
    const older = await recoverUntil("staging", "/notices/container-app-failure-staging");
    const waiting = await service.run(fresh.run);
    expect(waiting).toMatchObject({ status: "running", checkpoint: { step: { id: "confirm" } } });
    expect((await platformSays(fresh.run)).runtimeStatus).toBe("Running");
    expect(await mayDeploy()).toMatchObject({
      code: 1,
      said: expect.stringContaining(`${fresh.run} is under way`) as unknown,
    });

    // A deployment asks the host to end; what it has in hand comes to its end.
    const stopped = stack.stopHost();
    await stack.simulator.decide(older.answered, "release");
    await stopped;
    await stack.startHost(upgraded.folder);
    expect(await Promise.all([stepsOf(fresh.run), stepsOf(older.run)])).toEqual([
      newOrder,
      oldOrder,
    ]);
    expect(await mayDeploy()).toEqual({ code: 0, said: "" });
  }, 240_000);

  it("would break a run that is in flight if its old order were forgotten", async () => {
    await stack.stopHost();
    await stack.startHost(repository);
    const { run } = await recoverUntil("production", "/evidence/.*/app-state");
    await stack.killHost();
    await stack.startHost(forgetful.folder);
    await reached(stack, run, ({ status }) => status !== "running", patience);

    const { runtimeStatus, output } = await platformSays(run);
    expect(runtimeStatus).toBe("Failed");
    expect(String(output)).toMatch(/[Nn]on-?[Dd]eterministic/);
  }, 120_000);

  /** What the hook before a deployment says, with an Azure CLI that knows this host's keys. */
  async function mayDeploy(): Promise<{ code: number; said: string }> {
    const { url, functionKeys } = stack.host();
    const folder = mkdtempSync(path.join(os.tmpdir(), "azure-cli-"));
    const key = functionKeys["listRecoveries"] ?? "";
    const answers = `case "$*" in *"keys list"*) echo '${key}' ;; *"function list"*) echo listRecoveries ;; esac`;
    writeFileSync(path.join(folder, "az"), `#!/bin/sh\n${answers}\n`, { mode: 0o755 });
    const env = {
      PATH: `${folder}:${process.env["PATH"] ?? ""}`,
      SERVICE_RESOURCE_GROUP: "mcp-dr-service",
      SERVICE_FUNCTION_APP: "mcp-dr",
      SERVICE_ADDRESS: url,
      AZURE_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000000",
    };
    const hook = path.join(repository, "tools/before-deployment.sh");
    try {
      return await new Promise((resolve) => {
        execFile("sh", [hook], { env, timeout: 60_000 }, (error, stdout, stderr) => {
          const said = stdout + stderr;
          resolve({ code: error === null ? 0 : Number(error.code ?? -1), said });
        });
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});
