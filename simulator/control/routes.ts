import { z } from "zod";
import { type Monitor, MonitorOrder } from "../alerts/monitor.js";
import { keyOf } from "../arm/resource-id.js";
import type { Clock } from "../world/clock.js";
import { FaultOrder } from "../faults/catalogue.js";
import type { FaultRegistry } from "../faults/registry.js";
import type { HeldAnswers } from "../server/held-answers.js";
import { Refusal } from "../server/refusal.js";
import type { RequestLog } from "../server/request-log.js";
import { parseSeed, type Seed } from "../world/seed.js";
import type { World } from "../world/world.js";
import type { ControlRoute } from "./server.js";
import { stateOf } from "./state.js";

export interface ControlOptions {
  readonly world: World;
  readonly faults: FaultRegistry;
  readonly requests: RequestLog;
  readonly held: HeldAnswers;
  readonly clock: Clock;
  readonly monitor: Monitor;
  /** The process that keeps the blobs. */
  azuritePid(): number;
  /** Everything as after the start, with this seed or the first one. */
  reset(seed: Seed | undefined): Promise<void>;
}

const Advance = z.union([
  z.strictObject({ seconds: z.number().positive() }),
  z.strictObject({ to: z.iso.datetime() }),
]);

/** Azure moves no group; a test has one that was made in the wrong region. */
const GroupPlace = z.strictObject({ id: z.string(), location: z.string().min(1) });

const LONGEST_WAIT_MS = 60_000;

export function controlRoutes(options: ControlOptions): readonly ControlRoute[] {
  const { world, faults, requests, held, clock } = options;
  const clockNow = (): unknown => ({
    now: new Date(clock.now()).toISOString(),
    offset: clock.offset(),
  });

  return [
    {
      method: "GET",
      path: "/state",
      handle: () => {
        world.timeline.settle();
        return {
          status: 200,
          value: {
            clock: clockNow(),
            ...stateOf(world),
            faults: faults.list(),
            azurite: { pid: options.azuritePid() },
          },
        };
      },
    },
    {
      method: "GET",
      path: "/log",
      query: ["since", "effects"],
      handle: ({ query }) => {
        const since = wholeNumber(query, "since", 0, Number.MAX_SAFE_INTEGER);
        const effects = query.get("effects") ?? "false";
        if (effects !== "true" && effects !== "false") {
          throw new Refusal(400, "BadRequest", `effects must be true or false, not ${effects}`);
        }
        return { status: 200, value: requests.read(since, effects === "true") };
      },
    },
    {
      method: "GET",
      path: "/rights",
      handle: () => ({ status: 200, value: { asked: world.askedRights.list() } }),
    },
    {
      method: "POST",
      path: "/faults",
      handle: async ({ body }) => {
        const order = await body(FaultOrder);
        world.timeline.settle();
        return { status: 201, value: { id: faults.add(order).id } };
      },
    },
    { method: "GET", path: "/faults", handle: () => ({ status: 200, value: faults.list() }) },
    {
      method: "DELETE",
      path: "/faults",
      handle: () => {
        world.timeline.settle();
        faults.removeAll();
        return { status: 204 };
      },
    },
    {
      method: "DELETE",
      path: "/faults/{id}",
      handle: ({ params }) => {
        world.timeline.settle();
        const id = params["id"] ?? "";
        if (faults.remove(id)) return { status: 204 };
        throw new Refusal(404, "NotFound", `there is no fault ${id}; GET /faults lists them`);
      },
    },
    {
      method: "POST",
      path: "/resource-groups",
      handle: async ({ body }) => {
        const { id, location } = await body(GroupPlace);
        const group = world.resourceGroups.get(keyOf(id));
        if (group === undefined) {
          throw new Refusal(404, "NotFound", `there is no resource group ${id}`);
        }
        world.resourceGroups.set(keyOf(id), { ...group, location });
        return { status: 204 };
      },
    },
    {
      method: "PUT",
      path: "/monitor",
      handle: async ({ body }) => {
        options.monitor.watch(await body(MonitorOrder));
        return { status: 204 };
      },
    },
    { method: "GET", path: "/clock", handle: () => ({ status: 200, value: clockNow() }) },
    {
      method: "POST",
      path: "/clock/advance",
      handle: async ({ body }) => {
        const by = await body(Advance);
        if (!clock.movable) {
          throw new Refusal(
            409,
            "Conflict",
            "this simulator runs on real time: start it with --require dist/local/clock/preload.js to move its clock",
          );
        }
        if ("seconds" in by) await clock.advanceBy(Math.round(by.seconds * 1000));
        else await clock.advanceTo(Date.parse(by.to));
        world.timeline.settle();
        return { status: 200, value: clockNow() };
      },
    },
    {
      method: "GET",
      path: "/held",
      query: ["waitMs"],
      handle: async ({ query }) => ({
        status: 200,
        value: { held: await held.list(wholeNumber(query, "waitMs", 0, LONGEST_WAIT_MS)) },
      }),
    },
    {
      method: "POST",
      path: "/held/{id}",
      handle: async ({ params, body }) => {
        const { action } = await body(z.strictObject({ action: z.enum(["release", "drop"]) }));
        const id = params["id"] ?? "";
        if (held.decide(id, action)) return { status: 204 };
        throw new Refusal(404, "NotFound", `no answer is held under ${id}; GET /held lists them`);
      },
    },
    {
      method: "POST",
      path: "/reset",
      handle: async ({ body }) => {
        const { seed } = await body(z.strictObject({ seed: z.unknown().optional() }));
        await options.reset(seed === undefined ? undefined : seedOf(seed));
        return { status: 200, value: clockNow() };
      },
    },
  ];
}

function seedOf(value: unknown): Seed {
  try {
    return parseSeed(value, "in the body");
  } catch (error) {
    throw new Refusal(400, "BadRequest", error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const given = query.get(name);
  if (given === null) return fallback;
  const value = Number(given);
  if (given !== "" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Refusal(400, "BadRequest", `${name} must be a whole number from 0 to ${most}`);
}
