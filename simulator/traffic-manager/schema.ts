import { z } from "zod";

/*
 * The writable members of Microsoft.Network/trafficManagerProfiles, api-version 2022-04-01, and what the service
 * puts where a PUT says nothing.
 */

export const ENDPOINT_TYPES = ["AzureEndpoints", "ExternalEndpoints", "NestedEndpoints"] as const;
export type EndpointType = (typeof ENDPOINT_TYPES)[number];

const text = z.string();
const Switch = z.enum(["Enabled", "Disabled"]);
const CustomHeaders = z.array(z.strictObject({ name: text.min(1), value: text }));
const Methods = [
  "Performance",
  "Priority",
  "Weighted",
  "Geographic",
  "MultiValue",
  "Subnet",
] as const;

export const EndpointProperties = z.strictObject({
  targetResourceId: text.optional(),
  target: text.optional(),
  endpointStatus: Switch.default("Enabled"),
  weight: z.int().optional(),
  priority: z.int().optional(),
  endpointLocation: text.optional(),
  minChildEndpoints: z.int().min(1).optional(),
  minChildEndpointsIPv4: z.int().min(1).optional(),
  minChildEndpointsIPv6: z.int().min(1).optional(),
  geoMapping: z.array(text).optional(),
  subnets: z
    .array(
      z.strictObject({ first: text.optional(), last: text.optional(), scope: z.int().optional() }),
    )
    .optional(),
  customHeaders: CustomHeaders.optional(),
  alwaysServe: Switch.optional(),
  /** Said by the service; ignored when a client says it. */
  endpointMonitorStatus: text.optional(),
});
export type EndpointProperties = z.infer<typeof EndpointProperties>;

const MonitorConfig = z.strictObject({
  protocol: z.enum(["HTTP", "HTTPS", "TCP"]),
  port: z.int(),
  path: text.optional(),
  intervalInSeconds: z.int().default(30),
  timeoutInSeconds: z.int().optional(),
  toleratedNumberOfFailures: z.int().default(3),
  customHeaders: CustomHeaders.optional(),
  expectedStatusCodeRanges: z.array(z.strictObject({ min: z.int(), max: z.int() })).optional(),
  profileMonitorStatus: text.optional(),
});
export type MonitorConfig = z.infer<typeof MonitorConfig>;

export const ProfileProperties = z.strictObject({
  profileStatus: Switch.default("Enabled"),
  trafficRoutingMethod: z.enum(Methods),
  dnsConfig: z.strictObject({
    relativeName: text.min(1),
    ttl: z.int().default(60),
    fqdn: text.optional(),
  }),
  monitorConfig: MonitorConfig,
  trafficViewEnrollmentStatus: Switch.optional(),
  allowedEndpointRecordTypes: z
    .array(z.enum(["DomainName", "IPv4Address", "IPv6Address", "Any"]))
    .optional(),
  maxReturn: z.int().optional(),
});
export type ProfileProperties = z.infer<typeof ProfileProperties>;

const named = { id: text.optional(), name: text.optional(), type: text.optional() };

/** An endpoint as PUT and PATCH of it, and the list in a profile, hold it. */
export const EndpointBody = z.strictObject({ ...named, properties: EndpointProperties });
export type EndpointBody = z.infer<typeof EndpointBody>;

export const ProfileBody = z.strictObject({
  ...named,
  location: text.min(1),
  tags: z.record(text, text).optional(),
  properties: z.strictObject({
    ...ProfileProperties.shape,
    endpoints: z.array(EndpointBody).default([]),
  }),
});
export type ProfileBody = z.infer<typeof ProfileBody>;
