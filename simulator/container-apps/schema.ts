import { z } from "zod";

/*
 * The writable members of Microsoft.App/containerApps, api-version 2026-07-01. Older versions know a subset; what
 * they do not know is accepted there too.
 */

const text = z.string();
const count = z.int().min(0);

const EnvironmentVariable = z
  .strictObject({ name: text.min(1), value: text.optional(), secretRef: text.min(1).optional() })
  .refine(({ value, secretRef }) => value === undefined || secretRef === undefined, {
    error: "has both value and secretRef",
  });

const HttpHeader = z.strictObject({ name: text.min(1), value: text });
const Port = z.int().min(1).max(65_535);

const Probe = z.strictObject({
  type: z.enum(["Liveness", "Readiness", "Startup"]),
  httpGet: z
    .strictObject({
      host: text.optional(),
      httpHeaders: z.array(HttpHeader).optional(),
      path: text.optional(),
      port: Port,
      scheme: z.enum(["HTTP", "HTTPS"]).optional(),
    })
    .optional(),
  tcpSocket: z.strictObject({ host: text.optional(), port: Port }).optional(),
  failureThreshold: z.int().min(1).max(10).optional(),
  initialDelaySeconds: z.int().min(0).max(60).optional(),
  periodSeconds: z.int().min(1).max(240).optional(),
  successThreshold: z.int().min(1).max(10).optional(),
  terminationGracePeriodSeconds: z.int().min(0).max(3600).optional(),
  timeoutSeconds: z.int().min(1).max(240).optional(),
});

const baseContainer = {
  name: text.min(1),
  image: text.min(1),
  command: z.array(text).optional(),
  args: z.array(text).optional(),
  env: z.array(EnvironmentVariable).optional(),
  resources: z
    .strictObject({
      cpu: z.number().positive().optional(),
      memory: z
        .string()
        .regex(/^[\d.]+Gi$/, "must be a number of gibibytes, such as 0.5Gi")
        .optional(),
      ephemeralStorage: text.optional(),
    })
    .optional(),
  volumeMounts: z
    .array(
      z.strictObject({ volumeName: text.min(1), mountPath: text.min(1), subPath: text.optional() }),
    )
    .optional(),
};

const ScaleAuth = z.array(
  z.strictObject({ secretRef: text.min(1), triggerParameter: text.optional() }),
);
const metadata = z.record(text, text).optional();

const Scale = z.strictObject({
  minReplicas: count.max(1000).optional(),
  maxReplicas: z.int().min(1).max(1000).optional(),
  cooldownPeriod: count.optional(),
  pollingInterval: count.optional(),
  rules: z
    .array(
      z.strictObject({
        name: text.min(1),
        azureQueue: z
          .strictObject({
            accountName: text.optional(),
            queueName: text.optional(),
            queueLength: count.optional(),
            auth: ScaleAuth.optional(),
            identity: text.optional(),
          })
          .optional(),
        custom: z
          .strictObject({
            type: text.min(1),
            metadata,
            auth: ScaleAuth.optional(),
            identity: text.optional(),
          })
          .optional(),
        http: z
          .strictObject({ metadata, auth: ScaleAuth.optional(), identity: text.optional() })
          .optional(),
        tcp: z
          .strictObject({ metadata, auth: ScaleAuth.optional(), identity: text.optional() })
          .optional(),
      }),
    )
    .optional(),
});

export const Template = z.strictObject({
  revisionSuffix: text.optional(),
  terminationGracePeriodSeconds: count.max(600).optional(),
  initContainers: z.array(z.strictObject(baseContainer)).optional(),
  containers: z
    .array(z.strictObject({ ...baseContainer, probes: z.array(Probe).optional() }))
    .min(1),
  scale: Scale.optional(),
  volumes: z
    .array(
      z.strictObject({
        name: text.min(1),
        storageType: z.enum(["AzureFile", "EmptyDir", "Secret", "NfsAzureFile", "Smb"]).optional(),
        storageName: text.optional(),
        secrets: z
          .array(z.strictObject({ secretRef: text.min(1), path: text.optional() }))
          .optional(),
        mountOptions: text.optional(),
      }),
    )
    .optional(),
  serviceBinds: z.array(z.strictObject({ serviceId: text.min(1), name: text.min(1) })).optional(),
});
export type Template = z.infer<typeof Template>;

export const TrafficWeight = z.strictObject({
  revisionName: text.min(1).optional(),
  latestRevision: z.boolean().optional(),
  weight: z.int().min(0).max(100).optional(),
  label: text.min(1).optional(),
});
export type TrafficWeight = z.infer<typeof TrafficWeight>;

