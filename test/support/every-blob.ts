import { spawnSync } from "node:child_process";
import { stateAccount } from "../../local/stack/seed-from-estate.js";
import type { Stack } from "../../local/stack/stack.js";

const program = `
const { ContainerClient } = require("@azure/storage-blob");
const { DefaultAzureCredential } = require("@azure/identity");
(async () => {
  const client = new ContainerClient(
    process.env.CONTAINER_URL,
    new DefaultAzureCredential({ managedIdentityClientId: process.env.AZURE_CLIENT_ID }),
  );
  const texts = [];
  for await (const { name } of client.listBlobsFlat()) {
    texts.push(name + "\\n" + (await client.getBlobClient(name).downloadToBuffer()).toString());
  }
  console.log(JSON.stringify(texts));
})();`;

const state = `https://${stateAccount}.blob.core.windows.net/recovery-state`;

/** Name and content of every blob in a container, by default the state store; read as the service's identity. */
export function everyBlob(stack: Stack, container = state): readonly string[] {
  const { env } = stack.simulatorReady;
  const read = spawnSync(process.execPath, ["--disable-warning=UNDICI-EHPA", "-e", program], {
    env: { PATH: process.env["PATH"], CONTAINER_URL: container, ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (read.status !== 0) throw new Error(read.stderr);
  return JSON.parse(read.stdout) as string[];
}
