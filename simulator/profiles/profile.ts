/** A duration and where it comes from: measured, documented, or assumed. */
interface Figure {
  readonly seconds: number;
  readonly source: string;
}

/** How long Azure takes. One name for each figure that the simulator uses. */
export interface Profile {
  /** PATCH or PUT with a new template: until the operation reports success. */
  readonly revisionProvisioning: Figure;
  /** The same: until the new revision's replicas are ready for traffic. */
  readonly revisionReady: Figure;
  /** Activation of a revision that exists: until its replicas are ready for traffic. */
  readonly revisionActivation: Figure;
  /** A revision that cannot start: until the platform calls it failed. */
  readonly progressDeadline: Figure;
  /** Restart: until the last replica is replaced. */
  readonly revisionRestart: Figure;
  /** Replicas of a revision that went out of use: until they are gone. */
  readonly replicaShutdown: Figure;
  /** PATCH or PUT of settings that need no new revision. */
  readonly appSettings: Figure;
  readonly appStop: Figure;
  readonly appStart: Figure;
  readonly appDeletion: Figure;
  /** A newer version of a secret that an app refers to: until the app is given it. */
  readonly secretRefresh: Figure;
  /** A row of a log: until queries see it. */
  readonly logIngestion: Figure;
  /** A role that is assigned or taken away: until services know. */
  readonly rolePropagation: Figure;
  /** A resource that fails, or is well again: until Resource Health says so. */
  readonly resourceHealthDelay: Figure;
  /** An outage of a region, or its end: until Service Health announces it. */
  readonly serviceHealthDelay: Figure;
  /** Something new: until lists show it. */
  readonly listConsistency: Figure;
  /** A cache of Azure Cache for Redis: from the request until it can be connected to. */
  readonly redisCreation: Figure;
  readonly redisDeletion: Figure;
  /** Settings of a cache, and other short work on it. */
  readonly redisUpdate: Figure;
  readonly redisScaling: Figure;
  /** A reboot that was ordered: until the node goes down. */
  readonly redisRebootBegin: Figure;
  /** A primary node that goes down: until its replica serves. */
  readonly redisFailover: Figure;
  /** A node without a replica, or all nodes: until they serve again. */
  readonly redisReboot: Figure;
  readonly redisExport: Figure;
  readonly redisImport: Figure;
  readonly redisLinking: Figure;
  readonly redisUnlinking: Figure;
  /** What is written to a geo-primary: until its secondary has it. */
  readonly redisReplicationLag: Figure;
  /** A cluster of Azure Managed Redis, without its database. */
  readonly managedRedisCreation: Figure;
  readonly managedRedisDatabase: Figure;
  readonly managedRedisKey: Figure;
  /** A Traffic Manager endpoint that is added, enabled or changed: until its first probe. */
  readonly trafficManagerFirstProbe: Figure;
  /** A change of a Traffic Manager profile or of an endpoint's status: until its name servers know. */
  readonly trafficManagerPropagation: Figure;
  /** A change of a Front Door or CDN resource, or a purge: until its operation reports success. */
  readonly edgeOperation: Figure;
  /** A change that its operation has reported as done: until the edge serves by it. */
  readonly edgePropagation: Figure;
  /** A purge that is accepted: until the edge has forgotten what it kept. */
  readonly edgePurge: Figure;
  /** An asynchronous copy between accounts, for each gibibyte and for the first. */
  readonly blobCopyPerGibibyte: Figure;
  /** A new key vault: until its name can be resolved. */
  readonly vaultCreation: Figure;
  /** The same for a vault that is recovered. */
  readonly vaultRecovery: Figure;
  /** A deleted vault that is purged: until its name is free. */
  readonly vaultPurge: Figure;
  /** A vault's network rules: until they are in force. */
  readonly vaultNetworkRules: Figure;
  /** An outage of a region: until its vaults are served from the paired one. */
  readonly vaultFailover: Figure;
  /** A secret that is deleted: until it can be seen among the deleted ones. */
  readonly secretDeletion: Figure;
  /** A deleted secret that is recovered: until it can be read again. */
  readonly secretRecovery: Figure;
  /** A deleted secret that is purged: until its name is free. */
  readonly secretPurge: Figure;
  readonly storageAccountCreation: Figure;
  /** The unplanned failover of a storage account. */
  readonly storageFailover: Figure;
  /** The last part of a planned failover, in which neither region serves. */
  readonly storageFailoverSwitch: Figure;
  /** A new geo-redundant account that is there: until its copy in the other region is in step. */
  readonly geoReplicationStart: Figure;
  /** An account that becomes geo-redundant: until everything in it has been copied. */
  readonly geoBootstrap: Figure;
  /** How far the copy in the other region is behind. */
  readonly geoReplicationLag: Figure;
  /** A conversion to or from zone redundancy: until Azure begins with it, and then until it is done. */
  readonly zoneConversionStart: Figure;
  readonly zoneConversion: Figure;
}

/** The profile's durations in milliseconds of simulated time. */
export type Durations = { readonly [name in keyof Profile]: number };

/** `scale` divides durations, for clients whose clock cannot be moved. */
export function durationsOf(profile: Profile, scale: number): Durations {
  const entries = Object.entries(profile) as [keyof Profile, Figure][];
  return Object.fromEntries(
    entries.map(([name, { seconds }]) => [name, Math.ceil((seconds * 1000) / scale)]),
  ) as Durations;
}
