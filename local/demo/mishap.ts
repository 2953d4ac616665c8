/*
 * A colleague with too many rights and a script that was meant for another environment. Runs as a
 * process of its own, with the real SDKs, before the simulated Azure:
 *
 *   node mishap.js secret <vault address> <name>
 *   node mishap.js blobs <account address> <container>
 *   node mishap.js role <vault id> <GUID of the role that everybody loses there>
 *   node mishap.js keys <vault address> <name of the secret with the connection string>
 */
import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { BlobServiceClient } from "@azure/storage-blob";
import { Redis } from "ioredis";

async function main([what, address = "", name = ""]: readonly string[]): Promise<number> {
  const credential = new DefaultAzureCredential();
  if (what === "secret") {
    await new SecretClient(address, credential).beginDeleteSecret(name);
    return 1;
  }
  if (what === "keys") {
    const { value = "" } = await new SecretClient(address, credential).getSecret(name);
    const [, host = "", port = "", password = ""] =
      /^([^:,]+):(\d+),password=([^,]+)/.exec(value) ?? [];
    const redis = new Redis({ host, port: Number(port), password, tls: {} });
    const lost = await redis.dbsize();
    await redis.flushall();
    redis.disconnect();
    return lost;
  }
  if (what === "role") return takeRole(credential, address, name);
  const container = new BlobServiceClient(address, credential).getContainerClient(name);
  let lost = 0;
  for await (const blob of container.listBlobsFlat()) {
    await container.deleteBlob(blob.name);
    lost += 1;
  }
  return lost;
}

/** Takes a role at a resource away from everybody who has it there. */
async function takeRole(
  credential: DefaultAzureCredential,
  scope: string,
  role: string,
): Promise<number> {
  const arm = "https://management.azure.com";
  const { token } = await credential.getToken(`${arm}/.default`);
  const call = (method: string, path: string) =>
    fetch(`${arm}${path}?api-version=2022-04-01`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
  const type = "providers/Microsoft.Authorization/roleAssignments";
  const { value } = (await (await call("GET", `${scope}/${type}`)).json()) as {
    value: { id: string; properties: { scope: string; roleDefinitionId: string } }[];
  };
  const taken = value.filter(
    ({ properties }) =>
      properties.scope.toLowerCase() === scope.toLowerCase() &&
      properties.roleDefinitionId.endsWith(role),
  );
  for (const { id } of taken) await call("DELETE", id);
  return taken.length;
}

main(process.argv.slice(2)).then(
  (lost) => {
    process.stdout.write(`${JSON.stringify({ ready: true, lost })}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
