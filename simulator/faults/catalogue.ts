import { z } from "zod";
import { ROLES } from "../access/roles.js";
import { roleGuid } from "../access/role-guid.js";
import { CACHE_REFUSAL_CODES } from "./refusals.js";
import { DNS_SERVERS, RESOLVERS } from "../dns/server-names.js";
import { SERVICE_NAMES } from "../server/service.js";

const resource = z.string().startsWith("/subscriptions/", "must be a resource id");
const region = z.string().min(1);
const forSeconds = z.number().positive().optional();
const failure = z.union([z.literal(500), z.literal(502), z.literal(503), z.literal(504)]);

const Match = z.strictObject({
  service: z.enum(SERVICE_NAMES).optional(),
  operation: z.string().min(1).optional(),
  method: z.string().toUpperCase().optional(),
  pathPattern: z.string().refine(isPattern, { error: "must be a regular expression" }).optional(),
});

/** Which calls a fault meets, and how often. */
const onCalls = {
  resource: resource.optional(),
  region: region.optional(),
  match: Match.optional(),
  nth: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  forSeconds,
};

const onApp = { resource, forSeconds };

/** What befalls an app, whoever calls. */
const AppFault = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("app-unhealthy"), ...onApp }),
  z.strictObject({ name: z.literal("bad-revision"), ...onApp }),
  z.strictObject({ name: z.literal("restart-does-not-help"), ...onApp }),
  z.strictObject({ name: z.literal("health-flapping"), ...onApp, periodSeconds: z.int().min(1) }),
  z.strictObject({ name: z.literal("crash-loop"), ...onApp }),
  z.strictObject({ name: z.literal("operation-in-progress"), ...onApp }),
]);
export type AppFault = z.infer<typeof AppFault>;

const onCache = { resource, forSeconds };
const mode = z.enum(["refuse", "hang"]).optional();

/** What befalls a cache of either kind, whoever connects. */
const CacheFault = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("redis-down"), ...onCache, mode }),
  z.strictObject({ name: z.literal("redis-reboot-does-not-help"), ...onCache, mode }),
  z.strictObject({ name: z.literal("redis-auth-failed"), ...onCache }),
]);
export type CacheFault = z.infer<typeof CacheFault>;

/** What befalls a call before it has an effect. */
const RefusingFault = z.discriminatedUnion("name", [
  z.strictObject({
    name: z.literal("throttle"),
    ...onCalls,
    retryAfterSeconds: z.int().min(1).optional(),
  }),
  z.strictObject({
    name: z.literal("server-error"),
    ...onCalls,
    status: failure.optional(),
  }),
  z.strictObject({ name: z.literal("slow"), ...onCalls, ms: z.int().min(1).max(60_000) }),
  z.strictObject({ name: z.literal("hang"), ...onCalls }),
  z.strictObject({ name: z.literal("revision-gone"), ...onCalls }),
  z.strictObject({
    name: z.literal("token-denied"),
    ...onCalls,
    audience: z.url({ error: "must be the resource that tokens are asked for" }).optional(),
  }),
]);
export type RefusingFault = z.infer<typeof RefusingFault>;

/** What befalls the answer to a call that had an effect. */
const AnswerFault = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("lost-answer"), ...onCalls, status: failure.optional() }),
  z.strictObject({ name: z.literal("hold-answer"), ...onCalls }),
]);
export type AnswerFault = z.infer<typeof AnswerFault>;

/** What becomes of a change after it was accepted. */
const OutcomeFault = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("stuck-operation"), ...onCalls }),
  z.strictObject({ name: z.literal("operation-failed"), ...onCalls }),
  z.strictObject({ name: z.literal("restart-has-no-effect"), ...onCalls }),
  z.strictObject({ name: z.literal("export-failed"), ...onCalls }),
  z.strictObject({ name: z.literal("import-failed"), ...onCalls }),
  z.strictObject({ name: z.literal("blob-changes-during-copy"), ...onCalls }),
]);
export type OutcomeFault = z.infer<typeof OutcomeFault>;

/** What befalls a key vault: somebody has changed or deleted it. */
const VaultFault = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("vault-firewall"), resource, forSeconds }),
  z.strictObject({ name: z.literal("vault-deleted"), resource, forSeconds }),
  z.strictObject({ name: z.literal("vault-purged"), resource, forSeconds }),
]);
export type VaultFault = z.infer<typeof VaultFault>;

