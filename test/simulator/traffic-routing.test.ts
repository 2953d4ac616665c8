import fc from "fast-check";
import { distanceBetween } from "../../simulator/traffic-manager/regions.js";
import { choose } from "../../simulator/traffic-manager/routing.js";
import type { Candidate, Release } from "../../simulator/traffic-manager/state.js";

const METHODS = ["Priority", "Weighted", "Performance"] as const;
const REGIONS = ["eastus", "westus", "westeurope", "japaneast"];
const AVAILABLE = ["Online", "CheckingEndpoint", "Unmonitored"];
const OUT = ["Disabled", "Stopped", "Inactive"];

const candidates: fc.Arbitrary<Candidate[]> = fc
  .array(
    fc.record({
      status: fc.constantFrom(
        ...([
          "Online",
          "CheckingEndpoint",
          "Unmonitored",
          "Degraded",
          "Disabled",
          "Stopped",
        ] as const),
      ),
      weight: fc.integer({ min: 1, max: 1000 }),
      location: fc.constantFrom(...REGIONS),
    }),
    { maxLength: 6 },
  )
  .map((found) =>
    found.map((one, index) => ({
      ...one,
      name: `endpoint-${index}`,
      priority: index + 1,
      leadsTo: { host: `host-${index}.example` },
    })),
  );
const releaseOf = (method: Release["method"], of: readonly Candidate[]): Release => ({
  from: 0,
  enabled: true,
  ttl: 30,
  method,
  candidates: of,
});
const none = (): undefined => undefined;

it("answers with what is available, else with what is degraded, and never with what is switched off", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...METHODS),
      candidates,
      fc.constantFrom(...REGIONS),
      fc.nat(1000),
      (method, of, region, n) => {
        const chosen = choose(releaseOf(method, of), { region, n }, none);
        const picked = of.find(({ name }) => name === chosen?.endpoint);
        const available = of.filter(({ status }) => AVAILABLE.includes(status));
        const eligible = of.filter(({ status }) => !OUT.includes(status));

        if (available.length > 0) expect(available).toContain(picked);
        else if (eligible.length > 0) expect(eligible).toContain(picked);
        else expect(chosen).toBeUndefined();
      },
    ),
  );
});

it("keeps to the order of priorities, and to what is nearest", () => {
  fc.assert(
    fc.property(candidates, fc.constantFrom(...REGIONS), fc.nat(1000), (of, region, n) => {
      const online = of.map((one) => ({ ...one, status: "Online" as const }));
      const first = choose(releaseOf("Priority", online), { region, n }, none);
      const near = choose(releaseOf("Performance", online), { region, n }, none);
      const away = (name: string | undefined): number =>
        distanceBetween(region, online.find((one) => one.name === name)?.location ?? "");

      expect(first?.endpoint).toBe(online[0]?.name);
      for (const { name } of online) expect(away(near?.endpoint)).toBeLessThanOrEqual(away(name));
    }),
  );
});

it("answers with an endpoint of a nested profile under the name that it has in the one that was asked", () => {
  const child = releaseOf("Priority", [
    {
      name: "inner",
      status: "Online",
      priority: 1,
      weight: 1,
      location: undefined,
      leadsTo: { host: "inner.example" },
    },
  ]);
  const parent = releaseOf("Priority", [
    {
      name: "outer",
      status: "Online",
      priority: 1,
      weight: 1,
      location: undefined,
      leadsTo: { profile: "child" },
    },
  ]);

  expect(
    choose(parent, { region: "eastus", n: 0 }, (key) => (key === "child" ? child : undefined)),
  ).toEqual({
    host: "inner.example",
    endpoint: "outer",
  });
  expect(choose({ ...parent, enabled: false }, { region: "eastus", n: 0 }, none)).toBeUndefined();
});
