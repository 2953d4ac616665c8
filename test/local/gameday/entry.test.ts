import { entryOf } from "../../../local/gameday/entry.js";
import type { SimulatorState, TrafficState } from "../../../local/stack/simulator-client.js";
import { sampleEstate } from "../../support/estates.js";

const estate = sampleEstate();
const production = estate.environments.production!;
const own = { id: production.containerApp.primary.toUpperCase(), fqdn: "app.example" };

const stateWith = (...profiles: readonly Partial<TrafficState>[]) =>
  ({
    clock: { now: "2026-11-22T14:00:00.000Z" },
    containerApps: [own],
    trafficManagerProfiles: profiles.map((profile) => ({
      id: production.trafficManager!.profile,
      endpoints: [],
      ...profile,
    })),
  }) as unknown as SimulatorState;
const endpoint = (target: string, status: string) => ({ name: target, target, status });

describe("the entry of users", () => {
  it("is the app's own address where there is no profile", () => {
    expect(entryOf(stateWith(), production)).toBe("app.example");
    expect(entryOf(stateWith({ id: "/another" }), production)).toBe("app.example");
  });

  it("is the endpoint that is switched on and well", () => {
    const endpoints = [endpoint("east", "Disabled"), endpoint("west", "Online")];

    expect(entryOf(stateWith({ endpoints, answer: "east" }), production)).toBe("west");
  });

  it("is what DNS answers where several are, or none is", () => {
    const both = [endpoint("east", "Online"), endpoint("west", "Online")];
    const none = [endpoint("east", "Degraded"), endpoint("west", "Disabled")];

    expect(entryOf(stateWith({ endpoints: both, answer: "west" }), production)).toBe("west");
    expect(entryOf(stateWith({ endpoints: none, answer: "east" }), production)).toBe("east");
    expect(entryOf(stateWith({ endpoints: none }), production)).toBeUndefined();
  });
});
