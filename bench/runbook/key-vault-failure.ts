import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { KeyVaultManagementClient, type Vault } from "@azure/arm-keyvault";
import { SecretClient } from "@azure/keyvault-secrets";
import { waitFor } from "./pause.js";
import { addressOf, partsOf, program, type Console } from "./program.js";

/*
 * Scenario 3 as the runbook has it, its commands one after the other: look at the vault, recover it,
 * else make another one and restore each secret from its file; let the app read, tell it the address.
 * With `backup` it writes those files, as the nights before.
 */

const [, , , folder = "", task = "recover"] = process.argv;
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
const secretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

program(async (console) => {
  const { run, isWell } = console;
  if (task === "backup") return backUp(console);

  const vault = (await recovered(console)) ?? (await madeAnew(console));
  await run("az role assignment create", async () => {
    await assign(console, vault, await readerOf(console), secretsUser);
  });
  await run("az containerapp update --set-env-vars", () => tell(console, vault));
  await run("curl /health", () => waitFor("the app", async () => (await isWell()) || undefined));
});

async function backUp({ credential, production }: Console): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const secrets = new SecretClient(addressOf(production.keyVault.primary), credential);
  for await (const { name } of secrets.listPropertiesOfSecrets()) {
    const content = await secrets.backupSecret(name);
    if (content === undefined) throw new Error(`${name} has no backup`);
    writeFileSync(path.join(folder, name), content);
  }
}

/** The vault as it was, where it can be had back. */
async function recovered(console: Console): Promise<string | undefined> {
  const { production, run } = console;
  const { vaults, group, name } = at(console);
  const { location, tenantId } = await placeOf(console);
  const isThere = await run("az keyvault show", () => unlessMissing(vaults.get(group, name)));
  if (isThere !== undefined) return production.keyVault.primary;
  const deleted = await run("az keyvault show-deleted", () =>
    unlessMissing(vaults.getDeleted(name, location)),
  );
  if (deleted === undefined) return undefined;
  const sku = { family: "A", name: "standard" } as const;
  const properties = { tenantId, sku, createMode: "recover" } as const;
  await run("az keyvault recover", () =>
    begun(vaults.createOrUpdate(group, name, { location, properties })),
  );
  await waitFor("the vault", () => whenReady(vaults.get(group, name)));
  return production.keyVault.primary;
}

async function madeAnew(console: Console): Promise<string> {
  const { credential, production, run } = console;
  const { vaults, group, name } = at(console);
  const { location, tenantId } = await placeOf(console);
  // The estate's standby has the runbook's own suffix.
  const other = `${name.slice(0, 20)}-dr2`;
  const id = production.keyVault.primary.replace(/[^/]+$/, other);
  await run("az keyvault create", () =>
    begun(
      vaults.createOrUpdate(group, other, {
        location,
        properties: {
          tenantId,
          sku: { family: "A", name: "standard" },
          enableRbacAuthorization: true,
          enablePurgeProtection: true,
        },
      }),
    ),
  );
  await waitFor("the new vault", () => whenReady(vaults.get(group, other)));
  await assign(console, id, (await claimsOf(console)).oid, secretsOfficer);
  const secrets = new SecretClient(addressOf(id), credential);
  for (const file of readdirSync(folder)) {
    await run(`az keyvault secret restore --file ${file}`, () =>
      waitFor(file, () =>
        unlessForbidden(secrets.restoreSecretBackup(readFileSync(path.join(folder, file)))),
      ),
    );
  }
  return id;
}

/** One new revision that knows the address, and awaits its start. */
async function tell({ apps, app: [group, name] }: Console, vault: string): Promise<void> {
  const { location, template } = await apps.containerApps.get(group, name);
  if (template?.containers === undefined) throw new Error("no template");
  const told = { name: "KEY_VAULT_URL", value: addressOf(vault) };
  const containers = template.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []).filter((variable) => variable.name !== told.name), told],
  }));
  const changed = { ...template, revisionSuffix: "runbook", containers };
  await begun(apps.containerApps.update(group, name, { location, template: changed }));
}

/** Whom the app reads secrets as. */
async function readerOf({ apps, app: [group, name] }: Console): Promise<string> {
  const { identity } = await apps.containerApps.get(group, name);
  const [assigned] = Object.values(identity?.userAssignedIdentities ?? {});
  const id = assigned?.principalId ?? identity?.principalId;
  if (id === undefined) throw new Error(`${name} has no identity`);
  return id;
}

async function assign(
  { credential }: Console,
  scope: string,
  principalId: string,
  role: string,
): Promise<void> {
  const { token } = await credential.getToken("https://management.azure.com/.default");
  const definitions = `/subscriptions/${partsOf(scope).subscription}/providers/Microsoft.Authorization/roleDefinitions`;
  const { status } = await fetch(
    `https://management.azure.com${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        properties: {
          ...{ principalId, roleDefinitionId: `${definitions}/${role}` },
          principalType: "ServicePrincipal",
        },
      }),
    },
  );
  if (status !== 201 && status !== 409) throw new Error(`the role was answered ${status}`);
}

function at({ credential, production }: Console) {
  const { subscription, group, name } = partsOf(production.keyVault.primary);
  return { vaults: new KeyVaultManagementClient(credential, subscription).vaults, group, name };
}

async function placeOf(console: Console): Promise<{ location: string; tenantId: string }> {
  return {
    location: console.production.primaryRegion,
    tenantId: (await claimsOf(console)).tid,
  };
}

async function claimsOf({ credential }: Console): Promise<{ oid: string; tid: string }> {
  const { token } = await credential.getToken("https://management.azure.com/.default");
  const [, claims = ""] = token.split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString()) as { oid: string; tid: string };
}

/** Begins what takes Azure a while; the end of it is seen on the resource. */
const begun = (poller: { submitted(): Promise<void> }): Promise<void> => poller.submitted();

async function whenReady(vault: Promise<Vault>): Promise<true | undefined> {
  const { properties } = (await unlessMissing(vault)) ?? {};
  return properties?.provisioningState === "Succeeded" ? true : undefined;
}

const unlessMissing = <Answer>(answer: Promise<Answer>) => unless(404, answer);
const unlessForbidden = <Answer>(answer: Promise<Answer>) => unless(403, answer);

async function unless<Answer>(
  status: number,
  answer: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== status) throw error;
    return undefined;
  }
}
