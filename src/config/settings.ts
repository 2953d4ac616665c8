import { isIP } from "node:net";
import { z } from "zod";
import { seconds } from "../domain/duration.js";
import { findingsOf } from "../domain/findings.js";

/** Name servers, each with a port where it is not 53. */
const servers = z
  .string()
  .default("")
  .transform((list) => list.split(/[\s,]+/).filter((one) => one !== ""))
  .refine(
    (list) =>
      list.every(
        (one) => isIP(one) !== 0 || /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?$/i.test(one),
      ),
    { error: "write name servers such as 1.1.1.1,8.8.8.8:53, or leave it empty" },
  );

/** Every app setting this service reads; `local.settings.sample.json` lists the same keys. */
const Variables = z.object({
  ESTATE_FILE: z.string().default("config/estate.json"),
  STATE_BLOB_ENDPOINT: z.url({
    protocol: /^https$/,
    error:
      "write the state account's blob endpoint, such as https://<account>.blob.core.windows.net",
  }),
  STATE_CONTAINER: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/, { error: "write a legal container name" })
    .default("recovery-state"),
  RECORDS_CONTAINER: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/, { error: "write a legal container name" })
    .default("recovery-records"),
  // Secrets of channels, under the names that channels have by default; an estate may name others.
  NOTIFICATION_WEBHOOK_KEY: z.string().default(""),
  NOTIFICATION_TEAMS_ADDRESS: z.string().default(""),
  NOTIFICATION_SLACK_ADDRESS: z.string().default(""),
  NOTIFICATION_PAGERDUTY_KEY: z.string().default(""),
  NOTIFICATION_SMTP_PASSWORD: z.string().default(""),
  BACKUP_BLOB_ENDPOINT: z.url({
    protocol: /^https$/,
    error:
      "write the backup account's blob endpoint, such as https://<account>.blob.core.windows.net",
  }),
  BACKUP_CONTAINER: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/, { error: "write a legal container name" })
    .default("backups"),
  /** Whatever is wrong with it is said when something is sent: telemetry stops no recovery. */
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().default(""),
  AZURE_CLIENT_ID: z.string().default(""),
  ARM_ENDPOINT: z.url().default("https://management.azure.com"),
  ARM_AUDIENCE: z.url().default("https://management.azure.com"),
  LOGS_ENDPOINT: z.url().default("https://api.loganalytics.io"),
  LOGS_AUDIENCE: z.url().default("https://api.loganalytics.io"),
  STORAGE_AUDIENCE: z.url().default("https://storage.azure.com"),
  REGISTRY_AUDIENCE: z.url().default("https://containerregistry.azure.net"),
  PLATFORM_AUTHENTICATION: z
    .enum(["none", "entra"], { error: "write none or entra" })
    .default("none"),
  AUTHORITY_HOST: z.url().default("https://login.microsoftonline.com"),
  ALERT_TOKEN_AUDIENCE: z.string().default(""),
  ALERT_TOKEN_TENANT: z
    .guid({ error: "write the tenant's id, such as 00000000-0000-0000-0000-000000000000" })
    .or(z.literal(""))
    .default(""),
  /** Azure Monitor's action groups, "AzNS AAD Webhook", are one application in all tenants. */
  ALERT_TOKEN_APPLICATION: z
    .guid({ error: "write the application's id" })
    .default("461e8683-5575-4561-ac7f-899cc907d62a"),
  ALERT_TOKEN_ROLE: z.string().default("ActionGroupsSecureWebhook"),
  ALERT_HOSTNAME: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d{1,5})?$/i, { error: "write a host name, such as dr.example.com" })
    .or(z.literal(""))
    .default(""),
  DNS_RESOLVERS: servers,
  DNS_AUTHORITATIVE: servers,
  CALL_TIME_LIMIT_SECONDS: z.coerce
    .number()
    .positive()
    .max(20, {
      error:
        "write 20 or less: four calls must fit into the 90 s that a lease covers a mutation for",
    })
    .default(20),
  PROBE_TIME_LIMIT_SECONDS: z.coerce.number().positive().max(30).default(5),
});

