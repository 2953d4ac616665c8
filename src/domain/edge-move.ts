import { z } from "zod";

/*
 * What leads users to the blobs of a storage account, and which changes lead them to another one. An
 * origin has a host name, where the edge connects to, and a host header, which says whose blobs are
 * meant; storage finds nothing where the two differ.
 */

const EdgeOrigin = z.strictObject({
  name: z.string(),
  hostName: z.string(),
  /** Absent where the endpoint's counts, or the host that the user has asked for. */
  hostHeader: z.string().optional(),
  enabled: z.boolean(),
  /** ARM's: `Succeeded`, `Updating`, `Failed` and the like. */
  state: z.string(),
});
export type EdgeOrigin = z.infer<typeof EdgeOrigin>;

const EdgeEndpoint = z.strictObject({
  name: z.string(),
  /** Where users reach it. */
  hostName: z.string(),
  /** Of the classic CDN with a single origin: what counts for an origin that says nothing itself. */
  hostHeader: z.string().optional(),
  state: z.string(),
});
export type EdgeEndpoint = z.infer<typeof EdgeEndpoint>;

/** The origins of an edge, and the endpoints that lead to them. */
export const EdgeView = z.strictObject({
  origins: z.array(EdgeOrigin),
  endpoints: z.array(EdgeEndpoint),
});
export type EdgeView = z.infer<typeof EdgeView>;

/** One change of an edge, which is one request: of an origin, or of an endpoint's header. */
export const EdgeAct = z.strictObject({
  kind: z.enum(["lead", "enable", "disable", "set-header"]),
  of: z.string(),
});
export type EdgeAct = z.infer<typeof EdgeAct>;

const same = (one: string | undefined, other: string): boolean =>
  one?.toLowerCase() === other.toLowerCase();

/**
 * Which changes lead an edge from one host to another, in their order; none where it is led there,
 * undefined where it leads to neither. An origin that stands ready is enabled before the old one is
 * disabled, so that there is always one.
 */
export function actsOf(view: EdgeView, from: string, to: string): readonly EdgeAct[] | undefined {
  const leadingTo = (host: string) => view.origins.filter(({ hostName }) => same(hostName, host));
  const target = enabledFirst(leadingTo(to)) ?? enabledFirst(leadingTo(from));
  if (target === undefined) return undefined;
  const acts: readonly EdgeAct[] = [
    { kind: "lead", of: target.name },
    ...view.endpoints.map(({ name }) => ({ kind: "set-header" as const, of: name })),
    { kind: "enable", of: target.name },
    ...leadingTo(from)
      .filter(({ name }) => name !== target.name)
      .map(({ name }) => ({ kind: "disable" as const, of: name })),
  ];
  return acts.filter((act) => !holds(view, act, to));
}

/** Whether what a change is for is shown, and has not failed: what failed is shown, but not in force. */
export function holds(view: EdgeView, act: EdgeAct, to: string): boolean {
  const { origins, endpoints } = view;
  if (act.kind === "set-header") {
    const endpoint = endpoints.find(({ name }) => name === act.of);
    // One that has none leaves it to the origin.
    if (endpoint?.hostHeader === undefined) return true;
    return same(endpoint.hostHeader, to) && endpoint.state !== "Failed";
  }
  const origin = origins.find(({ name }) => name === act.of);
  if (origin === undefined || origin.state === "Failed") return false;
  if (act.kind !== "lead") return origin.enabled === (act.kind === "enable");
  return same(origin.hostName, to) && same(origin.hostHeader ?? endpoints[0]?.hostHeader, to);
}

/** How a change that was begun stands; what ARM shows decides, not the operation. */
export function progressOf(view: EdgeView, act: EdgeAct, to: string) {
  const among = act.kind === "set-header" ? view.endpoints : view.origins;
  const state = among.find(({ name }) => name === act.of)?.state;
  if (state === "Failed") return "failed";
  return state === "Succeeded" && holds(view, act, to) ? "done" : "under-way";
}

/** Whether an origin may be disabled: another one is enabled, and ARM has taken that in. */
export const canDoWithout = ({ origins }: EdgeView, origin: string): boolean =>
  origins.some(({ name, enabled, state }) => name !== origin && enabled && state === "Succeeded");

/** Where an edge sends users, as far as ARM knows. */
export const hostsInUse = ({ origins }: EdgeView): readonly string[] => [
  ...new Set(origins.filter(({ enabled }) => enabled).map(({ hostName }) => hostName)),
];

const enabledFirst = (origins: readonly EdgeOrigin[]): EdgeOrigin | undefined =>
  origins.find(({ enabled }) => enabled) ?? origins[0];
