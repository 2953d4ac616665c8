import { endpointAlert } from "../../local/stack/alert.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { entryOf } from "../../local/gameday/entry.js";
import { simulatedHosts } from "../../local/gameday/simulated-hosts.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

// Three runs of several hundred steps, on a machine that others use as well.
jest.setTimeout(240_000);

describe("a region that is well again", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack({ settings: { CALL_TIME_LIMIT_SECONDS: "2" } });
  });
  afterAll(() => backup.stop());

  /** Approves all that a run asks for, as somebody other than who ordered it. */
  async function approved(run: string): Promise<RunRecord> {
    const { stack } = backup;
    const ada = new ServiceClient(stack.host, { "x-operator": "ada" });
    const answered = new Set<string>();
    for (;;) {
      const { checkpoint } = await reached(
        stack,
        run,
        (view) =>
          view.status !== "running" ||
          (view.checkpoint?.approvals ?? []).some(
            ({ status, nonce }) => status === "open" && !answered.has(nonce),
          ) ||
          (view.checkpoint?.decisions ?? []).some(({ status }) => status === "open"),
        90_000,
      );
      const asked = checkpoint?.approvals.find(
        ({ status, nonce }) => status === "open" && !answered.has(nonce),
      );
      if (asked === undefined) return ended(stack, run, 30_000);
      answered.add(asked.nonce);
      const answer = { nonce: asked.nonce, decision: "approve", reason: "a test" };
      const { status, text } = await ada.say(run, "approval", answer);
      if (status >= 400) throw new Error(`the approval was answered ${status}: ${text}`);
    }
  }
  /** There are verified sets, the region goes down, and four minutes later Traffic Manager's alert comes. */
  async function recovered(): Promise<RunRecord> {
    const { simulator } = backup.stack;
    const { primaryRegion, trafficManager } = productionOf(backup.stack);
    await backup.backUp("key-vault");
    await backup.backUp("blobs");
    await simulator.fault({ name: "region-down", region: primaryRegion });
    await simulator.advance(240);
    const alert = endpointAlert(trafficManager?.profile ?? "", await simulator.now());
    const { run, reason } = await backup.service.postAlert(alert);
    if (run === undefined) throw new Error(`nothing was started: ${reason}`);
    return approved(run);
  }
  async function failedBack(): Promise<RunRecord> {
    const { status, text, json } = await backup.post("failbacks", {
      ...{ resource: "region", reason: "it is well again" },
    });
    if (status !== 202) throw new Error(`the failback was answered ${status}: ${text}`);
    return approved((json as { id: string }).id);
  }
  /** Calls the app through the entry that users have now. */
  async function asUser(method: "GET" | "PUT", path: string, body?: string) {
    const { stack } = backup;
    const host = entryOf(await stack.simulator.state(), productionOf(stack));
    if (host === undefined) throw new Error("users are led nowhere");
    const call = simulatedHosts(stack.simulatorReady);
    const sent = body === undefined ? {} : { body };
    const answer = await call({ method, host, path, ...sent, withinMs: 10_000 });
    return { host, status: answer?.status, text: answer?.text ?? "" };
  }
  const last = async (): Promise<number> => (await backup.stack.simulator.log()).at(-1)?.n ?? 0;
  async function switched(since: number): Promise<readonly string[]> {
    const entries = await backup.stack.simulator.log(since, true);
    return entries.flatMap(({ operation, effect }) =>
      operation === "trafficManagerEndpoints.update"
        ? [`${effect?.resource.split("/").at(-1) ?? ""} ${effect?.detail ?? effect?.kind ?? ""}`]
        : [],
    );
  }

  it("gets users and what they wrote back, and can be left once more", async () => {
    const { simulator } = backup.stack;
    const { containerApp } = productionOf(backup.stack);
    await freshPeriod(backup);
    const left = await recovered();
    expect(left.outcome).toBe("failed-over");

    const written = await asUser("PUT", "/records/meanwhile", "written in the other region");
    expect(written).toMatchObject({
      ...{ status: 201, host: (await simulator.app(containerApp.secondary ?? "")).fqdn },
    });
    await simulator.removeFaults();
    await simulator.advance(3 * 3_600);
    const since = await last();
    const home = await failedBack();

    expect(home).toMatchObject({ kind: "failback", outcome: "failed-back", findings: [] });
    expect(home.approvals.map(({ step, status }) => `${step} ${status}`)).toEqual([
      ...["empty-original approved", "link approved"],
    ]);
    expect(await switched(since)).toEqual(["eastus Enabled", "westus Disabled"]);
    const read = await asUser("GET", "/records/meanwhile");
    expect(read).toMatchObject({
      ...{ status: 200, host: (await simulator.app(containerApp.primary)).fqdn },
    });
    expect(JSON.parse(read.text)).toMatchObject({
      ...{ storage: "written in the other region", redis: "written in the other region" },
    });

    await simulator.advance(3_600);
    const afterwards = await last();
    const again = await recovered();

    expect(again.outcome).toBe("failed-over");
    expect(await switched(afterwards)).toEqual(["westus Enabled", "eastus Disabled"]);
  });
});
