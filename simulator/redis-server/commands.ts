/** What a kind of cache does not let its clients do. */
export interface CommandRules {
  /** Answered as unknown. */
  readonly unknown: readonly string[];
  /** Refused by permission: these must exist, because replicas of the simulator's own use them. */
  readonly forbidden: readonly string[];
}

const REPLICATION = ["psync", "sync", "replconf"];

/** The simulator's own hands need these; clients of no tier have them. */
const ADMINISTRATION = [
  ...["config", "save", "replicaof", "acl", "debug", "shutdown"],
  ...["bgsave", "bgrewriteaof", "migrate", "slaveof", "module", "failover"],
];

/** Of a redis-server 7.0; Azure Cache for Redis is at 6.0. */
const NEWER_THAN_6_0 = [
  ...["copy", "getdel", "getex", "geosearch", "geosearchstore", "hrandfield", "lmove", "blmove"],
  ...["smismember", "zdiff", "zdiffstore", "zinter", "zunion", "zmscore", "zrandmember"],
  ...[
    "zrangestore",
    "xautoclaim",
    "reset",
    "expiretime",
    "pexpiretime",
    "lmpop",
    "blmpop",
    "zmpop",
  ],
  ...["bzmpop", "sintercard", "zintercard", "function", "fcall", "fcall_ro", "eval_ro"],
  ...["evalsha_ro", "spublish", "ssubscribe", "sunsubscribe", "lcs", "sort_ro"],
];

// "How to configure Azure Cache for Redis", commands not supported.
export const CLASSIC: CommandRules = {
  unknown: [...ADMINISTRATION, ...NEWER_THAN_6_0],
  forbidden: REPLICATION,
};

// "How to configure Azure Managed Redis": one database alone, so nothing that names another.
export const MANAGED: CommandRules = {
  unknown: [...ADMINISTRATION, "select", "move", "swapdb"],
  forbidden: REPLICATION,
};

/** What the databases of an active geo-replication group do not do. */
export const FORBIDDEN_IN_A_GROUP = ["flushall", "flushdb"];
