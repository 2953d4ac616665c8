import { disableEndpoint } from "../../src/activities/traffic.contract.js";
import { trafficActivities } from "../../src/activities/traffic.js";
import type { EndpointView, TrafficProfileView } from "../../src/azure/traffic-manager.js";
import { instantOf } from "../../src/domain/instant.js";
import { stateStore } from "../../src/state/state-store.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer } from "../support/memory-container.js";

const profile =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/trafficManagerProfiles/p";
const type = "external" as const;

/** A profile whose other endpoint somebody else switches off right after ours. */
function racedProfile(isRaced: boolean) {
  const enabled = new Map([
    ["one", true],
    ["two", true],
  ]);
  const sent: string[] = [];
  const view = (): TrafficProfileView => ({
    id: profile,
    name: "p",
    enabled: true,
    fqdn: "p.trafficmanager.net",
    ttl: 30_000 as TrafficProfileView["ttl"],
    routing: "Priority",
    monitor: {} as TrafficProfileView["monitor"],
    endpoints: [...enabled].map(([name, on]): EndpointView => ({
      name,
      type,
      target: `${name}.example`,
      enabled: on,
      monitorStatus: on ? "Online" : "Disabled",
      priority: undefined,
    })),
  });
  return {
    sent,
    enabled: () => [...enabled].flatMap(([name, on]) => (on ? [name] : [])),
    profile: () => Promise.resolve(view()),
    setEndpoint: (_profile: string, _type: string, name: string, status: string) => {
      sent.push(`${name} ${status}`);
      enabled.set(name, status === "Enabled");
      if (isRaced && status === "Disabled") enabled.set("two", false);
      return Promise.resolve();
    },
  };
}

async function disable(isRaced: boolean) {
  const traffic = racedProfile(isRaced);
  const store = stateStore(new MemoryContainer());
  const lease = { resource: profile, run: "run-1", scenario: "region-outage" } as const;
  await store.leases.claim(lease, instantOf(new Date()));
  const activities = trafficActivities({ traffic, store } as never);
  const wanted = { profile, type, endpoint: "one" };
  const leases = [{ resource: profile, fencing: 1 }];
  return { traffic, answer: await answerOf(activities, disableEndpoint, wanted, { leases }) };
}

it("is enabled again where the other one was switched off in between", async () => {
  const { traffic, answer } = await disable(true);

  expect(answer).toMatchObject({
    ok: false,
    failure: {
      class: "terminal",
      code: "last-enabled-endpoint",
      message: "two was switched off meanwhile, so one has been enabled again",
    },
  });
  expect(traffic.sent).toEqual(["one Disabled", "one Enabled"]);
  expect(traffic.enabled()).toEqual(["one"]);
});

it("is not touched again where the other one is still on", async () => {
  const { traffic, answer } = await disable(false);

  expect(answer).toMatchObject({ ok: true, value: { changed: true } });
  expect(traffic.sent).toEqual(["one Disabled"]);
});
