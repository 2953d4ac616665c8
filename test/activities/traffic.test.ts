import { takeLease } from "../../src/activities/run.contract.js";
import * as contract from "../../src/activities/traffic.contract.js";
import { minutes } from "../../src/domain/duration.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";
import { seedWithReadyStandby } from "../support/ready-standby.js";
import type { AzurePorts } from "../support/azure-ports.js";

const production = sampleEstate().environments.production!;
const front = production.trafficManager!;
const { profile, publicName = "" } = front;
const type = "external";
const [primary, secondary] = ["eastus", "westus"];
const run = "region-outage-production-20261122T135830Z-ab12cd";
const base: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
const operation = "trafficManagerEndpoints.update";

let azure: SimulatedAzure;
let runner: ActivityRunner;
let ports: AzurePorts;

beforeAll(async () => {
  azure = await simulatedAzure(seedWithReadyStandby());
  [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
});

afterAll(() => azure.stop());

const set = (endpoint: string, status: "Enabled" | "Disabled"): Promise<void> =>
  ports.trafficManagers.setEndpoint(profile, type, endpoint, status);
const requests = async () =>
  (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);
const enabled = async (): Promise<readonly string[]> =>
  ((await ports.trafficManagers.profile(profile))?.endpoints ?? [])
    .filter((endpoint) => endpoint.enabled)
    .map(({ name }) => name);

/** Begins anew with both apps well; the lease of the profile is held. */
async function begin(bothOn: boolean): Promise<Caller> {
  await azure.control.reset();
  if (bothOn) {
    await set(secondary, "Enabled");
    await azure.control.advance(30);
  }
  const wanted = { resource: profile, scenario: "region-outage" as const };
  const lease = await runner.run(takeLease, base, wanted);
  if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
  return { ...base, leases: [{ resource: profile, fencing: lease.value.fencing }] };
}

async function done<Input, Output>(
  activity: ActivityContract<Input, Output>,
  input: Input,
): Promise<Output> {
  const answer = await runner.run(activity, base, input);
  if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
  return answer.value;
}

interface Change {
  readonly name: string;
  readonly begin: () => Promise<Caller>;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean }>>;
  readonly after: readonly string[];
}

const changes: readonly Change[] = [
  {
    name: "enableEndpoint",
    begin: () => begin(false),
    perform: (by, caller) =>
      by.run(contract.enableEndpoint, caller, { profile, type, endpoint: secondary }),
    after: [primary, secondary],
  },
  {
    name: "disableEndpoint",
    begin: () => begin(true),
    perform: (by, caller) =>
      by.run(contract.disableEndpoint, caller, { profile, type, endpoint: primary }),
    after: [secondary],
  },
];

describe.each(changes)("$name", (subject) => {
  /** What the preparation sent does not count. */
  async function prepared() {
    const caller = await subject.begin();
    const before = (await requests()).length;
    return { caller, sent: async () => (await requests()).length - before };
  }

  it("changes once when it is run twice", async () => {
    const { caller, sent } = await prepared();

    const first = await subject.perform(runner, caller);
    const again = await subject.perform(runner, { ...caller, attempt: 2 });

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(await sent()).toBe(1);
    expect(await enabled()).toEqual(subject.after);
  });

  it.each([
    ["lost-answer", {}],
    ["server-error", { status: 500 }],
    ["throttle", { retryAfterSeconds: 7 }],
  ])("sends exactly one request under %s", async (name, more) => {
    const { caller, sent } = await prepared();
    await azure.control.fault({ name, times: 1, match: { operation }, ...more });

    const answer = await subject.perform(runner, caller);

    expect(answer).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(await sent()).toBe(1);
  });

  it("finds its own act when the answer was lost, and does not repeat it", async () => {
    const { caller, sent } = await prepared();
    await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });

    await subject.perform(runner, caller);
    await azure.control.advance(30);
    const again = await subject.perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await sent()).toBe(1);
  });

  it("repeats what was refused", async () => {
    const { caller } = await prepared();
    await azure.control.fault({ name: "throttle", times: 1, match: { operation } });

    await subject.perform(runner, caller);
    const again = await subject.perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await enabled()).toEqual(subject.after);
  });

  it("is found by the next process when it is killed between act and answer", async () => {
    const { caller, sent } = await prepared();
    const doomed = await azure.runner();
    await azure.control.fault({ name: "hold-answer", times: 1, match: { operation } });

    const lost = subject.perform(doomed, caller).catch(() => undefined);
    expect(await azure.control.held(10_000)).toHaveLength(1);
    await doomed.kill();
    await lost;
    await azure.control.removeFaults();
    await azure.control.advance(30);
    const again = await subject.perform(runner, { ...caller, attempt: 2 });

    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(await sent()).toBe(1);
  });

  it("changes nothing without the lease, nothing in a plan, and nothing where it is so", async () => {
    const { caller, sent } = await prepared();

    const bare = await subject.perform(runner, { ...caller, leases: [] });
    const planned = await subject.perform(runner, { ...caller, mode: "plan", leases: [] });
    expect(await sent()).toBe(0);
    await subject.perform(runner, caller);
    const other = await subject.perform(runner, { ...caller, step: "another" });

    expect(bare).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    expect(planned).toMatchObject({ ok: true, value: { changed: true } });
    expect(other).toMatchObject({ ok: true, value: { changed: false } });
    expect(await sent()).toBe(1);
  });
});

