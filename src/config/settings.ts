import { z } from "zod";
import { seconds } from "../domain/duration.js";

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
  AZURE_CLIENT_ID: z.string().default(""),
  ARM_ENDPOINT: z.url().default("https://management.azure.com"),
  ARM_AUDIENCE: z.url().default("https://management.azure.com"),
  LOGS_ENDPOINT: z.url().default("https://api.loganalytics.io"),
  LOGS_AUDIENCE: z.url().default("https://api.loganalytics.io"),
  STORAGE_AUDIENCE: z.url().default("https://storage.azure.com"),
  CALL_TIME_LIMIT_SECONDS: z.coerce.number().positive().max(60).default(20),
  PROBE_TIME_LIMIT_SECONDS: z.coerce.number().positive().max(30).default(5),
});

/** The settings, or an error that names each wrong one and says what to write. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>) {
  const given = Object.fromEntries(
    // An empty app setting means "not set" in the portal as well as here.
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Variables.safeParse(given);
  if (!parsed.success) {
    const findings = parsed.error.issues.map(
      ({ path, message }) => `${path.join(".")}: ${message}`,
    );
    throw new Error(`app settings cannot be used: ${findings.join("; ")}`);
  }
  const variables = parsed.data;
  return {
    estateFile: variables.ESTATE_FILE,
    state: { endpoint: variables.STATE_BLOB_ENDPOINT, container: variables.STATE_CONTAINER },
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

export const settingKeys: readonly string[] = Object.keys(Variables.shape);