const Ingress = z.strictObject({
  fqdn: text.optional(),
  external: z.boolean().optional(),
  targetPort: Port.optional(),
  exposedPort: z.int().min(0).max(65_535).optional(),
  transport: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["auto", "http", "http2", "tcp"]))
    .optional(),
  traffic: z.array(TrafficWeight).optional(),
  customDomains: z
    .array(
      z.strictObject({
        name: text.min(1),
        bindingType: z.enum(["Disabled", "SniEnabled", "Auto"]).optional(),
        certificateId: text.optional(),
      }),
    )
    .optional(),
  allowInsecure: z.boolean().optional(),
  ipSecurityRestrictions: z
    .array(
      z.strictObject({
        name: text.min(1),
        description: text.optional(),
        ipAddressRange: text.min(1),
        action: z.enum(["Allow", "Deny"]),
      }),
    )
    .optional(),
  stickySessions: z.strictObject({ affinity: z.enum(["sticky", "none"]).optional() }).optional(),
  clientCertificateMode: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["ignore", "accept", "require"]))
    .optional(),
  corsPolicy: z
    .strictObject({
      allowedOrigins: z.array(text).min(1),
      allowedMethods: z.array(text).optional(),
      allowedHeaders: z.array(text).optional(),
      exposeHeaders: z.array(text).optional(),
      maxAge: count.optional(),
      allowCredentials: z.boolean().optional(),
    })
    .optional(),
  additionalPortMappings: z
    .array(
      z.strictObject({
        external: z.boolean(),
        targetPort: Port,
        exposedPort: Port.optional(),
      }),
    )
    .optional(),
});

const Secret = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "must be lower case letters, digits, - and ."),
  value: text.optional(),
  identity: text.optional(),
  keyVaultUrl: text.optional(),
});
export type Secret = z.infer<typeof Secret>;

const Configuration = z.strictObject({
  secrets: z.array(Secret).optional(),
  activeRevisionsMode: z.enum(["Single", "Multiple"]).optional(),
  ingress: Ingress.optional(),
  registries: z
    .array(
      z.strictObject({
        server: text.min(1),
        username: text.optional(),
        passwordSecretRef: text.optional(),
        identity: text.optional(),
      }),
    )
    .optional(),
  dapr: z
    .strictObject({
      enabled: z.boolean().optional(),
      appId: text.optional(),
      appProtocol: z.enum(["http", "grpc"]).optional(),
      appPort: Port.optional(),
      httpReadBufferSize: count.optional(),
      httpMaxRequestSize: count.optional(),
      logLevel: z.enum(["info", "debug", "warn", "error"]).optional(),
      enableApiLogging: z.boolean().optional(),
      appHealth: z
        .strictObject({
          enabled: z.boolean().optional(),
          path: text.optional(),
          probeIntervalSeconds: count.optional(),
          probeTimeoutMilliseconds: count.optional(),
          threshold: count.optional(),
        })
        .optional(),
      maxConcurrency: z.int().optional(),
    })
    .optional(),
  runtime: z
    .strictObject({
      java: z.strictObject({ enableMetrics: z.boolean().optional() }).optional(),
    })
    .optional(),
  maxInactiveRevisions: count.max(100).optional(),
  service: z.strictObject({ type: text.min(1) }).optional(),
  identitySettings: z
    .array(
      z.strictObject({
        identity: text.min(1),
        lifecycle: z.enum(["Init", "Main", "None", "All"]).optional(),
      }),
    )
    .optional(),
});
export type Configuration = z.infer<typeof Configuration>;

const UserAssignedIdentity = z.strictObject({
  principalId: text.optional(),
  clientId: text.optional(),
});

/** What a client may say about an app; what Azure alone says is in representation.ts. */
export const Envelope = z.strictObject({
  location: text.min(1),
  tags: z.record(text, text).optional(),
  extendedLocation: z
    .strictObject({ name: text.optional(), type: z.enum(["CustomLocation"]).optional() })
    .optional(),
  identity: z
    .strictObject({
      type: z.enum(["None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"]),
      principalId: text.optional(),
      tenantId: text.optional(),
      userAssignedIdentities: z.record(text, UserAssignedIdentity).optional(),
    })
    .optional(),
  managedBy: text.optional(),
  kind: z.enum(["workflowapp", "functionapp"]).optional(),
  properties: z.strictObject({
    managedEnvironmentId: text.min(1).optional(),
    environmentId: text.min(1).optional(),
    networking: z.strictObject({ outboundVnetSubnetId: text.optional() }).optional(),
    workloadProfileName: text.optional(),
    configuration: Configuration.optional(),
    template: Template.optional(),
  }),
});
export type Envelope = z.infer<typeof Envelope>;

/** Members of a GET answer that a client may send back; the service ignores them. */
export const READ_ONLY = {
  resource: ["id", "name", "type", "systemData"],
  properties: [
    "provisioningState",
    "runningStatus",
    "deploymentErrors",
    "latestRevisionName",
    "latestReadyRevisionName",
    "latestRevisionFqdn",
    "customDomainVerificationId",
    "outboundIpAddresses",
    "eventStreamEndpoint",
  ],
} as const;
