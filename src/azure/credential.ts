import type { TokenCredential } from "@azure/identity";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

/** The service's identity, made at first use so that an alert does not wait for its modules. */
export function serviceCredential(settings: AzureSettings): () => Promise<TokenCredential> {
  return lazily(async () => {
    const { DefaultAzureCredential } = await import("@azure/identity");
    return new DefaultAzureCredential(
      settings.clientId === "" ? {} : { managedIdentityClientId: settings.clientId },
    );
  });
}
