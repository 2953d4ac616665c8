import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { milliseconds, type Milliseconds } from "../domain/duration.js";

/** Where names are asked for; empty lists leave it to the system, and to the zone. */
export interface NameServerSettings {
  readonly resolvers: readonly string[];
  readonly authoritative: readonly string[];
}

/** What one server says of where a name leads. */
export interface NameAnswer {
  readonly server: string;
  /**
   * `leads`: to the target; `bypasses`: the name that clients know leads to the target, and not by way of
   * the profile; `no-such-name`: as where all endpoints are off; `silent`: no answer, or none of use.
   */
  readonly says: "leads" | "bypasses" | "no-such-name" | "silent";
  readonly target: string | undefined;
}

/** Name servers as clients and the owner of a zone see them. Nothing here throws: silence is an answer too. */
export interface NameServers {
  /** Where a profile's name leads, from each of the zone's own servers, past every cache. */
  authoritative(profile: string): Promise<readonly NameAnswer[]>;
  /** Where the name that clients know leads in the end, from each resolver. */
  resolvers(path: {
    readonly name: string;
    readonly profile: string;
  }): Promise<readonly NameAnswer[]>;
}

/** The part of a resolver that asks. */
export type Asking = Pick<Resolver, "cancel" | "resolve4" | "resolveCname" | "resolveNs">;

/** More names in a row are a loop. */
const longestChain = 8;
/** A zone names many servers, all of which know the same. */
const zoneServers = 4;

export function nameServers(
  settings: NameServerSettings,
  timeLimit: Milliseconds,
  resolverAt: (address: string | undefined, timeLimit: Milliseconds) => Asking = askingAt,
): NameServers {
  const system = "system";

  /** Asks one server; what takes longer than a probe may is silence. */
  async function ask<T>(
    address: string | undefined,
    question: (resolver: Asking) => Promise<T>,
  ): Promise<T> {
    const resolver = resolverAt(address, timeLimit);
    const cancel = (): void => {
      resolver.cancel();
    };
    const limit = AbortSignal.timeout(timeLimit);
    limit.addEventListener("abort", cancel);
    try {
      return await question(resolver);
    } finally {
      limit.removeEventListener("abort", cancel);
    }
  }

  const answerOf = async (
    server: string,
    path: { readonly name: string; readonly profile: string },
  ): Promise<NameAnswer> => {
    try {
      const address = server === system ? undefined : await addressOf(server);
      return { server, ...(await ask(address, (resolver) => follow(resolver, path))) };
    } catch {
      return { server, says: "silent", target: undefined };
    }
  };

  /** The servers that the zone of a name itself names, found the way a client would. */
  async function serversOfZone(name: string): Promise<readonly string[]> {
    const finder = settings.resolvers[0];
    try {
      const address = finder === undefined ? undefined : await addressOf(finder);
      return await ask(address, async (resolver) => {
        const names = await nameServersOf(resolver, name);
        const found = await Promise.all(
          names.slice(0, zoneServers).map((server) => resolver.resolve4(server).catch(() => [])),
        );
        return found.flatMap(([first]) => first ?? []);
      });
    } catch {
      return [];
    }
  }

  return {
    async authoritative(profile) {
      const { authoritative: named } = settings;
      const servers = named.length > 0 ? named : await serversOfZone(profile);
      return Promise.all(servers.map((server) => answerOf(server, { name: profile, profile })));
    },

    async resolvers(path) {
      const servers = settings.resolvers.length > 0 ? settings.resolvers : [system];
      return Promise.all(servers.map((server) => answerOf(server, path)));
    },
  };
}

/** Goes from alias to alias up to the one that the profile's name stands for. */
async function follow(
  resolver: Asking,
  { name, profile }: { readonly name: string; readonly profile: string },
): Promise<Omit<NameAnswer, "server">> {
  let at = name.toLowerCase();
  for (let links = 0; links < longestChain; links += 1) {
    const { exists, next } = await aliasOf(resolver, at);
    if (!exists) return { says: "no-such-name", target: undefined };
    if (next === undefined) return { says: "bypasses", target: at };
    if (at === profile.toLowerCase()) return { says: "leads", target: next };
    at = next;
  }
  throw new Error(`${name} leads round in a circle`);
}

async function aliasOf(
  resolver: Asking,
  name: string,
): Promise<{ readonly exists: boolean; readonly next?: string | undefined }> {
  try {
    return { exists: true, next: (await resolver.resolveCname(name))[0]?.toLowerCase() };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOTFOUND" || code === "ENODATA") return { exists: code === "ENODATA" };
    throw error;
  }
}

/** The zone is that of the name itself or one above it. */
async function nameServersOf(resolver: Asking, name: string): Promise<readonly string[]> {
  const labels = name.split(".");
  for (let from = 1; from < labels.length - 1; from += 1) {
    try {
      return await resolver.resolveNs(labels.slice(from).join("."));
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== "ENODATA" && code !== "ENOTFOUND") throw error;
    }
  }
  return [];
}

/** Resolvers take numbers alone, so a server that is named is looked up first. */
async function addressOf(server: string): Promise<string> {
  const [, host = server, port] =
    isIP(server) === 0 ? (/^\[?(.+?)\]?(?::(\d+))?$/.exec(server) ?? []) : [];
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  if (port === undefined) return address;
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Asks twice, for packets get lost; the second wait is twice as long as the first. */
function askingAt(address: string | undefined, timeLimit: Milliseconds): Asking {
  const resolver = new Resolver({ timeout: milliseconds(timeLimit / 3), tries: 2 });
  if (address !== undefined) resolver.setServers([address]);
  return resolver;
}
