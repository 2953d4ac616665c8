import { minutes, seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** How users are led from one side to the other: the new one first, the old one only when that is online. */
export const trafficSteps = {
  "enable-endpoint": {
    title: "Enable the endpoint that users are to be led to",
    expected: seconds(5),
    path: "main",
  },
  "await-online": {
    title: "Wait until Traffic Manager finds it online",
    expected: seconds(30),
    path: "main",
  },
  "disable-endpoint": {
    title: "Disable the endpoint that users are led away from",
    expected: seconds(5),
    path: "main",
  },
  "verify-dns": {
    title: "Verify where the name leads, at its own servers and at resolvers",
    expected: minutes(1),
    path: "main",
  },
  "watch-traffic": {
    title: "Watch the requests until users have arrived",
    expected: minutes(2),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type TrafficStep = keyof typeof trafficSteps;

/** How long is waited, and how often is looked. */
export const trafficWaits = {
  // Probes come every 10 or 30 s, and the first ones soon after an endpoint is switched on.
  online: { first: seconds(5), growth: 1.2, longest: seconds(15), within: minutes(5) },
  /** Changes reach the zone's own servers in seconds to a minute. */
  source: { first: seconds(5), growth: 1.3, longest: seconds(15), within: minutes(3) },
  /** Resolvers may repeat what they know for its time to live; `within` comes on top of twice that. */
  spread: { first: seconds(10), growth: 1.3, longest: seconds(20), within: minutes(1) },
  /** Figures come a few minutes late. */
  traffic: { first: seconds(20), growth: 1.2, longest: minutes(1), within: minutes(8) },
  /** Of the requests that are counted. */
  counted: minutes(3),
} as const;
