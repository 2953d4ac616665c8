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
  .regex(/^[a-z0-9]+$/, { error: "write the region as ARM does, such as eastus" })
  .meta({ title: "region" });

/** The two sides of a resource. A single-region estate has no secondary. */
const sides = (type: string, what: string) => ({
  primary: resourceId(type).describe(`The ${what} that is used at first.`),
  secondary: resourceId(type)
    .optional()
    .describe(`The ${what} on the other side. It needs \`secondaryRegion\`.`),
});

/** How the health of the protected application is judged, from outside, over its own address. */
export const HealthRule = z.strictObject({
  path: z
    .string()
    .startsWith("/", { error: "write a path such as /health" })
    .default("/health")
    .describe("Where the app says how it is."),
  expectedStatus: z
    .int()
    .min(100)
    .max(599)
    .default(200)
    .describe("The status of an answer that is good."),
  inARow: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe("That many good answers in a row make it healthy."),
  interval: Duration.default(seconds(5)).describe("How long from one question to the next."),
});
export type HealthRule = z.infer<typeof HealthRule>;

const ContainerAppSides = z.strictObject({
  ...sides("Microsoft.App/containerApps", "app"),
  health: HealthRule.prefault({}).describe(
    "How the app's health is judged, from outside and over its own address.",
  ),
  secondaryReplicas: z
    .int()
    .min(1)
    .max(300)
    .default(2)
    .meta({
      description: "How many replicas the secondary app has to have before users are led to it.",
      examples: [4],
    }),
  proof: z
    .string()
    .startsWith("/", { error: "write a path such as /records/{id}" })
    .includes("{id}", { error: "write {id} where the record's name goes, as in /records/{id}" })
    .optional()
    .describe(
      "Where the app takes a few bytes by PUT and gives them back by GET, to prove that its data can be written and read; `{id}` is filled in. Without it the app's health has to do.",
    ),
  soak: Duration.default(minutes(15)).meta({
    description: "How long a side has to be well before users are led back to it.",
    examples: ["PT15M"],
  }),
});

const redisId = z.union(
  [resourceId("Microsoft.Cache/redis"), resourceId("Microsoft.Cache/redisEnterprise")],
  {
    error:
      "write the full resource id of a Microsoft.Cache/redis or Microsoft.Cache/redisEnterprise",
  },
);

const RedisSides = z.strictObject({
  primary: redisId.describe("The cache that the app uses at first."),
  secondary: redisId
    .optional()
    .describe(
      "The cache on the other side: a geo-replica, or one that stands by empty. It needs `secondaryRegion`.",
    ),
  tier: z
    .enum(["Basic", "Standard", "Premium", "Managed"])
    .describe(
      "What the primary cache is; it decides the target and what can be exported. `Managed` is Azure Managed Redis.",
    ),
  connectionSecret: z
    .string()
    .default("redis-connection-string")
    .describe(
      "The secret from which the app takes the cache's connection string, in the vault that it uses.",
    ),
  staging: resourceId("Microsoft.Storage/storageAccounts")
    .optional()
    .meta({
      description:
        "A storage account of the cache's region, without soft deletion, that exports and imports pass through; by default the environment's account of that region.",
      examples: [
        "/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups/mcp-server-prod-dr/providers/Microsoft.Storage/storageAccounts/mcpredisstaging",
      ],
    }),
  healthCheck: z
    .string()
    .min(1)
    .default("redis")
    .meta({
      description: "The check in the app's health that speaks of the cache.",
      examples: ["cache"],
    }),
  recovery: z
    .strictObject({
      first: z
        .enum(["managed", "classic"])
        .default("managed")
        .meta({
          description:
            "Which kind is tried first: `managed` is Azure Managed Redis, `classic` Azure Cache for Redis.",
          examples: ["classic"],
        }),
      managedSize: z
        .string()
        .regex(/^[A-Z]\w+_[A-Z]\d+$/, { error: "write a size such as Balanced_B5" })
        .default("Balanced_B5")
        .meta({
          description: "The size of an Azure Managed Redis that is made.",
          examples: ["Balanced_B10"],
        }),
      classicSize: z
        .string()
        .regex(/^((Basic|Standard)_C[0-6]|Premium_P[1-5])$/, {
          error: "write a size such as Premium_P1",
        })
        .default("Premium_P1")
        .meta({
          description: "The size of an Azure Cache for Redis that is made.",
          examples: ["Standard_C2"],
        }),
    })
    .prefault({})
    .describe(
      "What is made where neither a reboot nor the secondary helps. Where Azure refuses the first kind, the other.",
    ),
});

