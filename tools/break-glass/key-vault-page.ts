import type { Environment } from "../../src/domain/estate.js";
import type { Page } from "./page.js";
import {
  findApp,
  groupOf,
  guidOf,
  nameOf,
  rest,
  setVariables,
  threeTimes,
  untilHealthy,
} from "./snippets.js";

export function keyVaultPage(environment: string, estate: Environment): Page {
  const { keyVault, containerApp, primaryRegion, redis, subscriptionId } = estate;
  const { primary, secondary } = keyVault;
  const { health } = containerApp;
  const name = nameOf(primary);
  const wait = untilHealthy(health.path, health.expectedStatus);
  // Key Vault Secrets User
  const role = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6`;
  const assign = rest(
    "put",
    "Microsoft.Authorization",
    `${primary}/providers/Microsoft.Authorization/roleAssignments/${guidOf(`${primary} by hand`)}`,
    `--body "{\\"properties\\":{\\"roleDefinitionId\\":\\"${role}\\",\\"principalId\\":\\"$IDENTITY\\",\\"principalType\\":\\"ServicePrincipal\\"}}" --query name -o tsv`,
  );
  return {
    scenario: "key-vault-failure",
    environment,
    title: "Key Vault failure",
    when: [
      `The health of the app says that it cannot read ${name}.`,
      "Where Azure has made the vault read-only for a failover of the platform: wait; reading works.",
    ],
    see: [
      ...findApp(containerApp.primary),
      {
        what: "Ask the app for its health",
        run: `curl -s -m 10 "https://$FQDN${health.path}"`,
        prints: `the check \`${keyVault.healthCheck}\` as failing`,
      },
      {
        what: "See whether the vault was deleted",
        run: `az keyvault show-deleted -n ${name} -l ${primaryRegion} --query properties.scheduledPurgeDate -o tsv || echo "not deleted"`,
        prints:
          "until when it can be brought back, where it was deleted: then go on with its recovery. Else an error that it was not found",
      },
      {
        what: "See which vaults there are",
        run: `az keyvault list --query "[].{name:name,location:location}" -o table`,
        prints: `${name} if it is there`,
      },
    ],
    act: [
      {
        what: "Only where it was deleted: bring it back",
        run: [
          `az keyvault recover -n ${name} -g ${groupOf(primary)} -l ${primaryRegion} --no-wait`,
          "for i in $(seq 30); do",
          `  STATE=$(az keyvault show -g ${groupOf(primary)} -n ${name} --query properties.provisioningState -o tsv || true)`,
          '  echo "$STATE"; [ "$STATE" = Succeeded ] && break',
          "  sleep 10",
          "done",
        ].join("\n"),
        prints: "Succeeded at last. Its secrets come back with it, its role assignments do not",
        changes: true,
      },
      {
        what: "Only where its network rules were changed: open it to the networks it should be open to",
        run: `az keyvault update -n ${name} -g ${groupOf(primary)} --default-action ${keyVault.network?.defaultAction ?? "Allow"} --bypass AzureServices`,
        prints:
          "the vault with its rules; add each address again by `az keyvault network-rule add`",
        changes: true,
      },
      {
        what: "Give the app's identity its role, which a deleted vault forgets",
        run: [
          `IDENTITY=$(${rest("get", "Microsoft.App", "$APP", '--query "identity.principalId || values(identity.userAssignedIdentities)[0].principalId" -o tsv')})`,
          assign,
        ].join("\n"),
        prints:
          "the name of the assignment, or that it exists already; it takes up to ten minutes to be felt",
        changes: true,
      },
      {
        what: "Wait until the app is well",
        run: wait,
        prints: `${health.expectedStatus} at last: go to Verify${secondary === undefined ? "" : ". Else go on with the other vault"}`,
      },
      ...(secondary === undefined
        ? []
        : [
            {
              what: "See what the other vault holds",
              run: `VAULT=$(az keyvault show -g ${groupOf(secondary)} -n ${nameOf(secondary)} --query properties.vaultUri -o tsv)\naz rest --method get --resource https://vault.azure.net --url "\${VAULT}secrets?api-version=7.4" --query "value[].id" -o tsv`,
              prints: `the names of its secrets, ${redis.connectionSecret} among them. What is missing is restored from the backup account: \`az keyvault secret restore\`, in the same geography and subscription alone`,
            },
            setVariables({ KEY_VAULT_URL: `https://${nameOf(secondary)}.vault.azure.net/` }),
            {
              what: "Wait until the app is well on the other vault",
              run: wait,
              prints: `${health.expectedStatus} at last`,
            },
          ]),
    ],
    lost: "Nothing while the vault comes back. On the other vault: what was written to secrets since they were last copied there.",
    verify: [
      {
        what: "Ask for the app's health three times in a row",
        run: threeTimes(health.path),
        prints: `${health.expectedStatus}, three times`,
      },
    ],
    back: [
      `\`POST /api/failbacks {"environment":"${environment}","resource":"key-vault","reason":"…"}\` brings newer secrets home and leads the app there.${secondary === undefined ? "" : " By hand: the page of the Key Vault failback."}`,
    ],
  };
}
