import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { keyOf } from "../arm/resource-id.js";
import { beginOn } from "../arm/resource-operation.js";
import type { ArmContext } from "../arm/router.js";
import { accepted, PROVIDER } from "../redis-server/operation-routes.js";
import { badRequest } from "../redis/rules.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { join, leave, newGroup } from "./lifecycle.js";
import { checkDatabase, checkIdle } from "./rules.js";
import { type DatabaseProperties, GeoReplication } from "./schema.js";
import type { ManagedDatabase } from "./state.js";

const ForceUnlinkBody = z.strictObject({ ids: z.array(z.string().min(1)).min(1) });
const ForceLinkBody = z.strictObject({ geoReplication: GeoReplication });
const ends = { location: "operationsResult", status: "operationsStatus" } as const;

/** The databases that a new one names as members of its group, itself left out. */
export function checkMembers(
  id: string,
  { geoReplication }: DatabaseProperties,
  world: World,
): readonly ManagedDatabase[] {
  if (geoReplication === undefined) return [];
  const { groupNickname, linkedDatabases } = geoReplication;
  if (!linkedDatabases.some((linked) => keyOf(linked.id) === keyOf(id))) {
    throw badRequest("geoReplication.linkedDatabases must name the database itself, too.");
  }
  return linkedDatabases
    .filter((linked) => keyOf(linked.id) !== keyOf(id))
    .map((linked) => {
      const member = databaseAt(linked.id, world);
      if (member === undefined) throw badRequest(`The database '${linked.id}' was not found.`);
      if (member.group?.nickname !== groupNickname) {
        throw badRequest(`The database '${linked.id}' is not in the group '${groupNickname}'.`);
      }
      return member;
    });
}

/** Joins the group of the members, or founds one. */
export function linkTo(
  database: ManagedDatabase,
  nickname: string,
  members: readonly ManagedDatabase[],
  world: World,
): void {
  const group = members[0]?.group;
  if (group === undefined) {
    newGroup(nickname, database);
    return;
  }
  join(database, group, world);
  for (const member of members) {
    member.linking.add(database.id);
    database.linking.add(member.id);
  }
}

/** Cuts members off that cannot be reached any more, so that the others need not remember everything for them. */
export function forceUnlink(context: ArmContext, database: ManagedDatabase): Answer {
  const { world, outcomes } = context;
  const { ids } = checkedContent(ForceUnlinkBody, context.body);
  checkIdle(database);
  const gone = ids.map((id) => {
    const member = databaseAt(id, world);
    if (member?.group === undefined || member.group !== database.group) {
      throw badRequest(`The database '${id}' is not linked with '${database.id}'.`);
    }
    if (member === database) {
      throw badRequest("A database cannot unlink itself: ask one that stays in the group.");
    }
    return member;
  });
  for (const { id } of gone) database.unlinking.add(id);
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "unlinking",
    duration: world.durations.redisUnlinking,
    outcomes,
    lastWork: () => world.redisServers.track(Promise.all(gone.map((one) => leave(one, world)))),
    failure: new Refusal(500, "InternalServerError", "The databases could not be unlinked."),
    ended: () => {
      database.unlinking.clear();
    },
  });
  return accepted(
    context,
    operation,
    {
      kind: "managed-redis-unlinked",
      resource: database.id,
      detail: gone.map(({ name }) => name).join(", "),
    },
    ends,
  );
}

/** Puts a database back into a group; what it holds is lost, and it serves nobody meanwhile. */
export function forceLink(context: ArmContext, database: ManagedDatabase): Answer {
  const { world, outcomes } = context;
  const { geoReplication } = checkedContent(ForceLinkBody, context.body);
  checkIdle(database);
  if (database.group) throw badRequest(`The database '${database.id}' is in a group already.`);
  const properties = { ...database.properties, geoReplication };
  checkDatabase(properties, database.cluster);
  const members = checkMembers(database.id, properties, world);
  const group = members[0]?.group;
  if (group === undefined) throw badRequest("No other database of the group is named.");
  database.properties = properties;
  database.outages.add("linking");
  database.endpoint.cut();
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "linking",
    duration: world.durations.redisLinking,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The database could not be linked."),
    ended: (error) => {
      database.outages.delete("linking");
      if (error === undefined) join(database, group, world);
    },
  });
  return accepted(
    context,
    operation,
    { kind: "managed-redis-linked", resource: database.id, detail: geoReplication.groupNickname },
    ends,
  );
}

function databaseAt(id: string, world: World): ManagedDatabase | undefined {
  const key = keyOf(id);
  if (!key.endsWith("/databases/default")) return undefined;
  return world.managedRedis.get(key.slice(0, -"/databases/default".length))?.database;
}
