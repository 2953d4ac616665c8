import { DefaultAzureCredential } from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";

/*
 * What somebody would write with the SDK alone, in a process of its own: `fill` puts blobs into a
 * container, `copy` copies some of them to another one, one after the other. It answers with the
 * seconds that took.
 */

const audience = "https://storage.azure.com/.default";
const [command = "", from = "", to = "", first = "0", last = "0"] = process.argv.slice(2);
const credential = new DefaultAzureCredential({
  managedIdentityClientId: process.env["AZURE_CLIENT_ID"] ?? "",
});

async function fill(): Promise<void> {
  const container = new ContainerClient(from, credential);
  const numbers = Array.from({ length: Number(last) - Number(first) }, (_, n) => n + Number(first));
  const queue = numbers.values();
  const work = async (): Promise<void> => {
    for (const number of queue) {
      const name = `tenant-${String(number).padStart(6, "0")}/theme.css`;
      const text = `:root { --accent: #${String(number).padStart(6, "0")}; }`;
      await container.getBlockBlobClient(name).upload(text, text.length);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** Copies, and looks at each copy as a backup has to. */
async function copy(): Promise<void> {
  const [source, target] = [
    new ContainerClient(from, credential),
    new ContainerClient(to, credential),
  ];
  await target.createIfNotExists();
  let left = Number(last) - Number(first);
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
(command === "fill" ? fill() : copy()).then(
  () => {
    process.stdout.write(JSON.stringify({ seconds: (performance.now() - begun) / 1_000 }));
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
