/** The name servers of Traffic Manager that answer here, in the order of DNS_AUTHORITATIVE. */
export const AUTHORITATIVE = ["authoritative-1", "authoritative-2"] as const;

/** The resolvers that answer here, in the order of DNS_RESOLVERS. */
export const RESOLVERS = ["resolver-1", "resolver-2", "resolver-3"] as const;

export const DNS_SERVERS = [...AUTHORITATIVE, ...RESOLVERS] as const;
export type DnsServerName = (typeof DNS_SERVERS)[number];