/** A condition of one resource or of all in a region. */
const inOnePlace = <N extends string>(name: N, of: string) =>
  z
    .strictObject({
      name: z.literal(name),
      resource: resource.optional(),
      region: region.optional(),
      forSeconds,
    })
    .refine((order) => (order.resource === undefined) !== (order.region === undefined), {
      error: `needs resource (${of}) or region, one of the two`,
    });

/** What is so for as long as the fault lasts, whatever is called. */
const Condition = z.discriminatedUnion("name", [
  inOnePlace("registry-down", "an app"),
  inOnePlace("vault-read-only", "a vault"),
  inOnePlace("vault-unavailable", "a vault"),
  z.strictObject({
    name: z.literal("role-missing"),
    resource: resource.optional(),
    role: z
      .string()
      .refine((role) => findRole(role) !== undefined, {
        error: () =>
          `names no role that the simulator knows; it knows ${[...ROLES.values()].map(({ name }) => name).join(", ")}`,
      })
      .optional(),
    forSeconds,
  }),
  z.strictObject({
    name: z.literal("region-down"),
    region,
    planes: z
      .array(z.enum(["control", "data", "dns"]))
      .min(1)
      .optional(),
    forSeconds,
  }),
  z.strictObject({ name: z.literal("control-plane-down"), region, forSeconds }),
  z.strictObject({
    name: z.literal("cache-refused"),
    resource: resource.optional(),
    region: region.optional(),
    /** By default both kinds of caches. */
    kind: z.enum(["classic", "managed"]).optional(),
    code: z.enum(CACHE_REFUSAL_CODES).optional(),
    forSeconds,
  }),
  z.strictObject({
    name: z.literal("storage-unavailable"),
    resource,
    region: region.optional(),
    answer: z.enum(["server-busy", "timed-out"]).optional(),
    forSeconds,
  }),
  z.strictObject({
    name: z.literal("replication-stalled"),
    resource,
    region: region.optional(),
    forSeconds,
  }),
  z.strictObject({ name: z.literal("edge-stale"), resource, forSeconds }),
  z.strictObject({
    name: z.literal("dns-down"),
    server: z.enum(DNS_SERVERS).optional(),
    forSeconds,
  }),
  z.strictObject({ name: z.literal("resolver-stale"), server: z.enum(RESOLVERS), forSeconds }),
  z.strictObject({
    name: z.literal("clock-of-service-off"),
    service: z.enum(SERVICE_NAMES),
    seconds: z.number().refine((value) => value !== 0, { error: "must not be 0" }),
    forSeconds,
  }),
]);
export type Condition = z.infer<typeof Condition>;

/** The faults that can be ordered by name. What each does stands in README.md. */
export const FaultOrder = z.discriminatedUnion("name", [
  AppFault,
  CacheFault,
  VaultFault,
  RefusingFault,
  AnswerFault,
  OutcomeFault,
  Condition,
]);
export type FaultOrder = z.infer<typeof FaultOrder>;
export type CallFault = RefusingFault | AnswerFault | OutcomeFault;

export function isAppFault(order: FaultOrder): order is AppFault {
  return has(AppFault, order);
}

export function isCacheFault(order: FaultOrder): order is CacheFault {
  return has(CacheFault, order);
}

export function isVaultFault(order: FaultOrder): order is VaultFault {
  return has(VaultFault, order);
}

export function isRefusing(order: FaultOrder): order is RefusingFault {
  return has(RefusingFault, order);
}

export function isOfAnswer(order: FaultOrder): order is AnswerFault {
  return has(AnswerFault, order);
}

export function isOfOutcome(order: FaultOrder): order is OutcomeFault {
  return has(OutcomeFault, order);
}

export function isCondition(order: FaultOrder): order is Condition {
  return has(Condition, order);
}

/** The GUID of a role that is named by its name, its GUID or its definition's id. */
export function findRole(role: string): string | undefined {
  // A GUID that is no built-in role's may be that of a role somebody made.
  if (z.guid().safeParse(roleGuid(role)).success) return roleGuid(role);
  const wanted = role.toLowerCase();
  return [...ROLES].find(([, { name }]) => name.toLowerCase() === wanted)?.[0];
}

function has(
  union: {
    readonly options: readonly { readonly shape: { readonly name: { readonly value: string } } }[];
  },
  { name }: FaultOrder,
): boolean {
  return union.options.some(({ shape }) => shape.name.value === name);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
