/*
 * Tears the manifest of the newest backup set below each prefix: half of it is left, as when a disk
 * or a person did it. Runs as a process of its own, with the real SDK, before the simulated Azure:
 *
 *   node tear-sets.js <address of the container of sets> <prefix> ...
 */
import { DefaultAzureCredential } from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";

async function main([address = "", ...prefixes]: readonly string[]): Promise<void> {
  const container = new ContainerClient(address, new DefaultAzureCredential());
  for (const prefix of prefixes) {
    const pointer = await container.getBlobClient(`${prefix}latest.json`).downloadToBuffer();
    const { manifest } = JSON.parse(pointer.toString("utf8")) as { manifest: string };
    const blob = container.getBlockBlobClient(manifest);
    const whole = await blob.downloadToBuffer();
    await blob.uploadData(whole.subarray(0, whole.length / 2));
  }
}

main(process.argv.slice(2)).then(
  () => {
    process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
