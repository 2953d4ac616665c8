import { checkedContent } from "../arm/invalid-content.js";
import { isObject, mergePatch, withoutNulls } from "../arm/merge-patch.js";
import { isWithin, keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  operationsOf,
  resourceNotFound,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import type { World } from "../world/world.js";
import { type AlertBody, alertTypes } from "./schema.js";

/** A rule or action group. Availability tests alone are made (monitor.ts); other alerts are posted by whoever tests. */
export interface AlertResource {
  readonly id: string;
  readonly type: string;
  readonly body: AlertBody;
}

export const alertResourceTypes: readonly ArmType[] = alertTypes.map(({ type, apiVersions }) => ({
  type,
  apiVersions,
}));

const group = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";

/** Alert rules of three types, and action groups: get, list, PUT, PATCH and DELETE, all done at once. */
export const alertOperations: readonly ArmOperation[] = alertTypes.flatMap(
  ({ type, apiVersions, put, patch }) => {
    const all = `${group}/providers/${type}`;
    const one = `${all}/{name}`;
    const name = type.slice(type.indexOf("/") + 1);
    const on = operationsOf(type, apiVersions);
    return [
      on(`${name}.listByResourceGroup`, "GET", all, "read", (context) =>
        armJson(context, 200, {
          value: [...context.world.alerts.values()]
            .filter((each) => each.type === type && isWithin(each.id, groupOf(context.id)))
            .map(resourceOf),
        }),
      ),
      on(`${name}.get`, "GET", one, "read", (context) =>
        armJson(context, 200, resourceOf(found(context, type))),
      ),
      on(`${name}.createOrUpdate`, "PUT", one, "write", (context) =>
        kept(context, type, checkedContent(put, sent(context.body))),
      ),
      on(`${name}.update`, "PATCH", one, "write", (context) => {
        const change = checkedContent(patch, sent(context.body));
        const merged = mergePatch(found(context, type).body, change);
        return kept(context, type, checkedContent(put, merged));
      }),
      on(`${name}.delete`, "DELETE", one, "delete", remove),
    ];
  },
);

function kept(context: ArmContext, type: string, body: AlertBody): Answer {
  const { world, id } = context;
  const before = world.alerts.get(keyOf(id));
  const resource: AlertResource = { id, type, body };
  world.alerts.set(keyOf(id), resource);
  const same = JSON.stringify(before?.body) === JSON.stringify(body);
  return armJson(context, before === undefined ? 201 : 200, resourceOf(resource), {
    ...(!same && { effect: { kind: "alerting-changed", resource: id } }),
  });
}

function remove({ world, id, request }: ArmContext): Answer {
  const there = world.alerts.delete(keyOf(id));
  return {
    status: there ? 200 : 204,
    headers: armHeaders(request),
    ...(there && { effect: { kind: "alerting-changed", resource: id } }),
  };
}

function found(context: ArmContext, type: string): AlertResource {
  const resource = context.world.alerts.get(keyOf(context.id));
  if (resource !== undefined) return resource;
  throw resourceNotFound(context, type, context.params["name"] ?? "");
}

/** What a client sends back of what it was shown. */
function sent(body: unknown): unknown {
  const given = withoutNulls(body);
  if (!isObject(given)) return given;
  const { id: _id, name: _name, type: _type, ...rest } = given;
  return rest;
}

const groupOf = (id: string): string => id.split("/").slice(0, 5).join("/");

const resourceOf = ({ id, type, body }: AlertResource): unknown => ({
  id,
  type,
  name: id.split("/").at(-1) ?? "",
  ...body,
});

/** Rules and action groups of a seed, whose bodies are those of a PUT. */
export function seedAlerts(
  seeded: readonly { readonly id: string; readonly body: unknown }[],
  world: Pick<World, "alerts">,
): void {
  for (const { id, body } of seeded) {
    const type = alertTypes.find((each) => keyOf(id).includes(`/${keyOf(each.type)}/`));
    if (type === undefined) throw new Error(`${id} is no alert rule and no action group`);
    world.alerts.set(keyOf(id), { id, type: type.type, body: type.put.parse(body) });
  }
}
