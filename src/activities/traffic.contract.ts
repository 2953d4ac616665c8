import { z } from "zod";
import { Milliseconds } from "../domain/duration.js";
import { HealthRule, TrafficManager } from "../domain/estate.js";
import { once, patiently } from "../domain/patience.js";
import { Source } from "../domain/sources.js";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";

const Endpoint = z.strictObject({
  name: z.string(),
  enabled: z.boolean(),
  /** Whether probes find it well. An endpoint that is switched off is not probed. */
  online: z.boolean(),
  monitorStatus: z.string(),
  /** The host that users are led to; absent where another profile stands behind it. */
  target: z.string().optional(),
});

/** How the endpoints of both sides stand, by the estate's names for them. */
export const observeTraffic = declareActivity({
  name: "observeTraffic",
  input: z.strictObject({ front: TrafficManager }),
  output: z.strictObject({
    ...observed,
    /** The name that Traffic Manager answers for. */
    fqdn: z.string(),
    ttl: Milliseconds,
    /** Of all endpoints of the profile, also of those that the estate does not name. */
    enabled: z.int().nonnegative(),
    primary: Endpoint,
    secondary: Endpoint.optional(),
  }),
  patience: patiently,
});

const OneEndpoint = z.strictObject({
  profile: z.string(),
  type: TrafficManager.shape.endpointType,
  endpoint: z.string(),
});
export type OneEndpoint = z.infer<typeof OneEndpoint>;

/** Switch an endpoint on; it is answered with as soon as it is probed. */
export const enableEndpoint = declareActivity({
  name: "enableEndpoint",
  input: OneEndpoint,
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Switch an endpoint off, where another one is on and online: without any the name is gone. */
export const disableEndpoint = declareActivity({
  name: "disableEndpoint",
  input: OneEndpoint,
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Where a name leads: by the zone's own servers, and by resolvers as clients see it. */
export const resolveName = declareActivity({
  name: "resolveName",
  input: z.strictObject({
    /** The name that Traffic Manager answers for. */
    profile: z.string(),
    /** The name that clients know. */
    name: z.string(),
    /** Where it should lead. */
    expected: z.string(),
  }),
  output: z.strictObject({
    ...observed,
    /** Where the zone's own servers lead; absent where none answers or they differ. */
    authoritative: z.string().optional(),
    resolvers: z.array(z.strictObject({ server: z.string(), target: z.string().optional() })),
    /** How many resolvers have to lead where they should: more than half. */
    quorum: z.int().positive(),
    atSource: z.boolean(),
    spread: z.boolean(),
  }),
  patience: once,
});

/** How many requests an app got over the last minutes. */
export const countRequests = declareActivity({
  name: "countRequests",
  input: z.strictObject({ app: z.string(), within: Milliseconds }),
  output: z.strictObject({
    ...observed,
    /** Whether there are figures yet; without, nothing is known. */
    measured: z.boolean(),
    total: z.int().nonnegative(),
  }),
  patience: once,
});

const AskedWitnesses = z.strictObject({
  region: z.string(),
  subscription: z.string(),
  app: z.string(),
  health: HealthRule,
  /** Where the app answers, where that is known; else Traffic Manager or ARM says it. */
  fqdn: z.string().optional(),
  /** What else is asked. What turns out to stand in another region says nothing. */
  cache: z.string().optional(),
  vault: z.string().optional(),
  storage: z.strictObject({ id: z.string(), container: z.string() }).optional(),
  /** The endpoint of the app. */
  traffic: OneEndpoint.optional(),
});
export type AskedWitnesses = z.infer<typeof AskedWitnesses>;

/** What is known of a region's health: our own looks, and what others say. Nobody holds up another. */
export const witnessRegion = declareActivity({
  name: "witnessRegion",
  input: AskedWitnesses,
  output: z.strictObject({
    ...observed,
    sources: z.array(Source),
    /** How many of its services give us no answer, and how many do. */
    silent: z.int().nonnegative(),
    answering: z.int().nonnegative(),
    verdict: z.enum(["down", "up", "unclear"]),
  }),
  patience: once,
});
