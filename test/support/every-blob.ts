import { spawnSync } from "node:child_process";
import { stateAccount } from "../../local/stack/seed-from-estate.js";
import type { Stack } from "../../local/stack/stack.js";

const program = `
const { ContainerClient } = require("@azure/storage-blob");
const { DefaultAzureCredential } = require("@azure/identity");
(async () => {
  const credential = new DefaultAzureCredential({
    managedIdentityClientId: process.env.AZURE_CLIENT_ID,
  });
  const texts = [];
  for (const url of JSON.parse(process.env.CONTAINERS)) {
    const client = new ContainerClient(url, credential);
    if (!(await client.exists())) continue;
    for await (const { name } of client.listBlobsFlat()) {
      texts.push(name + "\\n" + (await client.getBlobClient(name).downloadToBuffer()).toString());
    }
  }
  console.log(JSON.stringify(texts));
})();`;

const account = `https://${stateAccount}.blob.core.windows.net`;
const stateStore = [`${account}/recovery-state`, `${account}/recovery-records`];

/** Name and content of every blob in containers, by default the state store's; read as the service's identity. */
export function everyBlob(stack: Stack, containers = stateStore): readonly string[] {
  const { env } = stack.simulatorReady;
  const read = spawnSync(process.execPath, ["--disable-warning=UNDICI-EHPA", "-e", program], {
    env: { PATH: process.env["PATH"], CONTAINERS: JSON.stringify(containers), ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (read.status !== 0) throw new Error(read.stderr);
  return JSON.parse(read.stdout) as string[];
}