/**
 * The settings, and what is wrong with them. A wrong one is replaced by its default, so that the
 * functions register all the same and can say what is wrong; none of them acts then.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>) {
  const given = Object.fromEntries(
    // An empty app setting means "not set" in the portal as well as here.
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Variables.safeParse(given);
  const findings = parsed.success
    ? []
    : findingsOf(parsed.error).map(({ path, message }) => `app setting ${path}: ${message}`);
  const variables = parsed.success ? parsed.data : usable(given, parsed.error);
  const alertToken = alertTokenOf(variables);
  return {
    findings: [...findings, ...alertToken.findings],
    platformAuthentication: variables.PLATFORM_AUTHENTICATION,
    /** Whose tokens open the alerts' address; absent while the secure webhook is off. */
    alertToken: alertToken.settings,
    estateFile: variables.ESTATE_FILE,
    state: { endpoint: variables.STATE_BLOB_ENDPOINT, container: variables.STATE_CONTAINER },
    /** Records, reports and their index: written once, so that a policy may make them immutable. */
    records: { endpoint: variables.STATE_BLOB_ENDPOINT, container: variables.RECORDS_CONTAINER },
    backup: { endpoint: variables.BACKUP_BLOB_ENDPOINT, container: variables.BACKUP_CONTAINER },
    dns: {
      /** Whom clients ask; empty for the system's own. */
      resolvers: variables.DNS_RESOLVERS,
      /** Who knows first; empty for whom the zone itself names. */
      authoritative: variables.DNS_AUTHORITATIVE,
    },
    /** What channels keep out of the estate, by the app setting that they name. */
    notificationSecret: (setting: string): string | undefined =>
      setting.startsWith("NOTIFICATION_") ? given[setting] : undefined,
    /** Where people reach this service, as the platform names it; absent outside of a host. */
    address: addressOf(environment["WEBSITE_HOSTNAME"]),
    /** Where action groups reach it: another name where something stands before the platform's own. */
    alertAddress: addressOf(
      variables.ALERT_HOSTNAME === "" ? environment["WEBSITE_HOSTNAME"] : variables.ALERT_HOSTNAME,
    ),
    telemetry: {
      /** Empty where nobody is told. */
      connectionString: variables.APPLICATIONINSIGHTS_CONNECTION_STRING,
      /** The host calls itself so too. */
      serviceName: environment["WEBSITE_SITE_NAME"] ?? "enterprise-mcp-dr",
    },
    azure: {
      armEndpoint: variables.ARM_ENDPOINT,
      armAudience: variables.ARM_AUDIENCE,
      logsEndpoint: variables.LOGS_ENDPOINT,
      logsAudience: variables.LOGS_AUDIENCE,
      storageAudience: variables.STORAGE_AUDIENCE,
      registryAudience: variables.REGISTRY_AUDIENCE,
      clientId: variables.AZURE_CLIENT_ID,
      callTimeLimit: seconds(variables.CALL_TIME_LIMIT_SECONDS),
      probeTimeLimit: seconds(variables.PROBE_TIME_LIMIT_SECONDS),
    },
  };
}

/** The secure webhook is on when both are named. Half of it would be a door that only looks locked. */
function alertTokenOf(variables: z.infer<typeof Variables>) {
  const { ALERT_TOKEN_AUDIENCE: audience, ALERT_TOKEN_TENANT: tenant } = variables;
  const audiences = audience.split(/[\s,]+/).filter((one) => one !== "");
  if (audiences.length > 0 !== (tenant !== "")) {
    const [missing, named] =
      tenant === ""
        ? ["ALERT_TOKEN_TENANT", "ALERT_TOKEN_AUDIENCE"]
        : ["ALERT_TOKEN_AUDIENCE", "ALERT_TOKEN_TENANT"];
    return { findings: [`app setting ${missing}: name it beside ${named}, or neither`] };
  }
  if (tenant === "") return { findings: [] };
  const settings = {
    authorityHost: variables.AUTHORITY_HOST,
    tenant,
    audiences,
    application: variables.ALERT_TOKEN_APPLICATION,
    role: variables.ALERT_TOKEN_ROLE,
  };
  return { findings: [], settings };
}

function addressOf(hostname: string | undefined): string | undefined {
  if (hostname === undefined || hostname === "") return undefined;
  return /^localhost(:|$)/.test(hostname) ? `http://${hostname}` : `https://${hostname}`;
}

/** A host name that no resolver answers (RFC 2606), in the place of an account that is not named. */
const nowhere = "https://account.invalid";

function usable(given: Readonly<Record<string, unknown>>, error: z.ZodError) {
  const wrong = new Set(error.issues.map(({ path }) => path[0]));
  const right = Object.fromEntries(Object.entries(given).filter(([key]) => !wrong.has(key)));
  return Variables.parse({
    STATE_BLOB_ENDPOINT: nowhere,
    BACKUP_BLOB_ENDPOINT: nowhere,
    ...right,
  });
}

export type Settings = ReturnType<typeof readSettings>;

export const settingKeys: readonly string[] = Object.keys(Variables.shape);
