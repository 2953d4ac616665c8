import { gapsIn, type WatchedFront } from "../../../local/gameday/gaps.js";
import type { LogEntry } from "../../../local/stack/simulator-client.js";
import { effect, request } from "../../support/simulator-log.js";

const profile =
  "/subscriptions/1/resourceGroups/a/providers/Microsoft.Network/trafficManagerProfiles/mcp";
const at = (second: number): string =>
  new Date(Date.UTC(2026, 10, 22, 14, 0, second)).toISOString();

/** An endpoint that was well from each of these seconds to the next, by turns, well first. */
const endpoint = (name: string, switchedOn: boolean, ...turns: number[]) => ({
  name,
  switchedOn,
  health: [0, ...turns].map((second, index) => ({ from: at(second), well: index % 2 === 0 })),
});
const front = (...endpoints: WatchedFront["endpoints"]): WatchedFront => ({
  profile,
  from: at(0),
  to: at(100),
  endpoints,
});
const turned = (second: number, name: string, status: string): LogEntry =>
  effect("trafficManagerEndpoints.update", {
    at: at(second),
    effect: {
      kind: "traffic-endpoint-updated",
      resource: `${profile}/externalEndpoints/${name}`,
      detail: status,
    },
  });
const rewritten = (second: number, detail: string): LogEntry =>
  effect("trafficManagerProfiles.createOrUpdate", {
    at: at(second),
    effect: { kind: "traffic-profile-updated", resource: profile.toUpperCase(), detail },
  });

describe("gaps of the entry", () => {
  it("are none while one endpoint is switched on and well", () => {
    expect(gapsIn(front(endpoint("east", true), endpoint("west", false)), [], at(5))).toEqual({
      withoutEndpoint: 0,
      withoutHealthy: 0,
    });
  });

  it("are none where the new endpoint is switched on before the failing one is switched off", () => {
    const failed = front(endpoint("east", true, 10), endpoint("west", false));
    const log = [turned(40, "west", "Enabled"), turned(50, "east", "Disabled")];

    expect(gapsIn(failed, log, at(40))).toEqual({ withoutEndpoint: 0, withoutHealthy: 0 });
  });

  it("count the seconds in which nothing was switched on, until the end if need be", () => {
    const failed = front(endpoint("east", true, 10), endpoint("west", false));
    const closed = [turned(40, "east", "Disabled"), turned(47, "west", "Enabled")];

    // The failure itself is not the service's: what began with it counts for nobody.
    expect(gapsIn(failed, closed, at(40))).toEqual({ withoutEndpoint: 7, withoutHealthy: 0 });
    expect(gapsIn(failed, closed.slice(0, 1), at(40)).withoutEndpoint).toBe(60);
  });

  it("count what began after the first change while there was an app that served", () => {
    const well = front(endpoint("east", true), endpoint("west", false, 20));
    const log = [turned(30, "west", "Enabled"), turned(35, "east", "Disabled")];

    expect(gapsIn(well, log, at(30))).toEqual({ withoutEndpoint: 0, withoutHealthy: 65 });
    expect(gapsIn(well, log, at(36)).withoutHealthy).toBe(0);
    expect(gapsIn(well, log, undefined).withoutHealthy).toBe(0);
  });

  it("do not count what nobody could have helped: no app served, or none when it began", () => {
    const both = front(endpoint("east", true, 50), endpoint("west", false, 40));
    const late = front(endpoint("east", true, 50), endpoint("west", false, 40, 60));
    const short = front(endpoint("east", true, 50), endpoint("west", false, 70));

    expect(gapsIn(both, [], at(10)).withoutHealthy).toBe(0);
    expect(gapsIn(late, [], at(10)).withoutHealthy).toBe(0);
    expect(gapsIn(short, [], at(10)).withoutHealthy).toBe(20);
  });

  it("follow a profile that is written whole, or deleted", () => {
    const both = front(endpoint("east", true), endpoint("west", false));
    const gone = effect("trafficManagerProfiles.delete", {
      at: at(90),
      effect: { kind: "traffic-profile-deleted", resource: profile },
    });
    const log = [
      rewritten(10, "east Disabled, west Disabled"),
      rewritten(14, "east Disabled, west Enabled"),
      gone,
    ];

    expect(gapsIn(both, log, at(0)).withoutEndpoint).toBe(4 + 10);
  });

  it("know nothing of other profiles, and of what was refused", () => {
    const other = {
      ...turned(10, "east", "Disabled"),
      effect: { kind: "traffic-endpoint-updated", resource: `${profile}2/externalEndpoints/east` },
    };
    const refused = request({
      at: at(20),
      operation: "trafficManagerEndpoints.update",
      status: 409,
    });

    expect(gapsIn(front(endpoint("east", true)), [other, refused], at(0)).withoutEndpoint).toBe(0);
  });
});
