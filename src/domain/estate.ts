import { z } from "zod";
import { Notifications } from "./channel.js";
import { Checklist } from "./checklist-probe.js";
import { days, Duration, hours, milliseconds, minutes, seconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import { geographyOf } from "./geography.js";
import { isRecoveryCache } from "./recovery-cache.js";
import { Instant, isAfter } from "./instant.js";
import { parseResourceId, resourceId, sameResource, shortNameOf } from "./resource-id.js";
import { RunbookId } from "./scenario-id.js";

/*
 * The estate is what an operator writes down about the things to be protected: one JSON file. Both
 * sides of a resource are named; which of them is active is always observed, never configured.
 */

const guid = z.guid({ error: "write a GUID such as 0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c11" });
const region = z
  .string()
  .regex(/^[a-z0-9]+$/, { error: "write the region as ARM does, such as eastus" });

/** The two sides of a resource. A single-region estate has no secondary. */
const sides = (type: string) => ({
  primary: resourceId(type),
  secondary: resourceId(type).optional(),
});

/** How the health of the protected application is judged, from outside, over its own address. */
export const HealthRule = z.strictObject({
  path: z.string().startsWith("/", { error: "write a path such as /health" }).default("/health"),
  expectedStatus: z.int().min(100).max(599).default(200),
  /** That many good answers in a row make it healthy. */
  inARow: z.int().min(1).max(10).default(3),
  interval: Duration.default(seconds(5)),
});
export type HealthRule = z.infer<typeof HealthRule>;

const ContainerAppSides = z.strictObject({
  ...sides("Microsoft.App/containerApps"),
  health: HealthRule.prefault({}),
  /** How many replicas the secondary app has to have before users are led to it. */
  secondaryReplicas: z.int().min(1).max(300).default(2),
  /**
   * Where the app takes a few bytes by PUT and gives them back by GET, to prove that its data can be
   * written and read; `{id}` is filled in. Without it the app's health has to do.
   */
  proof: z
    .string()
    .startsWith("/", { error: "write a path such as /records/{id}" })
    .includes("{id}", { error: "write {id} where the record's name goes, as in /records/{id}" })
    .optional(),
  /** How long a side has to be well before users are led back to it. */
  soak: Duration.default(minutes(15)),
});

const redisId = z.union(
  [resourceId("Microsoft.Cache/redis"), resourceId("Microsoft.Cache/redisEnterprise")],
  {
    error:
      "write the full resource id of a Microsoft.Cache/redis or Microsoft.Cache/redisEnterprise",
  },
);

const RedisSides = z.strictObject({
  primary: redisId,
  secondary: redisId.optional(),
  tier: z.enum(["Basic", "Standard", "Premium", "Managed"]),
  connectionSecret: z.string().default("redis-connection-string"),
  /**
   * A storage account of the cache's region, without soft deletion, that exports and imports pass
   * through; by default the environment's account of that region.
   */
  staging: resourceId("Microsoft.Storage/storageAccounts").optional(),
  /** The check in the app's health that speaks of the cache. */
  healthCheck: z.string().min(1).default("redis"),
  /** What is made where neither a reboot nor the secondary helps. Where Azure refuses the first kind, the other. */
  recovery: z
    .strictObject({
      first: z.enum(["managed", "classic"]).default("managed"),
      managedSize: z
        .string()
        .regex(/^[A-Z]\w+_[A-Z]\d+$/, { error: "write a size such as Balanced_B5" })
        .default("Balanced_B5"),
      classicSize: z
        .string()
        .regex(/^((Basic|Standard)_C[0-6]|Premium_P[1-5])$/, {
          error: "write a size such as Premium_P1",
        })
        .default("Premium_P1"),
    })
    .prefault({}),
});

/** Who may reach a vault over the network, as it should be. */
export const VaultRules = z.strictObject({
  publicAccess: z.boolean().default(true),
  /** What happens to addresses that no rule names. */
  defaultAction: z.enum(["Allow", "Deny"], { error: "write Allow or Deny" }),
  trustedServices: z.boolean().default(true),
  /** IPv4 addresses and ranges. */
  addresses: z.array(z.string().min(1)).default([]),
  /** Resource ids of subnets. */
  subnets: z.array(z.string().startsWith("/subscriptions/")).default([]),
});
export type VaultRules = z.infer<typeof VaultRules>;

const KeyVaultSides = z.strictObject({
  ...sides("Microsoft.KeyVault/vaults"),
  /** The check in the app's health that speaks of the vault. */
  healthCheck: z.string().min(1).default("keyVault"),
  /** The network rules of the vaults. Without them a recovery cannot tell a wrong rule from a right one. */
  network: VaultRules.optional(),
  /** The name of a vault that a recovery may make; names are global, so one is better kept free. */
  reservedName: z
    .string()
    .regex(/^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/, {
      error: "write 3 to 24 letters, digits and single hyphens, a letter first",
    })
    .optional(),
});

const StorageSides = z.strictObject({
  ...sides("Microsoft.Storage/storageAccounts"),
  containers: z.array(z.string().min(3)).min(1).default(["branding"]),
  /** The check in the app's health that speaks of the account. */
  healthCheck: z.string().min(1).default("storage"),
  /** What is done where no other account stands by. */
  recovery: z
    .strictObject({
      /**
       * `time`: a new account with the newest backup, within minutes; `data`: first Azure's failover of
       * the account, which takes about an hour and loses only what is not copied yet.
       */
      prefer: z.enum(["time", "data"], { error: "write time or data" }).default("time"),
      /** How a new account is replicated: the first of these that the region offers. */
      skus: z
        .array(
          z.string().regex(/^Standard_(LRS|ZRS|GRS|RAGRS|GZRS|RAGZRS)$/, {
            error: "write a sku such as Standard_GZRS",
          }),
        )
        .min(1)
        .default(["Standard_RAGZRS", "Standard_RAGRS", "Standard_ZRS", "Standard_LRS"]),
      /** The name of an account that a recovery may make; names are global, so one is better kept free. */
      reservedName: z
        .string()
        .regex(/^[a-z0-9]{3,24}$/, { error: "write 3 to 24 lower-case letters and digits" })
        .optional(),
    })
    .prefault({}),
});

export const TrafficManager = z
  .strictObject({
    profile: resourceId("Microsoft.Network/trafficManagerProfiles"),
    primaryEndpoint: z.string().min(1),
    secondaryEndpoint: z.string().min(1).optional(),
    /** Of both endpoints. Traffic Manager takes no container app as an Azure endpoint, so it is an external one. */
    endpointType: z
      .enum(["external", "azure", "nested"], { error: "write external, azure or nested" })
      .default("external"),
    /**
     * How the endpoint of the side that is not in use is left. `disabled`: a recovery switches it on once its
     * data can be written. `enabled`: Traffic Manager leads users there by itself.
     */
    standbyEndpoint: z
      .enum(["disabled", "enabled"], { error: "write disabled or enabled" })
      .default("disabled"),
    /** The users' own domain, which leads to the profile by CNAME. */
    publicName: z
      .string()
      .regex(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, {
        error: "write the domain name in lower case, such as mcp.example.com",
      })
      .optional(),
  })
  .refine(({ primaryEndpoint, secondaryEndpoint }) => primaryEndpoint !== secondaryEndpoint, {
    path: ["secondaryEndpoint"],
    error: "is the primary endpoint; name the other one, or leave it out",
  });
export type TrafficManager = z.infer<typeof TrafficManager>;

/** What leads users to the storage account: Azure Front Door, or an endpoint of the classic Azure CDN. */
export const FrontDoor = z
  .strictObject({
    profile: resourceId("Microsoft.Cdn/profiles"),
    /** Of Front Door Standard or Premium: the group whose origins are the accounts. */
    originGroup: z.string().min(1).optional(),
    /** Of Azure CDN from Microsoft (classic). */
    endpoint: z.string().min(1).optional(),
    /** The endpoint's origin that is the account, where it has others besides. */
    origin: z.string().min(1).optional(),
    /** What is fetched through the edge to prove where it leads; by default a small blob. */
    asset: z
      .string()
      .regex(/^\/[^/?#]+\/[^?#]+$/, {
        error: "write container and blob as a path such as /branding/tenants.json",
      })
      .optional(),
  })
  .superRefine(({ originGroup, endpoint, origin }, context) => {
    const find = (message: string, ...path: string[]): void => {
      context.addIssue({ code: "custom", path, message });
    };
    if (originGroup === undefined && endpoint === undefined) {
      find(
        "names nothing below the profile; add originGroup (Front Door Standard or Premium) or endpoint (classic CDN)",
      );
    }
    if (originGroup !== undefined && endpoint !== undefined) {
      find(
        "names originGroup and endpoint; keep originGroup for Front Door Standard or Premium, endpoint for the classic CDN",
      );
    }
    if (origin !== undefined && endpoint === undefined) {
      find(
        "belongs to an endpoint of the classic CDN; name the endpoint, or leave it out",
        "origin",
      );
    }
  });
export type FrontDoor = z.infer<typeof FrontDoor>;

const ApplicationInsights = z
  .strictObject({
    component: resourceId("Microsoft.Insights/components"),
    /** Availability tests whose alerts speak of the container app. */
    availabilityTests: z.array(resourceId("Microsoft.Insights/webtests")).default([]),
    /** The Log Analytics workspace's customer id, for queries. */
    workspaceId: guid,
    /** The same workspace's resource id; where it is named, it is ensured to take the audit logs. */
    workspace: resourceId("Microsoft.OperationalInsights/workspaces").optional(),
    /**
     * Where requests, exceptions, metrics and events flow from when they happen. Without an account it is
     * reported where they flow nowhere; without all of it nobody asks.
     */
    export: z
      .strictObject({
        /** A standard storage account of the workspace's region. */
        account: resourceId("Microsoft.Storage/storageAccounts").optional(),
      })
      .optional(),
  })
  .refine(({ workspace, export: wanted }) => wanted === undefined || workspace !== undefined, {
    path: ["export"],
    error: "needs the workspace's resource id; name it as workspace",
  });

const registryId = resourceId("Microsoft.ContainerRegistry/registries");

/** Where the app's container images are kept, and what of them outlives the primary region. */
const Images = z
  .strictObject({
    registry: registryId,
    /** A registry of the recovery side; without it `registry` has to be replicated there. */
    recoveryRegistry: registryId.optional(),
    /** How long an image that has lost its tag is kept. Azure counts whole days, up to 365. */
    retention: Duration.refine((retention) => retention >= days(1) && retention <= days(365), {
      error: "write 1 to 365 days, such as P180D",
    }).default(days(180)),
  })
  .refine(
    ({ registry, recoveryRegistry }) =>
      recoveryRegistry === undefined || !sameResource(registry, recoveryRegistry),
    {
      path: ["recoveryRegistry"],
      error: "is the registry itself; name another one, or leave it out",
    },
  );
export type Images = z.infer<typeof Images>;

const phone = z.string().regex(/^\+\d{6,15}$/, { error: "write the number as +14255550100" });

const alertRule = z.union(
  [
    resourceId("Microsoft.Insights/metricAlerts"),
    resourceId("Microsoft.Insights/activityLogAlerts"),
    resourceId("Microsoft.Insights/scheduledQueryRules"),
  ],
  {
    error:
      "write the full resource id of a metricAlerts, activityLogAlerts or scheduledQueryRules of Microsoft.Insights",
  },
);

/** What notices failures and calls this service; readiness looks whether it would. */
const Alerting = z.strictObject({
  actionGroup: resourceId("Microsoft.Insights/actionGroups"),
  rules: z.array(alertRule).min(1, { error: "name at least one rule, or leave alerting out" }),
});
export type Alerting = z.infer<typeof Alerting>;

/** Where readiness draws its lines. */
const ReadinessLimits = z.strictObject({
  /** The longest time that resolvers may repeat an old answer of Traffic Manager. */
  longestTtl: Duration.default(seconds(60)),
  /** How long the proof of a restore counts. */
  proofAge: Duration.default(days(7)),
});

const Contact = z.strictObject({
  name: z.string().min(1),
  email: z.email({ error: "write an e-mail address" }),
  phone: phone.optional(),
});

/** Who hears of a run: primary at its start, secondary at half the RTO, escalation at breach. */
const Contacts = z.strictObject({
  primary: Contact,
  secondary: Contact,
  escalation: Contact,
  /** Whom to call at Azure, for whoever is told when it gets serious. */
  azureSupport: z
    .strictObject({
      /** As you would ask for it, such as "ProDirect, contract 4711". */
      plan: z.string().min(1).max(60),
      phone: phone.optional(),
      /** Where a request is opened. */
      url: z
        .url({ protocol: /^https$/, error: "write an address such as https://portal.azure.com" })
        .max(60)
        .optional(),
    })
    .refine(({ phone, url }) => phone !== undefined || url !== undefined, {
      error: "says nothing of how to reach it; add phone or url",
    })
    .optional(),
});
export type Contacts = z.infer<typeof Contacts>;

const Schedule = z.strictObject({
  /** Half the RPO or less, or the objective cannot hold. */
  interval: Duration,
  retention: Duration,
});

const Backups = z.strictObject({
  keyVault: Schedule,
  redis: Schedule,
  blobs: Schedule,
  applicationInsights: Schedule,
});

/** How backups are proven each night: some of a set is restored into scratch places and compared. */
const Proof = z.strictObject({
  /** From this hour of the day (UTC) on. */
  hour: z
    .int()
    .min(0)
    .max(23, { error: "write an hour of the day from 0 to 23, in UTC" })
    .default(2),
  /**
   * A vault that nothing else uses, without purge protection: all that a proof restores there is
   * deleted and purged. Without it sets of secrets stay verified.
   */
  scratchVault: resourceId("Microsoft.KeyVault/vaults").optional(),
  /**
   * A cache that nothing else uses, for all of an export, and for samples of snapshots: its keys are
   * removed. Without it exports stay verified, and samples pass through the cache in use.
   */
  scratchCache: redisId.optional(),
  /** So many secrets are restored of a set. */
  secrets: z.int().min(1).max(200).default(50),
  /** So many keys are restored of a snapshot of a cache. */
  keys: z.int().min(1).max(5_000).default(500),
  blobs: z
    .strictObject({
      /** So many blobs of any length are restored, of together no more than so many bytes. */
      count: z.int().min(1).max(1_000).default(100),
      bytes: z
        .int()
        .min(1)
        .max(2 ** 30, { error: "write at most 1073741824, which is 1 GiB" })
        .default(256 * 2 ** 20),
      /** Besides, so many of those that are no longer than so many bytes. */
      smallCount: z.int().min(0).max(10_000).default(1_000),
      smallBytes: z
        .int()
        .min(0)
        .max(2 ** 20)
        .default(64 * 2 ** 10),
    })
    .prefault({}),
});
export type Proof = z.infer<typeof Proof>;

/** What the estate adds to the approvals that the catalogue asks for; it can take none away. */
const Approval = z.strictObject({
  /** How long an approval request stays open. Silence never means go. */
  window: Duration.refine((window) => window >= minutes(15), {
    error: "write 15 minutes or more: people are woken by it",
  }).default(minutes(30)),
  /** Whether an operator's own order still needs a second person. */
  secondPerson: z.boolean().default(false),
  /** Steps that are to be approved besides. */
  also: z.array(z.strictObject({ scenario: RunbookId, step: z.string().min(1) })).default([]),
});

/** What is practised of an environment, and when it is not. */
const Drills = z.strictObject({
  /**
   * When the drill of each quarter begins by itself: in which month of the quarter, on which day, at
   * which hour (UTC). Without it drills are ordered.
   */
  quarterly: z
    .strictObject({
      month: z.int().min(1).max(3, { error: "write the month of the quarter, 1 to 3" }).default(2),
      day: z.int().min(1).max(28, { error: "write a day that every month has, 1 to 28" }),
      hour: z.int().min(0).max(23, { error: "write an hour of the day from 0 to 23, in UTC" }),
    })
    .optional(),
  /** No drill begins in these windows, such as a freeze; one that is planned waits for the end. */
  blocked: z
    .array(
      z
        .strictObject({ from: Instant, until: Instant, reason: z.string().min(1) })
        .refine(({ from, until }) => isAfter(until, from), {
          path: ["until"],
          error: "is not after from; write when the window ends",
        }),
    )
    .default([]),
  /** How long a drill waits for the alert of Azure Monitor before it starts the recovery itself. */
  alertWithin: Duration.default(minutes(5)),
  /** A secret that nothing uses; the drill of the key vault deletes it, and makes it where it is missing. */
  testSecret: z
    .string()
    .regex(/^[0-9a-zA-Z-]{1,127}$/, { error: "write 1 to 127 letters, digits and hyphens" })
    .default("disaster-recovery-drill"),
});

/** What keeps automation from doing the same in vain, or too often. */
const Automation = z.strictObject({
  /** That many automatic runs of a scenario on a resource within `window`; the next alert is held back. */
  attempts: z.int().min(1).max(10).default(2),
  window: Duration.default(hours(6)),
  /** How long after an automatic run's end the next alert is held back. */
  coolDown: Duration.default(minutes(15)),
});

const Objectives = z.strictObject({
  rto: Duration,
  rpo: Duration,
  /** Stricter or looser targets than the catalogue's, by scenario id. */
  scenarioRto: z
    .strictObject({
      "container-app-failure": Duration.optional(),
      "redis-failure": Duration.optional(),
      "key-vault-failure": Duration.optional(),
      "storage-failure": Duration.optional(),
      "region-outage": Duration.optional(),
      "redis-key-rotation": Duration.optional(),
    })
    .prefault({}),
});
export type Objectives = z.infer<typeof Objectives>;

export const Environment = z
  .strictObject({
    subscriptionId: guid,
    primaryRegion: region,
    secondaryRegion: region.optional(),
    /** Where this service, its state and its backups stand. */
    serviceRegion: region,
    /** Where resources are made during a recovery. */
    recoveryRegion: region,
    objectives: Objectives,
    /** How long a run waits for an operator after a step failed for good; the clock runs on. */
    decisionWindow: Duration.default(milliseconds(0)),
    containerApp: ContainerAppSides,
    redis: RedisSides,
    keyVault: KeyVaultSides,
    storage: StorageSides,
    applicationInsights: ApplicationInsights,
    /** Without it nobody can tell whether the app's images can be had when the primary region is down. */
    images: Images.optional(),
    trafficManager: TrafficManager.optional(),
    frontDoor: FrontDoor.optional(),
    backups: Backups,
    proof: Proof.prefault({}),
    contacts: Contacts,
    /** Where the contacts are told; without it nobody is. */
    notifications: Notifications.optional(),
    approval: Approval.prefault({}),
    automation: Automation.prefault({}),
    drills: Drills.prefault({}),
    /** The alert rules of the environment and the action group they call; without it nobody knows of them. */
    alerting: Alerting.optional(),
    readiness: ReadinessLimits.prefault({}),
    /** What is checked once a recovery has restored the environment. */
    checklist: Checklist.prefault({}),
  })
  .superRefine((environment, context) => {
    const { primaryRegion, secondaryRegion } = environment;
    const find = (path: string, message: string): void => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    for (const place of ["serviceRegion", "recoveryRegion"] as const) {
      if (environment[place] === primaryRegion) {
        find(place, `is ${primaryRegion}, the region it must outlive; choose another region`);
      }
    }
    if (secondaryRegion === primaryRegion) {
      find("secondaryRegion", "is the primary region; name another one or leave it out");
    }
    for (const place of [
      "primaryRegion",
      "secondaryRegion",
      "serviceRegion",
      "recoveryRegion",
    ] as const) {
      const named = environment[place];
      if (named === undefined) continue;
      const geography = geographyOf(named);
      if (geography === undefined) {
        find(
          place,
          `"${named}" is not a region this service knows; check the spelling (eastus, not East US)`,
        );
      } else if (geography !== (geographyOf(primaryRegion) ?? geography)) {
        find(
          place,
          `${named} is in ${geography}; backups restore only in the geography of ${primaryRegion}`,
        );
      }
    }
    if (secondaryRegion === undefined) {
      for (const kind of ["containerApp", "redis", "keyVault", "storage"] as const) {
        if (environment[kind].secondary !== undefined) {
          find(
            kind,
            "has a secondary, but the environment has no secondaryRegion; name the region",
          );
        }
      }
    }
    const { scratchVault, scratchCache } = environment.proof;
    for (const scratch of [scratchVault, scratchCache]) {
      const subscription = parseResourceId(scratch ?? "")?.subscription;
      if (subscription === undefined || subscription === environment.subscriptionId) continue;
      find(
        "proof",
        `${scratch ?? ""} is in another subscription, where backups of this one do not open; name one in ${environment.subscriptionId}`,
      );
    }
    if (environment.objectives.rpo > hours(24)) {
      find("objectives", "rpo is longer than 24 hours; the schedules here do not go beyond a day");
    }
  });
export type Environment = z.infer<typeof Environment>;

export const Estate = z.strictObject({
  version: z.literal(1, { error: "write 1, the only version there is" }),
  name: z.string().min(1),
  environments: z
    .partialRecord(EnvironmentName, Environment)
    .refine((environments) => Object.keys(environments).length > 0, {
      error: "name at least one of development, staging, production",
    })
    .superRefine((environments, context) => {
      const seen = new Map<string, string>();
      for (const name of EnvironmentName.options) {
        const environment = environments[name];
        if (environment === undefined) continue;
        for (const { known } of placesOf(name, environment)) {
          const other = seen.get(known.toLowerCase());
          if (other !== undefined) {
            const message = `names ${known}, which stands in ${other} already; every resource has one place`;
            context.addIssue({ code: "custom", path: [name], message });
          }
          seen.set(known.toLowerCase(), name);
        }
      }
      const scratches = new Map<string, string>();
      for (const name of EnvironmentName.options) {
        const environment = environments[name];
        if (environment === undefined) continue;
        for (const member of ["scratchVault", "scratchCache"] as const) {
          const scratch = environment.proof[member];
          if (scratch === undefined) continue;
          const id = scratch.toLowerCase();
          const madeIn = EnvironmentName.options.find((one) => {
            const redis = environments[one]?.redis;
            return redis !== undefined && isRecoveryCache(redis, scratch);
          });
          const owner = seen.get(id) ?? madeIn ?? scratches.get(id);
          if (owner !== undefined) {
            const message = `${scratch} belongs to ${owner} already, and a proof removes all that it finds in its scratch places; name one that nothing else uses, or leave it out`;
            context.addIssue({ code: "custom", path: [name, "proof", member], message });
          }
          scratches.set(id, name);
        }
      }
      for (const [one, other] of namesakesIn(environments)) {
        const message = `${one.id} and ${other.id} have one name, below which the backups of both would lie; make one anew by another name, or leave it to a deployment of its own with another BACKUP_CONTAINER`;
        context.addIssue({ code: "custom", path: [other.environment], message });
      }
    }),
});
export type Estate = z.infer<typeof Estate>;

/**
 * Different resources of a kind that is backed up and of one name: backup sets lie below the short
 * name, because people look there as well.
 */
function namesakesIn(
  environments: Partial<Record<EnvironmentName, Environment>>,
): (readonly [BackedUp, BackedUp])[] {
  const named = new Map<string, BackedUp>();
  const found: (readonly [BackedUp, BackedUp])[] = [];
  for (const name of EnvironmentName.options) {
    const environment = environments[name];
    if (environment === undefined) continue;
    const { component } = environment.applicationInsights;
    for (const place of [
      ...placesOf(name, environment).map((each): BackedUp => each.place),
      { environment: name, kind: "component", id: component } as const,
    ]) {
      if (!["redis", "key-vault", "storage", "component"].includes(place.kind)) continue;
      const short = `${place.kind}/${shortNameOf(place.id)}`;
      const other = named.get(short);
      named.set(short, other ?? place);
      if (other !== undefined && !sameResource(other.id, place.id)) found.push([other, place]);
    }
  }
  return found;
}

interface BackedUp {
  readonly environment: EnvironmentName;
  readonly kind: ResourceKind | "component";
  readonly id: string;
}

/** An environment that the estate is known to have; without it, a defect of the caller. */
export function environmentOf(estate: Estate, name: EnvironmentName): Environment {
  const environment = estate.environments[name];
  if (environment === undefined) throw new Error(`the estate has no environment ${name}`);
  return environment;
}

/** Which kind of resource of an environment an ARM id is, and on which side. */
export interface ResourcePlace {
  readonly environment: EnvironmentName;
  readonly kind: ResourceKind;
  readonly side: "primary" | "secondary" | "recovery";
  /** The id as the estate writes it. */
  readonly id: string;
}

export type ResourceKind = "container-app" | "redis" | "key-vault" | "storage" | "traffic-manager";

/**
 * Finds what an ARM id means to the estate. Application Insights and its availability tests speak
 * of the primary container app, because that is what they watch. A cache that a recovery made is the
 * environment's too, before anybody has entered it.
 */
export function placeOf(estate: Estate, id: string): ResourcePlace | undefined {
  const wanted = id.toLowerCase();
  for (const name of EnvironmentName.options) {
    const environment = estate.environments[name];
    if (environment === undefined) continue;
    const place = placesOf(name, environment).find(({ known }) => known.toLowerCase() === wanted);
    if (place !== undefined) return place.place;
    if (isRecoveryCache(environment.redis, id)) {
      return { environment: name, kind: "redis", side: "recovery", id };
    }
  }
  return undefined;
}

function placesOf(
  environment: EnvironmentName,
  resources: Environment,
): readonly { known: string; place: ResourcePlace }[] {
  const both = (kind: ResourceKind, ids: { primary: string; secondary?: string | undefined }) =>
    (["primary", "secondary"] as const).flatMap((side) => {
      const id = ids[side];
      return id === undefined ? [] : [{ known: id, place: { environment, kind, side, id } }];
    });
  const app = {
    environment,
    kind: "container-app",
    side: "primary",
    id: resources.containerApp.primary,
  } as const;
  const { component, availabilityTests } = resources.applicationInsights;
  return [
    ...both("container-app", resources.containerApp),
    ...both("redis", resources.redis),
    ...both("key-vault", resources.keyVault),
    ...both("storage", resources.storage),
    ...[component, ...availabilityTests].map((known) => ({ known, place: app })),
    ...(resources.trafficManager === undefined
      ? []
      : both("traffic-manager", { primary: resources.trafficManager.profile })),
  ];
}

/** The resource of a kind that an environment uses at first; empty where it has none. */
export function primaryOf(environment: Environment, kind: ResourceKind): string {
  switch (kind) {
    case "container-app":
      return environment.containerApp.primary;
    case "redis":
      return environment.redis.primary;
    case "key-vault":
      return environment.keyVault.primary;
    case "storage":
      return environment.storage.primary;
    case "traffic-manager":
      return environment.trafficManager?.profile ?? "";
  }
}
