import { spawnSync } from "node:child_process";
import { stateAccount } from "../../local/stack/seed-from-estate.js";
import type { Stack } from "../../local/stack/stack.js";

const program = `
const { ContainerClient } = require("@azure/storage-blob");
const { DefaultAzureCredential } = require("@azure/identity");
(async () => {
  const client = new ContainerClient(
    "https://${stateAccount}.blob.core.windows.net/recovery-state",
    new DefaultAzureCredential({ managedIdentityClientId: process.env.AZURE_CLIENT_ID }),
  );
  const texts = [];
  for await (const { name } of client.listBlobsFlat()) {
    texts.push(name + "\\n" + (await client.getBlobClient(name).downloadToBuffer()).toString());
  }
  console.log(JSON.stringify(texts));
})();`;

/** Name and content of every blob in the state store, read as the service's identity. */
export function everyBlob(stack: Stack): readonly string[] {
  const { env } = stack.simulatorReady;
  const read = spawnSync(process.execPath, ["--disable-warning=UNDICI-EHPA", "-e", program], {
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (read.status !== 0) throw new Error(read.stderr);
  return JSON.parse(read.stdout) as string[];
}
