import { readinessOf } from "../support/readiness-of.js";
import { vaultAlert } from "../../local/stack/alert.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { watchApps } from "../../local/stack/watch-apps.js";
import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { ended, reached } from "../support/recovery-run.js";

/*
 * Drills on the whole stack, in staging, where nobody has to approve them: what is broken is recovered by
 * the alert of the simulated Azure's own availability test, and undone whatever happens meanwhile.
 */
const environment = "staging";

describe("a drill", () => {
  let stack: Stack;
  let service: ServiceClient;
  let estate: Environment;

  beforeAll(async () => {
    stack = await startStack({ settings: { "AzureWebJobs.undoDrills.Disabled": "false" } });
    service = new ServiceClient(stack.host, { "x-operator": "olga" });
    estate = stack.estate.environments[environment]!;
    await readinessOf(service, environment);
  }, 60_000);
  afterAll(() => stack.stop());

  const order = async (drill: string): Promise<string> => {
    const wish = { environment, drill, reason: "practice" };
    const { status, text, json } = await service.call("POST", "/api/drills", JSON.stringify(wish));
    if (status !== 202) throw new Error(`the drill was answered ${status}: ${text}`);
    return (json as { id: string }).id;
  };
  /** Everything of the app that the simulated Azure keeps and a drill could leave behind. */
  const appNow = async () => {
    const { revisions, ...app } = await stack.simulator.app(estate.containerApp.primary);
    return {
      fqdn: app.fqdn,
      revisions: revisions.map(({ name, active, weight }) => ({ name, active, weight })),
    };
  };
  const broken = (run: string) =>
    reached(stack, run, ({ checkpoint }) => checkpoint?.step.id === "await-alert");

  it("of the app is recovered by the alert that Azure Monitor sends, and leaves nothing behind", async () => {
    const before = await appNow();
    await watchApps(stack, [estate]);

    const record = await ended(stack, await order("q1"), 40_000);

    expect(record).toMatchObject({ kind: "drill", outcome: "passed", findings: [] });
    expect(record.withinRto.scenario).toBe(true);
    const recovery = /container-app-failure-staging-\S+?(?=:)/.exec(
      stepOf(record, "await-recovery"),
    );
    const recovered = await ended(stack, recovery?.[0] ?? "");
    expect(recovered).toMatchObject({
      outcome: "restored",
      trigger: { kind: "alert", drill: record.id },
    });
    expect(await appNow()).toEqual(before);
  }, 60_000);

  it("gives way to a real alert, undoes its fault at once and stops the recovery it has set off", async () => {
    const before = await appNow();
    const run = await order("q1");
    await broken(run);

    const real = vaultAlert(estate.keyVault.primary, await stack.simulator.now());
    const answer = await service.postAlert(real);

    expect(answer.status).toBe("started");
    const record = await ended(stack, run, 40_000);
    expect(record.outcome).toBe("canceled");
    expect(record.reason).toContain("what the drill had broken is undone");
    expect(record.interventions[0]?.reason).toContain("the drill gives way");
    const own = await ended(stack, answer.run ?? "", 40_000);
    expect(own.trigger).not.toHaveProperty("drill");
    expect(await appNow()).toEqual(before);
  }, 60_000);

  it("whose run is stopped from outside is undone by the dead man's switch", async () => {
    const before = await appNow();
    const run = await order("q1");
    await broken(run);

    await service.call(
      "POST",
      `/runtime/webhooks/durabletask/instances/${run}/terminate?reason=test`,
    );
    await stack.simulator.advance(15 * 60);

    const giveUpAt = performance.now() + 20_000;
    let last: unknown;
    while (performance.now() < giveUpAt) {
      ({ json: last } = await service.call("GET", "/api/drills"));
      if (drillOf(last)?.status === "ended") break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(drillOf(last)).toMatchObject({ run, status: "ended" });
    expect(await appNow()).toEqual(before);
  }, 60_000);
});

/** What GET /api/drills says of the environment's last drill. */
const drillOf = (json: unknown) =>
  (
    json as { environments: { environment: string; last?: { status: string } }[] }
  ).environments.find((each) => each.environment === environment)?.last;

const stepOf = (record: RunRecord, id: string): string =>
  record.steps.find((step) => step.id === id)?.detail ?? "";
