import type { Question, SoaAnswer } from "dns-packet";
import { environmentAt } from "../application/reach.js";
import type { World } from "../world/world.js";
import { NAME_SERVERS } from "./authority.js";
import { alias, nothing, refused, type Reply } from "./reply.js";

const TTL = 60;

// Of the addresses that are reserved for documentation; clients come through the proxy.
const SOME_ADDRESS = "198.51.100.10";

const ROOT: SoaAnswer = {
  type: "SOA",
  name: ".",
  ttl: TTL,
  data: {
    mname: "a.root-servers.net",
    rname: "nstld.verisign-grs.com",
    serial: 2026112200,
    refresh: 1800,
    retry: 900,
    expire: 604800,
    minimum: TTL,
  },
};

/** Which host names are simulated, and whether their region's DNS is up. */
export interface Hosts {
  exists(host: string): boolean;
  resolves(host: string): boolean;
}

/** What the rest of the world's name servers answer: the application's own zone, and Azure's hosts. */
export function internetReply(
  { name: asked, type }: Question,
  hosts: Hosts,
  world: Pick<World, "dnsRecords" | "environments">,
): Reply {
  const name = asked.toLowerCase();
  const record = world.dnsRecords.get(name);
  if (record) return found(alias(asked, record.target, record.ttl));
  const isNameServer = NAME_SERVERS.some((server) => server === name);
  if (!isNameServer && !hosts.exists(name)) return nothing("NXDOMAIN", ROOT);
  if (!isNameServer && !hosts.resolves(name)) return refused("SERVFAIL");
  if (type !== "A") return nothing("NOERROR", ROOT);
  const data = environmentAt(name, world)?.staticIp ?? SOME_ADDRESS;
  return found({ type: "A", name: asked, ttl: TTL, data });
}

function found(answer: Reply["answers"][number]): Reply {
  return { rcode: "NOERROR", answers: [answer], authorities: [], authoritative: true };
}
