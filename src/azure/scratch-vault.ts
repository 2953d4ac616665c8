import type { TokenCredential } from "@azure/identity";
import { sameResource } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import type { VaultView } from "./key-vault.js";
import { unlessMissing } from "./unless-missing.js";

/**
 * A vault that holds nothing but what proofs put there. There is no other way to one than by `of`, and
 * nothing but one can be purged from: a vault of the estate, or one that keeps what is deleted, is none.
 */
export class ScratchVault {
  readonly uri: string;

  private constructor(uri: string) {
    this.uri = uri;
  }

  /** The scratch vault, or why a vault is none. */
  static of(view: VaultView, estate: readonly string[]): ScratchVault | { readonly why: string } {
    if (estate.some((id) => sameResource(id, view.id))) {
      return { why: `${view.name} is a vault of the estate` };
    }
    if (view.purgeProtection) {
      return {
        why: `${view.name} has purge protection, so that what a proof deletes stays for ${view.retentionDays} days and keeps its name`,
      };
    }
    if (!view.rolesDecide) {
      return { why: `${view.name} goes by access policies; have roles decide there` };
    }
    return new ScratchVault(view.uri);
  }
}

/** Purging for good, of secrets in soft deletion. */
export interface SecretPurges {
  /** Harmless to repeat. The name is free some seconds later. */
  purge(scratch: ScratchVault, name: string): Promise<void>;
}

export function secretPurges(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): SecretPurges {
  return {
    async purge({ uri }, name) {
      const { SecretClient } = await import("@azure/keyvault-secrets");
      const client = new SecretClient(uri, await credential(), { retryOptions: { maxRetries: 0 } });
      await unlessMissing(
        () =>
          client.purgeDeletedSecret(name, {
            abortSignal: AbortSignal.timeout(settings.callTimeLimit),
          }),
        ["SecretNotFound"],
      );
    },
  };
}