describe("the last enabled endpoint", () => {
  const disable = (caller: Caller, endpoint: string) =>
    runner.run(contract.disableEndpoint, caller, { profile, type, endpoint });

  it("is not switched off, and Azure is not even asked", async () => {
    const caller = await begin(false);

    const answer = await disable(caller, primary);

    expect(answer).toMatchObject({
      ok: false,
      failure: {
        class: "terminal",
        code: "last-enabled-endpoint",
        message: expect.stringContaining("westus is Disabled") as string,
      },
    });
    expect(await requests()).toEqual([]);
  });

  it("is whichever one is left while the other is on but not online", async () => {
    const caller = await begin(true);
    const resource = production.containerApp.secondary!;
    await azure.control.fault({ name: "restart-does-not-help", resource });
    await azure.control.advance(60);

    const answer = await disable(caller, primary);

    expect(answer).toMatchObject({
      ok: false,
      failure: {
        code: "last-enabled-endpoint",
        message: expect.stringContaining("westus is Degraded") as string,
      },
    });
    expect(await enabled()).toEqual([primary, secondary]);
  });

  it("is looked for again by an attempt that finds its claim open", async () => {
    const caller = await begin(true);
    await azure.control.fault({ name: "server-error", times: 1, match: { operation } });
    await disable(caller, primary);
    await set(secondary, "Disabled");
    await azure.control.advance(30);

    const again = await disable(caller, primary);

    expect(again).toMatchObject({ ok: false, failure: { code: "last-enabled-endpoint" } });
    expect(await enabled()).toEqual([primary]);
  });
});

describe("what is seen of traffic", () => {
  beforeEach(async () => {
    await begin(false);
  });

  it("is both endpoints, by the names of the estate", async () => {
    const [app, standby] = [
      await azure.control.app(production.containerApp.primary),
      await azure.control.app(production.containerApp.secondary!),
    ];

    expect(await done(contract.observeTraffic, { front })).toEqual({
      fqdn: "mcp-traffic-prod.trafficmanager.net",
      ttl: 30_000,
      enabled: 1,
      primary: {
        name: primary,
        enabled: true,
        online: true,
        monitorStatus: "Online",
        target: app.fqdn,
      },
      secondary: {
        name: secondary,
        enabled: false,
        online: false,
        monitorStatus: "Disabled",
        target: standby.fqdn,
      },
      detail: "eastus Online, westus Disabled",
    });
  });

  it("is a failure for good where the profile or an endpoint is missing, with what there is", async () => {
    const seen = await runner.run(contract.observeTraffic, base, {
      front: { ...front, endpointType: "azure" },
    });
    const gone = await runner.run(contract.observeTraffic, base, {
      front: { ...front, profile: `${profile}-x` },
    });

    expect(seen).toMatchObject({
      failure: {
        class: "terminal",
        code: "endpoint-missing",
        message: expect.stringContaining("it has eastus (external), westus (external)") as string,
      },
    });
    // The service's roles reach its own profile alone, so another one is not even seen to be missing.
    expect(gone).toMatchObject({ failure: { code: "AuthorizationFailed" } });
  });

  it("is where the name leads: first at the source, later at resolvers, of which one may be stale", async () => {
    const { fqdn, secondary: standby } = await done(contract.observeTraffic, { front });
    const asked = { profile: fqdn, name: publicName, expected: standby?.target ?? "" };
    await azure.control.fault({ name: "resolver-stale", server: "resolver-3" });
    await set(secondary, "Enabled");
    await azure.control.advance(30);
    await done(contract.resolveName, asked);
    await set(primary, "Disabled");
    await azure.control.advance(11);

    const early = await done(contract.resolveName, asked);
    await azure.control.advance(31);
    const late = await done(contract.resolveName, asked);
    await azure.control.fault({ name: "dns-down", server: "resolver-1" });
    const short = await done(contract.resolveName, asked);

    expect(early).toMatchObject({
      authoritative: asked.expected,
      atSource: true,
      spread: false,
      quorum: 2,
    });
    expect(late).toMatchObject({ atSource: true, spread: true });
    expect(late.detail).toContain("2 of 3 resolvers lead to");
    expect(short).toMatchObject({ atSource: true, spread: false });
    expect(short.detail).toContain("no answer");
  });

  it("is nothing where no name server answers", async () => {
    await azure.control.fault({ name: "dns-down" });

    const asked = { profile: "mcp-traffic-prod.trafficmanager.net", name: publicName };
    const seen = await done(contract.resolveName, { ...asked, expected: "anything" });

    expect(seen).toMatchObject({ atSource: false, spread: false });
    expect(seen.authoritative).toBeUndefined();
    expect(seen.detail).toContain("the zone's own servers: no answer");
  });

  it("is the requests that an app got, or that nothing was measured", async () => {
    await azure.control.advance(600);
    const count = (app: string) => done(contract.countRequests, { app, within: minutes(5) });

    const served = await count(production.containerApp.primary);
    const idle = await count(production.containerApp.secondary!);

    expect(served).toMatchObject({ measured: true });
    expect(served.total).toBeGreaterThan(20);
    expect(idle).toMatchObject({ measured: false, total: 0 });
  });
});
