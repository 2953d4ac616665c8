import type { Client, PathUncheckedResponse } from "@azure-rest/core-client" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

/** Resource Manager by its REST interface, for the types that no SDK of ours covers. Paths start with a slash. */
export interface ArmRest {
  get(path: string, apiVersion: string): Promise<unknown>;
  put(path: string, apiVersion: string, body: unknown): Promise<unknown>;
}

export function armRest(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): ArmRest {
  const sdk = lazily(() => import("@azure-rest/core-client"));
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = lazily(async (): Promise<Client> => {
    const { getClient } = await sdk();
    return getClient(settings.armEndpoint, await credential(), {
      credentials: { scopes: [`${settings.armAudience}/.default`] },
      retryOptions: { maxRetries: 0 },
    });
  });
  const bodyOf = async (answer: PathUncheckedResponse): Promise<unknown> => {
    if (Number(answer.status) < 400) return answer.body;
    const { createRestError } = await sdk();
    throw createRestError(answer);
  };
  const options = (apiVersion: string) => ({
    queryParameters: { "api-version": apiVersion },
    abortSignal: AbortSignal.timeout(settings.callTimeLimit),
  });

  return {
    async get(path, apiVersion) {
      return bodyOf(await (await client()).pathUnchecked(path).get(options(apiVersion)));
    },
    async put(path, apiVersion, body) {
      const asked = { ...options(apiVersion), body: body as Record<string, unknown> };
      return bodyOf(
        await (
          await client()
        )
          .pathUnchecked(path)
          .put({ ...asked, contentType: "application/json" }),
      );
    },
  };
}