/** Who may reach a vault over the network, as it should be. */
export const VaultRules = z.strictObject({
  publicAccess: z
    .boolean()
    .default(true)
    .meta({
      description: "Whether the vault may be reached over the internet at all.",
      examples: [true],
    }),
  defaultAction: z
    .enum(["Allow", "Deny"], { error: "write Allow or Deny" })
    .describe("What happens to addresses that no rule names."),
  trustedServices: z
    .boolean()
    .default(true)
    .meta({ description: "Whether trusted services of Azure pass the rules.", examples: [true] }),
  addresses: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: "IPv4 addresses and ranges.", examples: [["203.0.113.0/24"]] }),
  subnets: z
    .array(z.string().startsWith("/subscriptions/"))
    .default([])
    .meta({
      description: "Resource ids of subnets.",
      examples: [
        [
          "/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups/mcp-server-prod-dr/providers/Microsoft.Network/virtualNetworks/mcp/subnets/service",
        ],
      ],
    }),
});
export type VaultRules = z.infer<typeof VaultRules>;

const KeyVaultSides = z.strictObject({
  ...sides("Microsoft.KeyVault/vaults", "vault"),
  healthCheck: z
    .string()
    .min(1)
    .default("keyVault")
    .meta({
      description: "The check in the app's health that speaks of the vault.",
      examples: ["keyVault"],
    }),
  network: VaultRules.optional().describe(
    "The network rules of the vaults. Without them a recovery cannot tell a wrong rule from a right one.",
  ),
  reservedName: z
    .string()
    .regex(/^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/, {
      error: "write 3 to 24 letters, digits and single hyphens, a letter first",
    })
    .optional()
    .meta({
      description:
        "The name of a vault that a recovery may make; names are global, so one is better kept free.",
      examples: ["mcp-server-prod-kv-2"],
    }),
});

const StorageSides = z.strictObject({
  ...sides("Microsoft.Storage/storageAccounts", "account"),
  containers: z
    .array(z.string().min(3))
    .min(1)
    .default(["branding"])
    .describe("The containers that are backed up, compared and brought back."),
  healthCheck: z
    .string()
    .min(1)
    .default("storage")
    .meta({
      description: "The check in the app's health that speaks of the account.",
      examples: ["storage"],
    }),
  recovery: z
    .strictObject({
      prefer: z
        .enum(["time", "data"], { error: "write time or data" })
        .default("time")
        .meta({
          description:
            "`time`: a new account with the newest backup, within minutes; `data`: first Azure's failover of the account, which takes about an hour and loses only what is not copied yet.",
          examples: ["data"],
        }),
      skus: z
        .array(
          z.string().regex(/^Standard_(LRS|ZRS|GRS|RAGRS|GZRS|RAGZRS)$/, {
            error: "write a sku such as Standard_GZRS",
          }),
        )
        .min(1)
        .default(["Standard_RAGZRS", "Standard_RAGRS", "Standard_ZRS", "Standard_LRS"])
        .meta({
          description:
            "How a new account is replicated: the first of these that the region offers.",
          examples: [["Standard_RAGRS", "Standard_LRS"]],
        }),
      reservedName: z
        .string()
        .regex(/^[a-z0-9]{3,24}$/, { error: "write 3 to 24 lower-case letters and digits" })
        .optional()
        .meta({
          description:
            "The name of an account that a recovery may make; names are global, so one is better kept free.",
          examples: ["mcpstorageprod2"],
        }),
    })
    .prefault({})
    .describe("What is done where no other account stands by."),
});

