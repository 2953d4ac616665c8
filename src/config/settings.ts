import { z } from "zod";
import { seconds } from "../domain/duration.js";
import { findingsOf } from "../domain/findings.js";

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
  NOTIFICATION_WEBHOOK_KEY: z.string().default(""),
  AZURE_CLIENT_ID: z.string().default(""),
  ARM_ENDPOINT: z.url().default("https://management.azure.com"),
  ARM_AUDIENCE: z.url().default("https://management.azure.com"),
  LOGS_ENDPOINT: z.url().default("https://api.loganalytics.io"),
  LOGS_AUDIENCE: z.url().default("https://api.loganalytics.io"),
  STORAGE_AUDIENCE: z.url().default("https://storage.azure.com"),
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
  return {
    findings,
    estateFile: variables.ESTATE_FILE,
    state: { endpoint: variables.STATE_BLOB_ENDPOINT, container: variables.STATE_CONTAINER },
    webhookKey: variables.NOTIFICATION_WEBHOOK_KEY,
    /** Where people reach this service, as the platform names it; absent outside of a host. */
    address: addressOf(environment["WEBSITE_HOSTNAME"]),
    azure: {
      armEndpoint: variables.ARM_ENDPOINT,
      armAudience: variables.ARM_AUDIENCE,
      logsEndpoint: variables.LOGS_ENDPOINT,
      logsAudience: variables.LOGS_AUDIENCE,
      storageAudience: variables.STORAGE_AUDIENCE,
      clientId: variables.AZURE_CLIENT_ID,
      callTimeLimit: seconds(variables.CALL_TIME_LIMIT_SECONDS),
      probeTimeLimit: seconds(variables.PROBE_TIME_LIMIT_SECONDS),
    },
  };
}

function addressOf(hostname: string | undefined): string | undefined {
  if (hostname === undefined || hostname === "") return undefined;
  return /^localhost(:|$)/.test(hostname) ? `http://${hostname}` : `https://${hostname}`;
}

/** A host name that no resolver answers (RFC 2606), in the place of a state account that is not named. */
const nowhere = "https://state-account.invalid";

function usable(given: Readonly<Record<string, unknown>>, error: z.ZodError) {
  const wrong = new Set(error.issues.map(({ path }) => path[0]));
  const right = Object.fromEntries(Object.entries(given).filter(([key]) => !wrong.has(key)));
  return Variables.parse({ STATE_BLOB_ENDPOINT: nowhere, ...right });
}

export const settingKeys: readonly string[] = Object.keys(Variables.shape);
