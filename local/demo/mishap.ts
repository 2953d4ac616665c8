/*
 * A colleague with too many rights and a script that was meant for another environment. Runs as a
 * process of its own, with the real SDKs, before the simulated Azure:
 *
 *   node mishap.js secret <vault address> <name>
 *   node mishap.js blobs <account address> <container>
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
  const container = new BlobServiceClient(address, credential).getContainerClient(name);
  let lost = 0;
  for await (const blob of container.listBlobsFlat()) {
    await container.deleteBlob(blob.name);
    lost += 1;
  }
  return lost;
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