export const TrafficManager = z
  .strictObject({
    profile: resourceId("Microsoft.Network/trafficManagerProfiles").describe(
      "The profile. Its resource group should stand outside the primary region: nothing in a group can be changed while the group's region is away.",
    ),
    primaryEndpoint: z
      .string()
      .min(1)
      .describe("The name of the endpoint that leads to the primary app."),
    secondaryEndpoint: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The name of the endpoint that leads to the secondary app; without it users cannot be led elsewhere.",
      ),
    endpointType: z
      .enum(["external", "azure", "nested"], { error: "write external, azure or nested" })
      .default("external")
      .describe(
        "Of both endpoints. Traffic Manager takes no container app as an Azure endpoint, so it is an external one.",
      ),
    standbyEndpoint: z
      .enum(["disabled", "enabled"], { error: "write disabled or enabled" })
      .default("disabled")
      .meta({
        description:
          "How the endpoint of the side that is not in use is left. `disabled`: a recovery switches it on once its data can be written. `enabled`: Traffic Manager leads users there by itself.",
        examples: ["disabled"],
      }),
    publicName: z
      .string()
      .regex(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, {
        error: "write the domain name in lower case, such as mcp.example.com",
      })
      .optional()
      .describe("The users' own domain, which leads to the profile by CNAME."),
  })
  .refine(({ primaryEndpoint, secondaryEndpoint }) => primaryEndpoint !== secondaryEndpoint, {
    path: ["secondaryEndpoint"],
    error: "is the primary endpoint; name the other one, or leave it out",
  });
export type TrafficManager = z.infer<typeof TrafficManager>;

/** What leads users to the storage account: Azure Front Door, or an endpoint of the classic Azure CDN. */
export const FrontDoor = z
  .strictObject({
    profile: resourceId("Microsoft.Cdn/profiles").describe("The profile of the edge."),
    originGroup: z
      .string()
      .min(1)
      .optional()
      .describe("Of Front Door Standard or Premium: the group whose origins are the accounts."),
    endpoint: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Of Azure CDN from Microsoft (classic).", examples: ["mcp-assets"] }),
    origin: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "The endpoint's origin that is the account, where it has others besides.",
        examples: ["storage"],
      }),
    asset: z
      .string()
      .regex(/^\/[^/?#]+\/[^?#]+$/, {
        error: "write container and blob as a path such as /branding/tenants.json",
      })
      .optional()
      .meta({
        description:
          "What is fetched through the edge to prove where it leads; by default a small blob.",
        examples: ["/branding/tenants.json"],
      }),
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
    component: resourceId("Microsoft.Insights/components").describe(
      "The Application Insights that the app writes to.",
    ),
    availabilityTests: z
      .array(resourceId("Microsoft.Insights/webtests"))
      .default([])
      .describe("Availability tests whose alerts speak of the container app."),
    workspaceId: guid.describe("The Log Analytics workspace's customer id, for queries."),
    workspace: resourceId("Microsoft.OperationalInsights/workspaces")
      .optional()
      .describe(
        "The same workspace's resource id; where it is named, it is ensured to take the audit logs.",
      ),
    export: z
      .strictObject({
        account: resourceId("Microsoft.Storage/storageAccounts")
          .optional()
          .describe("A standard storage account of the workspace's region."),
      })
      .optional()
      .describe(
        "Where requests, exceptions, metrics and events flow from when they happen. Without an account it is reported where they flow nowhere; without all of it nobody asks.",
      ),
  })
  .refine(({ workspace, export: wanted }) => wanted === undefined || workspace !== undefined, {
    path: ["export"],
    error: "needs the workspace's resource id; name it as workspace",
  });

const registryId = resourceId("Microsoft.ContainerRegistry/registries");

/** Where the app's container images are kept, and what of them outlives the primary region. */
const Images = z
  .strictObject({
    registry: registryId.describe("The registry that the app's images are pulled from."),
    recoveryRegistry: registryId.optional().meta({
      description:
        "A registry of the recovery side; without it `registry` has to be replicated there.",
      examples: [
        "/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups/mcp-server-prod-dr/providers/Microsoft.ContainerRegistry/registries/mcpregistrydr",
      ],
    }),
    retention: Duration.refine((retention) => retention >= days(1) && retention <= days(365), {
      error: "write 1 to 365 days, such as P180D",
    })
      .default(days(180))
      .describe(
        "How long an image that has lost its tag is kept. Azure counts whole days, up to 365.",
      ),
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

const phone = z
  .string()
  .regex(/^\+\d{6,15}$/, { error: "write the number as +14255550100" })
  .meta({ title: "phone number" });

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
  actionGroup: resourceId("Microsoft.Insights/actionGroups").describe(
    "The action group that calls `POST /api/alerts`.",
  ),
  rules: z
    .array(alertRule)
    .min(1, { error: "name at least one rule, or leave alerting out" })
    .describe("The rules that are expected to be there, enabled, and to call that action group."),
});
export type Alerting = z.infer<typeof Alerting>;

