import { SUBSCRIPTION } from "./names.js";
import { runWithSdk } from "./sdk-program.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { storageSeed } from "./storage-seed.js";

let azure: SimulatorProcess;

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", { seed: storageSeed });
});

const PROLOGUE = `
const { StorageManagementClient, restorePoller } = load("@azure/arm-storage");
const { BlobServiceClient } = load("@azure/storage-blob");
const arm = new StorageManagementClient(credential, "${SUBSCRIPTION}", { retryOptions: { maxRetries: 0 } });
const [production, recovery] = ["mcp-server-prod", "mcp-dr"];
const containerOf = (account, name) =>
  new BlobServiceClient("https://" + account + ".blob.core.windows.net", credential, {
    retryOptions: { maxTries: 1 },
  }).getContainerClient(name);
const parallel = async (items, act, width = 16) => {
  const left = [...items];
  const worker = async () => { while (left.length > 0) await act(left.shift()); };
  await Promise.all(Array.from({ length: width }, worker));
};
const bearer = async () => ({
  scheme: "Bearer",
  value: (await credential.getToken("https://storage.azure.com/.default")).token,
});
`;
const withSdk = (program: string): Promise<unknown> => runWithSdk(azure, PROLOGUE + program);

it("the client of the resource provider makes an account, in one process or in two", async () => {
  const seen = await withSdk(`
    const parameters = { sku: { name: "Standard_LRS" }, kind: "StorageV2", location: "westus" };
    const started = arm.storageAccounts.create(recovery, "mcpstoragedr", parameters);
    await started.submitted();
    const token = await started.serialize();
    const first = restorePoller(arm, token, arm.storageAccounts.create);
    const running = await first.poll();
    await advance(21);
    const later = restorePoller(arm, token, arm.storageAccounts.create);
    const ended = await later.poll();
    const { effects } = { effects: await control("GET", "/log?effects=true") };
    await containerOf("mcpstoragedr", "branding").create();
    return {
      running: running.status, ended: ended.status, name: ended.result.name,
      endpoint: ended.result.primaryEndpoints.blob,
      creations: effects.entries.filter((entry) => entry.effect.kind === "storage-account-created").length,
      free: (await arm.storageAccounts.checkNameAvailability({
        name: "mcpstoragedr", type: "Microsoft.Storage/storageAccounts" })).nameAvailable,
    };`);

  expect(seen).toEqual({
    running: "running",
    ended: "succeeded",
    name: "mcpstoragedr",
    endpoint: "https://mcpstoragedr.blob.core.windows.net/",
    creations: 1,
    free: false,
  });
});

it("the client of the resource provider fails an account over, and takes the end for an error", async () => {
  const seen = await withSdk(`
    const get = () => arm.storageAccounts.getProperties(production, "mcpstorage", { expand: "geoReplicationStats" });
    const { geoReplicationStats: before } = await get();
    const started = arm.storageAccounts.failover(production, "mcpstorage");
    await started.submitted();
    const token = await started.serialize();
    const running = await restorePoller(arm, token, arm.storageAccounts.failover).poll();
    const during = await get();
    await advance(3601);
    const end = await code(restorePoller(arm, token, arm.storageAccounts.failover).poll());
    const after = await arm.storageAccounts.getProperties(production, "mcpstorage");
    return {
      status: before.status, behind: Math.round((Date.now() - before.lastSyncTime - 3601000) / 1000),
      can: before.canFailover, running: running.status, during: during.failoverInProgress, end,
      primary: after.primaryLocation, sku: after.sku.name, secondary: after.secondaryLocation ?? null,
      at: after.lastGeoFailoverTime instanceof Date,
    };`);

  expect(seen).toMatchObject({
    status: "Live",
    can: true,
    running: "running",
    during: true,
    end: expect.stringContaining("204") as string,
    primary: "westus",
    sku: "Standard_LRS",
    secondary: null,
    at: true,
  });
  expect((seen as { behind: number }).behind).toBeGreaterThanOrEqual(120);
});

it("the client of the resource provider sets what protects blobs", async () => {
  const seen = await withSdk(`
    const names = [recovery, "mcpbackup"];
    await arm.blobServices.setServiceProperties(...names, {
      isVersioningEnabled: true, deleteRetentionPolicy: { enabled: true, days: 90 },
    });
    const service = await arm.blobServices.getServiceProperties(...names);
    const made = await arm.blobContainers.create(...names, "sets", { metadata: { a: "b" } });
    const policy = await arm.blobContainers.createOrUpdateImmutabilityPolicy(...names, "sets", {
      parameters: { immutabilityPeriodSinceCreationInDays: 7 },
    });
    const locked = await arm.blobContainers.lockImmutabilityPolicy(...names, "sets", policy.etag);
    const hold = await arm.blobContainers.setLegalHold(...names, "sets", { tags: ["case1"] });
    const containers = [];
    for await (const { name, hasLegalHold } of arm.blobContainers.list(...names)) {
      containers.push([name, hasLegalHold]);
    }
    return {
      versions: service.isVersioningEnabled, days: service.deleteRetentionPolicy.days,
      metadata: made.metadata, state: locked.state, tags: hold.tags, containers,
    };`);

  expect(seen).toEqual({
    versions: true,
    days: 90,
    metadata: { a: "b" },
    state: "Locked",
    tags: ["case1"],
    containers: [
      ["backups", false],
      ["sets", true],
    ],
  });
});

