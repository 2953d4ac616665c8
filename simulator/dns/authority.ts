import { isIPv4 } from "node:net";
import type { Question, SoaAnswer, StringAnswer } from "dns-packet";
import { DOMAIN } from "../traffic-manager/rules.js";
import { releaseAt } from "../traffic-manager/traffic-manager.js";
import type { World } from "../world/world.js";
import { alias, nothing, refused, type Reply } from "./reply.js";

/** The name servers of the zone as it names them itself. */
export const NAME_SERVERS = ["tm1.dns-tm.com", "tm2.dns-tm.com"] as const;

const APEX_TTL = 172_800;

// Assumed: how long resolvers may remember that a name does not exist.
const NEGATIVE_TTL = 30;

const SOA: SoaAnswer = {
  type: "SOA",
  name: DOMAIN,
  ttl: NEGATIVE_TTL,
  data: {
    mname: NAME_SERVERS[0],
    rname: "hostmaster.dns-tm.com",
    serial: 2003080800,
    refresh: 900,
    retry: 300,
    expire: 2419200,
    minimum: NEGATIVE_TTL,
  },
};

/** Whether Traffic Manager's name servers are the ones to ask about a name. */
export function isInZone(name: string): boolean {
  return name === DOMAIN || name.endsWith(`.${DOMAIN}`);
}

/** What Traffic Manager's name servers answer at this instant to a question from a region. */
export function authoritativeReply(
  { name: asked, type }: Question,
  region: string,
  world: Pick<World, "timeline" | "trafficManager">,
): Reply {
  const name = asked.toLowerCase();
  if (!isInZone(name)) return refused("REFUSED");
  if (name === DOMAIN) return apex(asked, type);
  const profile = world.trafficManager.profileNamed(name.slice(0, -DOMAIN.length - 1));
  if (profile === undefined) return nothing("NXDOMAIN", SOA);
  const at = world.timeline.now();
  const n = profile.queries.length;
  const chosen = world.trafficManager.answer(profile, { region, n }, at);
  if (chosen === undefined) return nothing("NXDOMAIN", SOA);
  profile.queries.push({ at, endpoint: chosen.endpoint });
  const ttl = releaseAt(profile, at)?.ttl ?? 0;
  if (!isIPv4(chosen.host)) return found(alias(asked, chosen.host, ttl));
  return type === "A"
    ? found({ type: "A", name: asked, ttl, data: chosen.host })
    : nothing("NOERROR", SOA);
}

function apex(asked: string, type: Question["type"]): Reply {
  if (type === "SOA") {
    return {
      rcode: "NOERROR",
      answers: [{ ...SOA, name: asked }],
      authorities: [],
      authoritative: true,
    };
  }
  return type === "NS"
    ? found(
        ...NAME_SERVERS.map((data): StringAnswer => ({
          type: "NS",
          name: asked,
          ttl: APEX_TTL,
          data,
        })),
      )
    : nothing("NOERROR", SOA);
}

function found(...answers: StringAnswer[]): Reply {
  return { rcode: "NOERROR", answers, authorities: [], authoritative: true };
}
