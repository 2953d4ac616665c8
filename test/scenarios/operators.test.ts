import { ServiceClient, type RunView } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import {
  actsOn,
  appIsHealthy,
  ended,
  freshAlert,
  productionOf,
  reached,
} from "../support/recovery-run.js";

const waitsFor =
  (what: string) =>
  ({ checkpoint }: RunView): boolean =>
    checkpoint?.waitingFor === what;

describe("operators over HTTP", () => {
  let stack: Stack;
  let service: ServiceClient;

  beforeAll(async () => {
    stack = await startStack();
    service = new ServiceClient(stack.host);
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset());

  const app = (): string => productionOf(stack).containerApp.primary;
  const breakApp = (fault: string) => stack.simulator.fault({ name: fault, resource: app() });
  const setAutomation = (mode: string, more: object = {}) =>
    service.call(
      "PUT",
      "/api/automation/production",
      JSON.stringify({ mode, reason: "a migration", ...more }),
    );
  async function start(mode: "execute" | "plan" = "execute"): Promise<string> {
    const order = {
      scenario: "container-app-failure",
      environment: "production",
      reason: "a test",
      mode,
    };
    const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
    expect(answer.status).toBe(202);
    return (answer.json as { id: string }).id;
  }
  const effects = async (): Promise<readonly string[]> =>
    actsOn(await stack.simulator.log(0, true));

  it("plans without changing anything, also beside a recovery", async () => {
    await breakApp("restart-does-not-help");
    const answer = await service.postAlert(await freshAlert(stack));
    await reached(stack, answer.run ?? "", waitsFor("decision"));
    const before = await effects();

    const record = await ended(stack, await start("plan"));

    expect(record).toMatchObject({ mode: "plan", outcome: "planned" });
    expect(record.plan?.changes.map(({ step }) => step)).toEqual(["restart-revision"]);
    expect(record.plan?.changes[0]?.detail).toMatch(/^would restart /);
    expect(record.plan?.fallbacks).toHaveLength(2);
    expect(await effects()).toEqual(before);
    const written = (await stack.simulator.log(0, true))
      .filter(({ service: of, path }) => of === "blobs" && path.includes(record.id))
      .filter(({ path }) => !path.includes("/audit/"))
      .map(({ path }) => path.replace(/^.*recovery-records\//, "").replace(record.id, "ID"));
    expect(new Set(written)).toEqual(
      new Set(["reports/ID.md", "reports/ID.html", "runs/ID.json", "index/ID.json"]),
    );
    await ended(stack, answer.run ?? "");
  });

  it("proposes instead of acting when the switch says so, and acts once approved", async () => {
    expect(await setAutomation("propose")).toMatchObject({ status: 200 });
    await breakApp("app-unhealthy");
    const { run = "" } = await service.postAlert(await freshAlert(stack));

    const { checkpoint } = await reached(stack, run, waitsFor("approval"));
    const before = await effects();
    const { nonce = "" } = checkpoint?.approvals[0] ?? {};
    const answer = await service.say(run, "approval", { nonce, decision: "approve", reason: "go" });
    const record = await ended(stack, run);

    expect(before).toEqual([]);
    expect(answer.status).toBe(202);
    expect(record.outcome).toBe("restored");
    expect(record.approvals[0]).toMatchObject({ step: "proposal", status: "approved" });
    expect(await appIsHealthy(stack)).toBe(true);
  });

  it("starts nothing while automation is off, says why, and obeys an operator all the same", async () => {
    const now = await stack.simulator.now();
    const until = new Date(now.getTime() + 3_600_000).toISOString();
    await setAutomation("off", { until });
    await breakApp("app-unhealthy");

    const held = await service.postAlert(await freshAlert(stack));
    const ordered = await ended(stack, await start());
    await stack.simulator.advance(3_700);
    const later = await service.postAlert(await freshAlert(stack));
    await ended(stack, later.run ?? "");

    expect(held.status).toBe("held-back");
    expect(held.reason).toContain(
      `held back because automation is off until ${until}: a migration`,
    );
    expect(ordered.outcome).toBe("restored");
    expect(later.status).toBe("started");
  });

  it("runs at most twice for an alert that flaps for half an hour", async () => {
    const answers: string[] = [];
    for (let minute = 0; minute < 30; minute += 2) {
      const answer = await service.postAlert(await freshAlert(stack));
      answers.push(answer.status);
      if (answer.run !== undefined) await ended(stack, answer.run);
      await stack.simulator.advance(120);
    }

    expect(answers.filter((status) => status === "started").length).toBeLessThanOrEqual(2);
    expect(answers.filter((status) => status === "held-back").length).toBeGreaterThan(10);
  });

  it("repeats the scenario when an operator who mended the cause says so", async () => {
    await breakApp("restart-does-not-help");
    const { run = "" } = await service.postAlert(await freshAlert(stack));
    const { checkpoint } = await reached(stack, run, waitsFor("decision"));

    await stack.simulator.removeFaults();
    await breakApp("app-unhealthy");
    const step = checkpoint?.decisions[0]?.step ?? "";
    await service.say(run, "decision", { step, choice: "retry", reason: "mended" });
    const record = await ended(stack, run);

    expect(record.outcome).toBe("restored");
    expect(record.steps.some(({ round }) => round === 2)).toBe(true);
    expect(record.decisions[0]).toMatchObject({ choice: "retry", reason: "mended" });
  });

  describe("every verb at every state of a run", () => {
    const verbs: Record<string, Record<string, unknown>> = {
      approval: { nonce: "no-such", decision: "approve" },
      decision: { step: "no-such", choice: "abort" },
      pause: {},
      resume: {},
      cancel: {},
    };
    const states: Record<string, () => Promise<string>> = {
      "just started": async () => {
        await breakApp("app-unhealthy");
        return start();
      },
      "waiting for approval": async () => {
        await setAutomation("propose");
        await breakApp("app-unhealthy");
        const { run = "" } = await service.postAlert(await freshAlert(stack));
        await reached(stack, run, waitsFor("approval"));
        return run;
      },
      "waiting for a decision": async () => {
        await breakApp("restart-does-not-help");
        const run = await start();
        await reached(stack, run, waitsFor("decision"));
        return run;
      },
      paused: async () => {
        await breakApp("app-unhealthy");
        const run = await start();
        await service.say(run, "pause", { reason: "a test" });
        await reached(stack, run, waitsFor("resume"));
        return run;
      },
      "being canceled": async () => {
        await breakApp("app-unhealthy");
        const run = await start();
        await service.say(run, "cancel", { reason: "a test" });
        return run;
      },
      restored: async () => {
        await breakApp("app-unhealthy");
        const run = await start();
        await ended(stack, run);
        return run;
      },
      canceled: async () => {
        await breakApp("app-unhealthy");
        const run = await start();
        await service.say(run, "cancel", { reason: "a test" });
        await ended(stack, run);
        return run;
      },
      planned: async () => {
        const run = await start("plan");
        await ended(stack, run);
        return run;
      },
      "terminated from outside": async () => {
        await breakApp("restart-does-not-help");
        const run = await start();
        await service.call(
          "POST",
          `/runtime/webhooks/durabletask/instances/${run}/terminate?reason=test`,
        );
        await reached(stack, run, ({ status }) => status === "stopped");
        return run;
      },
      unknown: () => Promise.resolve("container-app-failure-production-20261122T135830Z-000000"),
    };
    // `npm test` takes every other pair, so that each verb and each state come up; `test:all` takes all.
    const isWhole = process.env["TEST_ALL"] === "1";
    const cases = Object.keys(states).flatMap((state, row) =>
      Object.keys(verbs)
        .filter((_verb, column) => isWhole || (row + column) % 2 === 0)
        .map((verb) => [verb, state] as const),
    );

    it.each(cases)(
      "%s of a run that is %s is answered, and no run is lost",
      async (verb, state) => {
        const run = await states[state]!();

        const first = await service.say(run, verb, { ...verbs[verb], reason: "a test" });
        const again = await service.say(run, verb, { ...verbs[verb], reason: "a test" });

        for (const { status, type, text } of [first, again]) {
          expect([200, 202, 404, 409]).toContain(status);
          if (status >= 400) expect(type).toBe("application/problem+json");
          expect(text).toMatch(/"detail":"[^"]{10,}"/);
        }
        expect(first.status === 404).toBe(state === "unknown");
        if (state === "unknown") return;
        // Whatever was said, a cancel ends it with a record; what had ended, stays so.
        await service.say(run, "cancel", { reason: "the end of the test" });
        if (state !== "terminated from outside") expect((await ended(stack, run)).id).toBe(run);
      },
    );

    it("refuses a body without a reason, and names what is missing", async () => {
      const answer = await service.say(await start("plan"), "cancel", {});

      expect(answer).toMatchObject({
        status: 400,
        json: { errors: [{ path: "reason", message: "say why, for the record" }] },
      });
    });
  });

  it("refuses a switch for what the estate does not have, or whose time is over", async () => {
    const body = JSON.stringify({ mode: "off", reason: "x" });
    const unknown = await service.call("PUT", "/api/automation/nowhere", body);
    const past = await setAutomation("off", { until: "2020-01-01T00:00:00Z" });
    const shown = await service.call("GET", "/api/automation/production");

    expect(unknown).toMatchObject({ status: 404 });
    expect(past).toMatchObject({ status: 400, json: { errors: [{ path: "until" }] } });
    expect(shown).toMatchObject({ status: 200, json: { environment: "production", mode: "act" } });
  });
});
