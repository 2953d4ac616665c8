import { smallSeed } from "../../simulator/seeds/small.js";
import { runWithSdk } from "./sdk-program.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;

beforeAll(async () => {
  azure = await startSimulatorProcess();
  const [account] = smallSeed.storageAccounts ?? [];
  const other = { ...account!, id: account!.id.replace("mcpdrstate", "mcpdrcopy") };
  const seed = { ...smallSeed, storageAccounts: [account, other] };
  await azure.steer("POST", "/reset", { seed });
});

afterAll(async () => {
  await azure.stop();
});

const withSdk = (program: string): Promise<unknown> => runWithSdk(azure, PROLOGUE + program);

const PROLOGUE = `
const { BlobServiceClient, BlobClient, generateBlobSASQueryParameters, BlobSASPermissions } =
  load("@azure/storage-blob");
const service = (name) =>
  new BlobServiceClient("https://" + name + ".blob.core.windows.net", credential);
const [from, to] = [service("mcpdrstate"), service("mcpdrcopy")];
const target = to.getContainerClient("target");
const source = from.getContainerClient("source").getBlockBlobClient("a/b.json");
const prepare = async () => {
  await from.getContainerClient("source").createIfNotExists();
  await target.createIfNotExists();
  await source.upload('{"a":1}', 7, {
    metadata: { run: "r1" }, blobHTTPHeaders: { blobContentType: "application/json" },
  });
};
const sas = async (permissions, minutes = 60, version = undefined) => {
  const now = Date.now();
  const key = await from.getUserDelegationKey(new Date(now - 60000), new Date(now + 7200000));
  const values = {
    containerName: "source", blobName: "a/b.json", expiresOn: new Date(now + minutes * 60000),
    permissions: BlobSASPermissions.parse(permissions), ...(version && { version }),
  };
  return source.url + "?" + generateBlobSASQueryParameters(values, key, "mcpdrstate");
};
const bearer = async () => ({
  scheme: "Bearer",
  value: (await credential.getToken("https://storage.azure.com/.default")).token,
});
`;

it("blobs are copied between accounts with the bearer of their source", async () => {
  const seen = await withSdk(`
    await prepare();
    const sourceAuthorization = await bearer();
    const put = target.getBlockBlobClient("put");
    await put.syncUploadFromURL(source.url, { sourceAuthorization });
    const copy = target.getBlockBlobClient("copy");
    const copied = await copy.syncCopyFromURL(source.url, { sourceAuthorization });
    const blocks = target.getBlockBlobClient("blocks");
    await blocks.stageBlockFromURL("AAAA", source.url, 0, 7, { sourceAuthorization });
    await blocks.commitBlockList(["AAAA"]);
    const properties = await copy.getProperties();
    return {
      texts: await Promise.all([put, copy, blocks].map(async (b) => String(await b.downloadToBuffer()))),
      type: properties.contentType, run: properties.metadata.run,
      status: copied.copyStatus, id: copied.copyId === properties.copyId,
      nobody: await code(target.getBlockBlobClient("x").syncUploadFromURL(source.url)),
      missing: await code(copy.syncCopyFromURL(source.url + "2", { sourceAuthorization })),
      condition: await code(
        put.syncUploadFromURL(source.url, { sourceAuthorization, conditions: { ifNoneMatch: "*" } })),
      pinned: await code(
        copy.syncCopyFromURL(source.url, {
          sourceAuthorization, sourceConditions: { ifMatch: '"0x1"' } })),
    };`);

  expect(seen).toEqual({
    texts: ['{"a":1}', '{"a":1}', '{"a":1}'],
    type: "application/json",
    run: "r1",
    status: "success",
    id: true,
    nobody: "401 CannotVerifyCopySource",
    missing: "404 CannotVerifyCopySource",
    condition: "409 BlobAlreadyExists",
    pinned: "412 SourceConditionNotMet",
  });
});

it("a user-delegation SAS lets do what it says, for as long as it says", async () => {
  const seen = await withSdk(`
    await prepare();
    const good = await sas("r");
    const client = new BlobClient(good);
    const result = {
      read: String(await client.downloadToBuffer()),
      remove: await code(client.delete()),
      forged: await code(new BlobClient(good.replace("sp=r", "sp=rd")).delete()),
      elsewhere: await code(new BlobClient(good.replace("a/b.json", "a/c.json")).getProperties()),
      unsigned: await code(new BlobClient(source.url + "?sv=2026-10-06&sig=abc").getProperties()),
      // As the Azure CLI signs.
      earlier: String(await new BlobClient(await sas("r", 60, "2021-06-08")).downloadToBuffer()),
      between: await code(new BlobClient(await sas("r", 60, "2025-07-05")).getProperties()),
    };
    await advance(3700);
    return { ...result, late: await code(client.downloadToBuffer()) };`);

  expect(seen).toMatchObject({
    read: '{"a":1}',
    remove: "403 AuthorizationPermissionMismatch",
    forged: "403 AuthenticationFailed",
    elsewhere: expect.stringMatching(/^403/) as string,
    unsigned: expect.stringMatching(/^403/) as string,
    earlier: '{"a":1}',
    between: expect.stringMatching(/^501/) as string,
    late: expect.stringMatching(/^403/) as string,
  });
});

it("an asynchronous copy is pending until its time has come", async () => {
  const seen = await withSdk(`
    await prepare();
    const blob = target.getBlockBlobClient("later");
    const poller = await blob.beginCopyFromURL(await sas("r"), { intervalInMs: 10 });
    const before = (await blob.getProperties()).copyStatus;
    const busy = await code(blob.upload("x", 1));
    await advance(21);
    const result = await poller.pollUntilDone();
    return { before, busy, status: result.copyStatus, text: String(await blob.downloadToBuffer()) };`);

  expect(seen).toEqual({
    before: "pending",
    busy: "409 PendingCopyOperation",
    status: "success",
    text: '{"a":1}',
  });
});