/** Where readiness draws its lines. */
const ReadinessLimits = z.strictObject({
  longestTtl: Duration.default(seconds(60)).meta({
    description: "The longest time that resolvers may repeat an old answer of Traffic Manager.",
    examples: ["PT30S"],
  }),
  proofAge: Duration.default(days(7)).meta({
    description: "How long the proof of a restore counts.",
    examples: ["P7D"],
  }),
});

const Contact = z.strictObject({
  name: z.string().min(1).describe("How messages address them."),
  email: z.email({ error: "write an e-mail address" }).describe("Where mail for them goes."),
  phone: phone.optional().describe("The number that messages name, for whoever has to call."),
});

/** Who hears of a run: primary at its start, secondary at half the RTO, escalation at breach. */
const Contacts = z.strictObject({
  primary: Contact.describe("Told when a run starts and how it ends."),
  secondary: Contact.describe("Told as well when half the objective is used."),
  escalation: Contact.describe("Told as well at a breach, or when a person is needed."),
  azureSupport: z
    .strictObject({
      plan: z
        .string()
        .min(1)
        .max(60)
        .meta({
          description: 'As you would ask for it, such as "ProDirect, contract 4711".',
          examples: ["ProDirect, contract 4711"],
        }),
      phone: phone
        .optional()
        .meta({ description: "The number of that plan.", examples: ["+18005550100"] }),
      url: z
        .url({ protocol: /^https$/, error: "write an address such as https://portal.azure.com" })
        .max(60)
        .optional()
        .meta({
          description: "Where a request is opened.",
          examples: ["https://portal.azure.com"],
        }),
    })
    .refine(({ phone, url }) => phone !== undefined || url !== undefined, {
      error: "says nothing of how to reach it; add phone or url",
    })
    .optional()
    .describe("Whom to call at Azure, for whoever is told when it gets serious."),
});
export type Contacts = z.infer<typeof Contacts>;

const Schedule = z.strictObject({
  interval: Duration.describe(
    "How often it is backed up: half the RPO or less, or the objective cannot hold.",
  ),
  retention: Duration.describe("How long sets are kept. The newest verified one is never pruned."),
});

const Backups = z.strictObject({
  keyVault: Schedule.describe("Of the secrets of the vault in use."),
  redis: Schedule.describe("Of the keys of the cache in use."),
  blobs: Schedule.describe("Of the containers of the account in use."),
  applicationInsights: Schedule.describe(
    "Of the requests that Application Insights has seen, as CSV.",
  ),
});

/** How backups are proven each night: some of a set is restored into scratch places and compared. */
const Proof = z.strictObject({
  hour: z
    .int()
    .min(0)
    .max(23, { error: "write an hour of the day from 0 to 23, in UTC" })
    .default(2)
    .describe("From this hour of the day (UTC) on."),
  scratchVault: resourceId("Microsoft.KeyVault/vaults")
    .optional()
    .describe(
      "A vault that nothing else uses, without purge protection: all that a proof restores there is deleted and purged. Without it sets of secrets stay verified.",
    ),
  scratchCache: redisId
    .optional()
    .describe(
      "A cache that nothing else uses, for all of an export, and for samples of snapshots: its keys are removed. Without it exports stay verified, and samples pass through the cache in use.",
    ),
  secrets: z
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: "So many secrets are restored of a set.", examples: [50] }),
  keys: z
    .int()
    .min(1)
    .max(5_000)
    .default(500)
    .meta({ description: "So many keys are restored of a snapshot of a cache.", examples: [500] }),
  blobs: z
    .strictObject({
      count: z
        .int()
        .min(1)
        .max(1_000)
        .default(100)
        .meta({
          description:
            "So many blobs of any length are restored, of together no more than `bytes`.",
          examples: [100],
        }),
      bytes: z
        .int()
        .min(1)
        .max(2 ** 30, { error: "write at most 1073741824, which is 1 GiB" })
        .default(256 * 2 ** 20)
        .meta({ description: "The most that those are together.", examples: [268435456] }),
      smallCount: z
        .int()
        .min(0)
        .max(10_000)
        .default(1_000)
        .meta({
          description: "Besides, so many of those that are no longer than `smallBytes`.",
          examples: [1000],
        }),
      smallBytes: z
        .int()
        .min(0)
        .max(2 ** 20)
        .default(64 * 2 ** 10)
        .meta({ description: "What counts as a small one.", examples: [65536] }),
    })
    .prefault({})
    .describe("How much is restored of a set of blobs."),
});
export type Proof = z.infer<typeof Proof>;

