import { DefaultAzureCredential } from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";

/*
 * What somebody would write with the SDK alone, in a process of its own: it copies the first blobs of
 * a container to another one, one after the other, and answers with the seconds that took.
 */

const audience = "https://storage.azure.com/.default";
const [from = "", to = "", count = "0"] = process.argv.slice(2);
const credential = new DefaultAzureCredential({
  managedIdentityClientId: process.env["AZURE_CLIENT_ID"] ?? "",
});

/** Copies, and looks at each copy as a backup has to. */
async function copy(): Promise<void> {
  const [source, target] = [
    new ContainerClient(from, credential),
    new ContainerClient(to, credential),
  ];
  await target.createIfNotExists();
  let left = Number(count);
  for await (const { name, properties } of source.listBlobsFlat()) {
    if (left-- === 0) break;
    const value = (await credential.getToken(audience)).token;
    const copied = target.getBlockBlobClient(name);
    await copied.syncCopyFromURL(source.getBlobClient(name).url, {
      sourceAuthorization: { scheme: "Bearer", value },
    });
    const { contentLength } = await copied.getProperties();
    if (contentLength !== properties.contentLength) throw new Error(`${name} was not copied`);
  }
}

const begun = performance.now();
copy().then(
  () => {
    process.stdout.write(JSON.stringify({ seconds: (performance.now() - begun) / 1_000 }));
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
