import type { Question } from "dns-packet";
import type { RequestLog } from "../server/request-log.js";
import { USER_REGIONS } from "../traffic-manager/traffic-manager.js";
import type { World } from "../world/world.js";
import { authoritativeReply, isInZone } from "./authority.js";
import { type Hosts, internetReply } from "./internet.js";
import { RCODES, type Reply } from "./reply.js";
import { CachingResolver } from "./resolver.js";
import { type DnsServer, startDnsServer } from "./server.js";
import { AUTHORITATIVE, type DnsServerName, RESOLVERS } from "./server-names.js";

export interface Dns {
  /** `host:port` of each name server of Traffic Manager. */
  readonly authoritative: readonly string[];
  /** `host:port` of each resolver. */
  readonly resolvers: readonly string[];
  /** Forgets what resolvers have cached. */
  clear(): void;
  close(): Promise<void>;
}

/** Starts Traffic Manager's name servers, and resolvers that ask them on behalf of clients. */
export async function startDns({
  world,
  requests,
  hosts,
}: {
  readonly world: World;
  readonly requests: RequestLog;
  readonly hosts: Hosts;
}): Promise<Dns> {
  const { timeline, conditions } = world;

  /** A server that may be down; its questions are in the log like any request. */
  function served(name: DnsServerName, answer: (question: Question) => Reply) {
    return (question: Question): Reply | undefined => {
      timeline.settle();
      const down = conditions.isDnsDown(name);
      const reply = down ? undefined : answer(question);
      requests.add({
        at: new Date(timeline.now()).toISOString(),
        method: "QUERY",
        host: question.name.toLowerCase(),
        path: question.type,
        query: "",
        status: reply === undefined ? 0 : RCODES[reply.rcode],
        service: "dns",
        operation: `dns.${name}`,
        mutating: false,
        ...(down && { fault: "dns-down" }),
      });
      return reply;
    };
  }

  const resolvers = RESOLVERS.map((name, index) => {
    const region = USER_REGIONS[index] ?? USER_REGIONS[0];
    const upstream = (question: Question): Reply | undefined => {
      if (!isInZone(question.name.toLowerCase())) return internetReply(question, hosts, world);
      const someUp = AUTHORITATIVE.some((server) => !conditions.isDnsDown(server));
      return someUp ? authoritativeReply(question, region, world) : undefined;
    };
    return new CachingResolver(
      upstream,
      () => timeline.now(),
      () => conditions.isResolverStale(name),
    );
  });

  const start = (name: DnsServerName, answer: (question: Question) => Reply, recursive: boolean) =>
    startDnsServer({ answer: served(name, answer), recursive });
  const [own, caching] = await Promise.all([
    Promise.all(
      AUTHORITATIVE.map((name) =>
        start(name, (question) => authoritativeReply(question, USER_REGIONS[0], world), false),
      ),
    ),
    Promise.all(
      resolvers.map((resolver, index) =>
        start(RESOLVERS[index] ?? "resolver-1", (question) => resolver.answer(question), true),
      ),
    ),
  ]);

  const addresses = (servers: readonly DnsServer[]): string[] =>
    servers.map(({ address }) => address);
  return {
    authoritative: addresses(own),
    resolvers: addresses(caching),
    clear: () => {
      for (const resolver of resolvers) resolver.clear();
    },
    close: async () => {
      await Promise.all([...own, ...caching].map((server) => server.close()));
    },
  };
}