/** What the estate adds to the approvals that the catalogue asks for; it can take none away. */
const Approval = z.strictObject({
  window: Duration.refine((window) => window >= minutes(15), {
    error: "write 15 minutes or more: people are woken by it",
  })
    .default(minutes(30))
    .describe("How long an approval request stays open. Silence never means go."),
  secondPerson: z
    .boolean()
    .default(false)
    .describe("Whether an operator's own order still needs a second person."),
  also: z
    .array(
      z.strictObject({
        scenario: RunbookId.meta({
          description: "The scenario that the step belongs to.",
          examples: ["container-app-failure"],
        }),
        step: z
          .string()
          .min(1)
          .meta({
            description: "The step's id, as it stands in a plan and in a record.",
            examples: ["restart"],
          }),
      }),
    )
    .default([])
    .meta({
      description: "Steps that are to be approved besides.",
      examples: [[{ scenario: "container-app-failure", step: "restart" }]],
    }),
});

/** What is practised of an environment, and when it is not. */
const Drills = z.strictObject({
  quarterly: z
    .strictObject({
      month: z
        .int()
        .min(1)
        .max(3, { error: "write the month of the quarter, 1 to 3" })
        .default(2)
        .describe("The month of the quarter."),
      day: z
        .int()
        .min(1)
        .max(28, { error: "write a day that every month has, 1 to 28" })
        .describe("The day of the month."),
      hour: z
        .int()
        .min(0)
        .max(23, { error: "write an hour of the day from 0 to 23, in UTC" })
        .describe("The hour of the day, in UTC."),
    })
    .optional()
    .describe(
      "When the drill of each quarter begins by itself: in which month of the quarter, on which day, at which hour (UTC). Without it drills are ordered.",
    ),
  blocked: z
    .array(
      z
        .strictObject({
          from: Instant.describe("When the window begins."),
          until: Instant.describe("When it ends."),
          reason: z.string().min(1).describe("Why nothing may be practised; refusals name it."),
        })
        .refine(({ from, until }) => isAfter(until, from), {
          path: ["until"],
          error: "is not after from; write when the window ends",
        }),
    )
    .default([])
    .describe(
      "No drill begins in these windows, such as a freeze; one that is planned waits for the end.",
    ),
  alertWithin: Duration.default(minutes(5)).meta({
    description:
      "How long a drill waits for the alert of Azure Monitor before it starts the recovery itself.",
    examples: ["PT5M"],
  }),
  testSecret: z
    .string()
    .regex(/^[0-9a-zA-Z-]{1,127}$/, { error: "write 1 to 127 letters, digits and hyphens" })
    .default("disaster-recovery-drill")
    .meta({
      description:
        "A secret that nothing uses; the drill of the key vault deletes it, and makes it where it is missing.",
      examples: ["disaster-recovery-drill"],
    }),
});

/** What keeps automation from doing the same in vain, or too often. */
const Automation = z.strictObject({
  attempts: z
    .int()
    .min(1)
    .max(10)
    .default(2)
    .meta({
      description:
        "That many automatic runs of a scenario on a resource within `window`; the next alert is held back.",
      examples: [2],
    }),
  window: Duration.default(hours(6)).meta({
    description: "Over which time those runs are counted.",
    examples: ["PT6H"],
  }),
  coolDown: Duration.default(minutes(15)).meta({
    description: "How long after an automatic run's end the next alert is held back.",
    examples: ["PT15M"],
  }),
});

