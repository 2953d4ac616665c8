import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { ContainerClient } from "@azure/storage-blob";

/*
 * What somebody would write with the SDKs alone, in a process of its own: it backs up the first
 * secrets of a vault, one after the other, reads each copy back, and answers with the seconds that took.
 */

const [vault = "", to = "", count = "0"] = process.argv.slice(2);
const credential = new DefaultAzureCredential({
  managedIdentityClientId: process.env["AZURE_CLIENT_ID"] ?? "",
});

async function copy(): Promise<void> {
  const source = new SecretClient(vault, credential);
  const target = new ContainerClient(to, credential);
  await target.createIfNotExists();
  let left = Number(count);
  for await (const { name } of source.listPropertiesOfSecrets()) {
    if (left-- === 0) break;
    const backup = await source.backupSecret(name);
    if (backup === undefined) throw new Error(`${name} has no backup`);
    const blob = target.getBlockBlobClient(name);
    await blob.upload(backup, backup.byteLength);
    const copied = await blob.downloadToBuffer();
    if (!copied.equals(backup)) throw new Error(`${name} was not copied`);
  }
}

const begun = Date.now();
copy().then(
  () => {
    process.stdout.write(JSON.stringify({ seconds: (Date.now() - begun) / 1_000 }));
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
