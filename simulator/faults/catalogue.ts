import { z } from "zod";
import { SERVICE_NAMES } from "../server/service.js";

const resource = z.string().startsWith("/subscriptions/", "must be a resource id");

const Match = z.strictObject({
  service: z.enum(SERVICE_NAMES).optional(),
  operation: z.string().min(1).optional(),
  method: z.string().toUpperCase().optional(),
  pathPattern: z.string().refine(isPattern, { error: "must be a regular expression" }).optional(),
});

/** Which calls a fault meets, and how often. */
const onCalls = {
  resource: resource.optional(),
  region: z.string().min(1).optional(),
  match: Match.optional(),
  nth: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  forSeconds: z.number().positive().optional(),
};

const onApp = { resource, forSeconds: z.number().positive().optional() };

/** The faults that can be ordered by name. What each does stands in README.md. */
export const FaultOrder = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("app-unhealthy"), ...onApp }),
  z.strictObject({ name: z.literal("bad-revision"), ...onApp }),
  z.strictObject({ name: z.literal("restart-does-not-help"), ...onApp }),
  z.strictObject({
    name: z.literal("throttle"),
    ...onCalls,
    retryAfterSeconds: z.int().min(1).optional(),
  }),
  z.strictObject({
    name: z.literal("server-error"),
    ...onCalls,
    status: z.union([z.literal(500), z.literal(502), z.literal(503), z.literal(504)]).optional(),
  }),
  z.strictObject({ name: z.literal("slow"), ...onCalls, ms: z.int().min(1).max(60_000) }),
  z.strictObject({ name: z.literal("lost-answer"), ...onCalls }),
  z.strictObject({ name: z.literal("hold-answer"), ...onCalls }),
]);
export type FaultOrder = z.infer<typeof FaultOrder>;

export type AppFault = Extract<
  FaultOrder,
  { name: "app-unhealthy" | "bad-revision" | "restart-does-not-help" }
>;
export type CallFault = Exclude<FaultOrder, AppFault>;

export function isAppFault(order: FaultOrder): order is AppFault {
  return (
    order.name === "app-unhealthy" ||
    order.name === "bad-revision" ||
    order.name === "restart-does-not-help"
  );
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