const Objectives = z.strictObject({
  rto: Duration.describe(
    "How long the environment may be away, from the moment at which the failure was detected: the ceiling of every scenario.",
  ),
  rpo: Duration.describe("How much of what was written may be lost, as time; 24 hours at most."),
  scenarioRto: z
    .strictObject({
      "container-app-failure": Duration.optional().meta({
        description: "Instead of 15 minutes.",
        examples: ["PT10M"],
      }),
      "redis-failure": Duration.optional().meta({
        description: "Instead of 30 minutes (Premium, Managed) or 60 (Standard, Basic).",
        examples: ["PT45M"],
      }),
      "key-vault-failure": Duration.optional().meta({
        description: "Instead of 45 minutes.",
        examples: ["PT45M"],
      }),
      "storage-failure": Duration.optional().meta({
        description: "Instead of 30 minutes.",
        examples: ["PT30M"],
      }),
      "region-outage": Duration.optional().meta({
        description: "Instead of 60 minutes.",
        examples: ["PT1H"],
      }),
      "redis-key-rotation": Duration.optional().meta({
        description: "Of the rotation of the cache's key.",
        examples: ["PT30M"],
      }),
    })
    .prefault({})
    .describe("Stricter or looser targets than the catalogue's, by scenario id."),
});
export type Objectives = z.infer<typeof Objectives>;

export const Environment = z
  .strictObject({
    subscriptionId: guid.describe("The subscription in which the environment stands."),
    primaryRegion: region.describe("The region in which the app runs at first, as ARM writes it."),
    secondaryRegion: region
      .optional()
      .describe(
        "The region that users are led to when the primary one is away. Without it the environment has one region, and no second side of anything.",
      ),
    serviceRegion: region.describe(
      "Where this service, its state and its backups stand. Not the primary region, which it must outlive, and in its geography.",
    ),
    recoveryRegion: region.describe(
      "Where resources are made during a recovery. Not the primary region, and in its geography.",
    ),
    objectives: Objectives.describe("What a recovery is measured against."),
    decisionWindow: Duration.default(milliseconds(0)).describe(
      "How long a run waits for an operator after a step failed for good; the clock runs on.",
    ),
    containerApp: ContainerAppSides.describe("The protected application."),
    redis: RedisSides.describe("Its cache."),
    keyVault: KeyVaultSides.describe("The vault with its secrets."),
    storage: StorageSides.describe("The account with its files."),
    applicationInsights: ApplicationInsights.describe("What sees its requests."),
    images: Images.optional().describe(
      "Without it nobody can tell whether the app's images can be had when the primary region is down.",
    ),
    trafficManager: TrafficManager.optional().describe(
      "What leads users to a region. Without it a run cannot lead them to another one.",
    ),
    frontDoor: FrontDoor.optional().describe(
      "What leads users to the files of the account. Without it a run leaves the edge to you.",
    ),
    backups: Backups.describe("What is backed up, how often and for how long."),
    proof: Proof.prefault({}).describe(
      "How backups are proven each night: some of a set is restored into scratch places and compared.",
    ),
    contacts: Contacts.describe("Who hears of a run."),
    notifications: Notifications.optional().describe(
      "Where the contacts are told; without it nobody is.",
    ),
    approval: Approval.prefault({}).describe(
      "What the estate adds to the approvals that scenarios ask for; it can take none away.",
    ),
    automation: Automation.prefault({}).describe(
      "What keeps automation from doing the same in vain, or too often.",
    ),
    drills: Drills.prefault({}).describe("What is practised, and when it is not."),
    alerting: Alerting.optional().describe(
      "The alert rules of the environment and the action group they call; without it nobody knows of them.",
    ),
    readiness: ReadinessLimits.prefault({}).describe("Where readiness draws its lines."),
    checklist: Checklist.prefault({}).describe(
      "What is checked once a recovery has restored the environment.",
    ),
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
  version: z
    .literal(1, { error: "write 1, the only version there is" })
    .describe("The version of this format."),
  name: z.string().min(1).describe("What the estate is called in messages and reports."),
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
    })
    .describe(
      "What this deployment looks after, by environment: `development`, `staging`, `production`, at least one. Production gets a deployment of its own.",
    ),
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