/** Names in seven folders, in no order. */
const MANY = Array.from(
  { length: 5000 },
  (_, n) => `set/${n % 7}/${String((n * 7919) % 5000).padStart(5, "0")}`,
);

it("5,000 blobs are listed whole, page by page, and a few hundred are copied right", async () => {
  const storageAccounts = storageSeed.storageAccounts.map((account) =>
    account.id.endsWith("mcpbackup")
      ? {
          ...account,
          blobs: MANY.map((name) => ({
            container: "backups",
            name,
            text: `content of ${name}`,
            metadata: { name: name.slice(-5) },
          })),
        }
      : account,
  );
  await azure.steer("POST", "/reset", { seed: { ...storageSeed, storageAccounts } });

  const seen = await withSdk(`
    const container = containerOf("mcpbackup", "backups");
    const pages = [];
    const listed = [];
    let token;
    do {
      // Each page is asked for as another process would: with nothing but the token of the one before.
      const page = containerOf("mcpbackup", "backups")
        .listBlobsFlat({ prefix: "set/", includeMetadata: true })
        .byPage({ maxPageSize: 700, continuationToken: token });
      const { value } = await page.next();
      pages.push(value.segment.blobItems.length);
      listed.push(...value.segment.blobItems);
      token = value.continuationToken || undefined;
    } while (token !== undefined);
    const folders = [];
    for await (const item of container.listBlobsByHierarchy("/", { prefix: "set/" })) folders.push(item.name);

    const target = containerOf("mcpstorage", "copies");
    await target.create();
    const chosen = listed.filter((item) => item.name.startsWith("set/3/")).slice(0, 300);
    const sourceAuthorization = await bearer();
    await parallel(chosen, ({ name, properties }) =>
      target.getBlockBlobClient(name).syncUploadFromURL(container.getBlobClient(name).url, {
        sourceAuthorization, conditions: { ifNoneMatch: "*" },
        sourceConditions: { ifMatch: properties.etag },
      }));
    const wrong = [];
    const md5 = new Map(chosen.map(({ name, properties }) => [name, properties.contentMD5.toString("base64")]));
    let copies = 0;
    for await (const { name, properties, metadata } of target.listBlobsFlat({ includeMetadata: true })) {
      copies += 1;
      const right = properties.contentMD5.toString("base64") === md5.get(name) && metadata.name === name.slice(-5);
      if (!right) wrong.push(name);
    }
    const again = await code(target.getBlockBlobClient(chosen[0].name).syncUploadFromURL(
      container.getBlobClient(chosen[0].name).url, { sourceAuthorization, conditions: { ifNoneMatch: "*" } }));
    return {
      pages, sorted: listed.every((item, n) => n === 0 || listed[n - 1].name < item.name),
      distinct: new Set(listed.map((item) => item.name)).size,
      metadata: listed.every((item) => item.metadata.name === item.name.slice(-5)),
      folders, copies, wrong, again,
    };`);

  expect(seen).toEqual({
    pages: [700, 700, 700, 700, 700, 700, 700, 100],
    sorted: true,
    distinct: 5000,
    metadata: true,
    folders: [0, 1, 2, 3, 4, 5, 6].map((n) => `set/${n}/`),
    copies: 300,
    wrong: [],
    again: "409 BlobAlreadyExists",
  });
}, 300_000);

it("a source that changes during a copy is noticed by its condition, or by what arrives", async () => {
  const seen = await withSdk(`
    const source = containerOf("mcpstorage", "branding").getBlobClient("logo.svg");
    const target = containerOf("mcpbackup", "backups").getBlockBlobClient("logo.svg");
    const sourceAuthorization = await bearer();
    const { etag, contentMD5 } = await source.getProperties();
    await control("POST", "/faults", { name: "blob-changes-during-copy", times: 2 });
    const pinned = await code(target.syncUploadFromURL(source.url, {
      sourceAuthorization, sourceConditions: { ifMatch: etag } }));
    await target.syncUploadFromURL(source.url, { sourceAuthorization });
    const arrived = await target.getProperties();
    const checked = await code(target.syncUploadFromURL(source.url, {
      sourceAuthorization, sourceContentMD5: contentMD5 }));
    return {
      pinned, same: Buffer.compare(arrived.contentMD5, contentMD5) === 0,
      bytes: arrived.contentLength, checked, type: arrived.contentType,
    };`);

  expect(seen).toEqual({
    pinned: "412 SourceConditionNotMet",
    same: false,
    bytes: 8,
    checked: "400 Md5Mismatch",
    type: "image/svg+xml",
  });
});

it("what the secondary has is copied from there while the primary is gone", async () => {
  const seen = await withSdk(`
    const branding = containerOf("mcpstorage", "branding");
    await branding.getBlockBlobClient("logo.svg").upload("newer", 5);
    await control("POST", "/faults", { name: "region-down", region: "eastus", planes: ["data"] });
    const secondary = containerOf("mcpstorage-secondary", "branding");
    const target = containerOf("mcpbackup", "backups");
    const names = [];
    for await (const { name } of secondary.listBlobsFlat()) {
      names.push(name);
      await target.getBlockBlobClient(name).syncUploadFromURL(secondary.getBlobClient(name).url, {
        sourceAuthorization: await bearer() });
    }
    const copy = await target.getBlobClient("logo.svg").downloadToBuffer();
    const image = await target.getBlobClient("img/a.png").getProperties();
    return { names, copy: String(copy), alt: image.metadata.alt };`);

  expect(seen).toEqual({ names: ["img/a.png", "logo.svg"], copy: "<svg/>", alt: "a" });
});
