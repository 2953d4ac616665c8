import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, codeOf, host, inRecovery, StorageCaller, storageSeed } from "./storage-seed.js";

let azure: SimulatorProcess;
let caller: StorageCaller;

const ACCOUNT = inRecovery("mcpbackup");
const SERVICE = `${ACCOUNT}/blobServices/default`;
const CONTAINER = `${SERVICE}/containers/backups`;
const POLICY = `${CONTAINER}/immutabilityPolicies/default`;
const BLOBS = `${host("mcpbackup")}/backups`;
const DAY = 86_400;

beforeAll(async () => {
  azure = await startSimulatorProcess();
  caller = new StorageCaller(azure);
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", { seed: storageSeed });
});

describe("the settings of blobs", () => {
  const put = (properties: object): Promise<Reply> => caller.arm("PUT", SERVICE, { properties });

  it("are replaced whole: what is left out is gone", async () => {
    const before = await caller.arm("GET", SERVICE);
    const first = await put({
      isVersioningEnabled: true,
      deleteRetentionPolicy: { enabled: true, days: 90 },
      containerDeleteRetentionPolicy: { enabled: true, days: 90 },
      changeFeed: { enabled: true },
      restorePolicy: { enabled: true, days: 89 },
    });
    const shown = await caller.arm("GET", SERVICE);
    const plane = await caller.blob("GET", `${host("mcpbackup")}/?restype=service&comp=properties`);
    const second = await put({ isVersioningEnabled: true });

    expect(before.json()).toMatchObject({
      name: "default",
      sku: { name: "Standard_LRS" },
      properties: { isVersioningEnabled: false, deleteRetentionPolicy: { enabled: false } },
    });
    expect([first.status, shown.json()]).toMatchObject([
      200,
      {
        properties: {
          isVersioningEnabled: true,
          deleteRetentionPolicy: { enabled: true, days: 90, allowPermanentDelete: false },
          containerDeleteRetentionPolicy: { enabled: true, days: 90 },
          restorePolicy: { enabled: true, days: 89, minRestoreTime: expect.any(String) as string },
        },
      },
    ]);
    expect(plane.text).toContain("<DeleteRetentionPolicy><Enabled>true</Enabled><Days>90</Days>");
    expect(second.json<{ properties: object }>().properties).toEqual({
      cors: { corsRules: [] },
      deleteRetentionPolicy: { enabled: false, allowPermanentDelete: false },
      isVersioningEnabled: true,
    });
  });

  it.each([
    ["days beyond a year", { deleteRetentionPolicy: { enabled: true, days: 366 } }],
    ["retention without days", { deleteRetentionPolicy: { enabled: true } }],
    ["a restore without versions", { restorePolicy: { enabled: true, days: 7 } }],
    [
      "a restore that reaches back too far",
      {
        restorePolicy: { enabled: true, days: 30 },
        deleteRetentionPolicy: { enabled: true, days: 30 },
        isVersioningEnabled: true,
        changeFeed: { enabled: true },
      },
    ],
    ["an unknown member", { isVersioned: true }],
  ])("refuse %s", async (_case, properties) => {
    expect(codeOf(await put(properties))).toBe("400 InvalidRequestContent");
  });
});

describe("containers over ARM", () => {
  it("are those of the blob service, and the other way round", async () => {
    const made = await caller.arm("PUT", `${SERVICE}/containers/from-arm`, {
      properties: { metadata: { owner: "dr" } },
    });
    const again = await caller.arm("PUT", `${SERVICE}/containers/from-arm`, {});
    await caller.blob("PUT", `${host("mcpbackup")}/from-blobs?restype=container`);
    const seen = await caller.blob("HEAD", `${host("mcpbackup")}/from-arm?restype=container`);
    const listed = await caller.arm("GET", `${SERVICE}/containers`, undefined, {
      query: "&$maxpagesize=2",
    });
    const page = listed.json<{ value: { name: string }[]; nextLink: string }>();
    const rest = await caller.arm("GET", page.nextLink);

    expect([made.status, again.status, seen.status]).toEqual([201, 200, 200]);
    expect(seen.headers["x-ms-meta-owner"]).toBe("dr");
    expect(made.json()).toMatchObject({
      name: "from-arm",
      etag: seen.headers["etag"],
      properties: {
        publicAccess: "None",
        leaseState: "Available",
        metadata: { owner: "dr" },
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
      },
    });
    expect(page.value.map(({ name }) => name)).toEqual(["backups", "from-arm"]);
    expect(rest.json<{ value: { name: string }[] }>().value).toMatchObject([
      { name: "from-blobs" },
    ]);
  });

  it("are refused where Azure refuses them", async () => {
    const [missing, invalid, open] = [
      await caller.arm("GET", `${SERVICE}/containers/nothing`),
      await caller.arm("PUT", `${SERVICE}/containers/No_Name`, {}),
      await caller.arm("PUT", `${SERVICE}/containers/open`, {
        properties: { publicAccess: "Blob" },
      }),
    ];
    const header = await caller.blob(
      "PUT",
      `${host("mcpbackup")}/open?restype=container`,
      undefined,
      { "x-ms-blob-public-access": "blob" },
    );

    expect([missing, invalid, open, header].map(codeOf)).toEqual([
      "404 ContainerNotFound",
      "400 InvalidResourceName",
      "409 PublicAccessNotPermitted",
      "409 PublicAccessNotPermitted",
    ]);
  });
});

describe("blobs under a time-based policy", () => {
  const protect = (days: number, more: object = {}): Promise<Reply> =>
    caller.arm("PUT", POLICY, {
      properties: { immutabilityPeriodSinceCreationInDays: days, ...more },
    });
  const etagOf = (reply: Reply): Record<string, string> => ({
    "if-match": reply.json<{ etag: string }>().etag,
  });
  const post = (verb: string, headers: Record<string, string>, days?: number): Promise<Reply> =>
    caller.arm(
      "POST",
      `${POLICY}/${verb}`,
      days && { properties: { immutabilityPeriodSinceCreationInDays: days } },
      { headers },
    );

  it("are written once, and deleted when its days are over", async () => {
    await caller.blob("PUT", `${BLOBS}/old`, "old");
    const policy = await protect(2);
    const [created, overwritten, deleted, metadata] = [
      await caller.blob("PUT", `${BLOBS}/new`, "new"),
      await caller.blob("PUT", `${BLOBS}/old`, "changed"),
      await caller.blob("DELETE", `${BLOBS}/old`),
      await caller.blob("PUT", `${BLOBS}/old?comp=metadata`, undefined, { "x-ms-meta-a": "b" }),
    ];
    const container = await caller.blob("DELETE", `${BLOBS}?restype=container`);
    await azure.advance(2 * DAY + 1);
    const [late, gone] = [
      await caller.blob("PUT", `${BLOBS}/old`, "changed"),
      await caller.blob("DELETE", `${BLOBS}/old`),
    ];

    expect(policy.json()).toMatchObject({
      name: "default",
      properties: { immutabilityPeriodSinceCreationInDays: 2, state: "Unlocked" },
    });
    expect(created.status).toBe(201);
    expect([overwritten, deleted, metadata, late].map(codeOf)).toEqual(
      Array(4).fill("409 BlobImmutableDueToPolicy"),
    );
    expect(codeOf(container)).toBe("409 ContainerProtectedFromDeletion");
    expect([late.status, gone.status]).toEqual([409, 202]);
    expect((await caller.blob("GET", `${BLOBS}/new`)).text).toBe("new");
  });

  it("are not overwritten by copies either", async () => {
    await caller.blob("PUT", `${BLOBS}/one`, "one");
    await caller.blob("PUT", `${BLOBS}/two`, "two");
    await protect(1);

    const copied = await caller.blob("PUT", `${BLOBS}/one`, undefined, {
      "x-ms-copy-source": `${BLOBS}/two`,
      "x-ms-requires-sync": "true",
    });

    expect(codeOf(copied)).toBe("409 BlobImmutableDueToPolicy");
    expect((await caller.blob("GET", `${BLOBS}/one`)).text).toBe("one");
  });

  it("are shown as such by container and list", async () => {
    await protect(1);
    await caller.arm("POST", `${CONTAINER}/setLegalHold`, { tags: ["Case1"] });

    const shown = await caller.arm("GET", CONTAINER);
    const head = await caller.blob("HEAD", `${BLOBS}?restype=container`);
    const list = await caller.blob("GET", `${host("mcpbackup")}/?comp=list`);

    expect(shown.json()).toMatchObject({
      properties: {
        hasImmutabilityPolicy: true,
        hasLegalHold: true,
        legalHold: { hasLegalHold: true, tags: [{ tag: "case1" }] },
        immutabilityPolicy: { properties: { immutabilityPeriodSinceCreationInDays: 1 } },
      },
    });
    expect(head.headers["x-ms-has-immutability-policy"]).toBe("true");
    expect(list.text).toContain("<HasLegalHold>true</HasLegalHold>");
  });

  it("stay so once the policy is locked, which only grows from then on", async () => {
    const made = await protect(1);
    const [unmatched, nameless] = [
      await post("lock", { "if-match": '"x"' }),
      await post("lock", {}),
    ];
    const locked = await post("lock", etagOf(made));
    const [changed, removed, shorter] = [
      await protect(5),
      await caller.arm("DELETE", POLICY, undefined, { headers: etagOf(locked) }),
      await post("extend", etagOf(locked), 1),
    ];
    const longer = await post("extend", etagOf(locked), 3);
    const account = await caller.arm("DELETE", ACCOUNT);
    const container = await caller.blob("DELETE", `${BLOBS}?restype=container`);

    expect([unmatched, nameless].map(({ status }) => status)).toEqual([412, 400]);
    expect(locked.json()).toMatchObject({ properties: { state: "Locked" } });
    expect([changed, removed, shorter].map(({ status }) => status)).toEqual([409, 409, 409]);
    expect(longer.json()).toMatchObject({
      properties: { state: "Locked", immutabilityPeriodSinceCreationInDays: 3 },
    });
    expect(codeOf(account)).toBe("409 AccountProtectedFromDeletion");
    expect(codeOf(container)).toBe("409 ContainerImmutabilityPolicyLocked");
  });

  it("are free again when an unlocked policy is deleted", async () => {
    await caller.blob("PUT", `${BLOBS}/one`, "one");
    const made = await protect(1);

    const deleted = await caller.arm("DELETE", POLICY, undefined, { headers: etagOf(made) });
    const shown = await caller.arm("GET", POLICY);

    expect(deleted.json()).toMatchObject({ properties: { state: "Deleted" } });
    expect(shown.json()).toMatchObject({
      properties: { immutabilityPeriodSinceCreationInDays: 0 },
    });
    expect((await caller.blob("DELETE", `${BLOBS}/one`)).status).toBe(202);
  });

  it("grow where appending is allowed", async () => {
    const append = (): Promise<Reply> =>
      caller.blob("PUT", `${BLOBS}/log?comp=appendblock`, "line", { "x-ms-blob-type": "" });
    await caller.blob("PUT", `${BLOBS}/log`, "", { "x-ms-blob-type": "AppendBlob" });
    await protect(1);
    const refused = await append();
    await protect(1, { allowProtectedAppendWrites: true });

    expect(codeOf(refused)).toBe("409 BlobImmutableDueToPolicy");
    expect((await append()).status).toBe(201);
  });
});

it("a legal hold keeps blobs until it is cleared", async () => {
  await caller.blob("PUT", `${BLOBS}/one`, "one");
  const set = await caller.arm("POST", `${CONTAINER}/setLegalHold`, { tags: ["case1", "case2"] });
  const held = await caller.blob("DELETE", `${BLOBS}/one`);
  const short = await caller.arm("POST", `${CONTAINER}/setLegalHold`, { tags: ["ab"] });
  const one = await caller.arm("POST", `${CONTAINER}/clearLegalHold`, { tags: ["case1"] });
  const still = await caller.blob("DELETE", `${BLOBS}/one`);
  const none = await caller.arm("POST", `${CONTAINER}/clearLegalHold`, { tags: ["case2"] });

  expect([set.json(), one.json(), none.json()]).toEqual([
    { hasLegalHold: true, tags: ["case1", "case2"] },
    { hasLegalHold: true, tags: ["case2"] },
    { hasLegalHold: false, tags: [] },
  ]);
  expect([held, still].map(codeOf)).toEqual(Array(2).fill("409 BlobImmutableDueToLegalHold"));
  expect(codeOf(short)).toBe("400 InvalidRequestContent");
  expect((await caller.blob("DELETE", `${BLOBS}/one`)).status).toBe(202);
});

it("protection of a seed is there from the start", async () => {
  const [, backup] = storageSeed.storageAccounts;
  const protectedOnes = {
    ...backup,
    containers: [{ name: "backups", immutabilityDays: 7, locked: true }],
    blobs: [{ container: "backups", name: "set/manifest.json", text: "{}" }],
  };
  const storageAccounts = [protectedOnes];
  await azure.steer("POST", "/reset", { seed: { ...storageSeed, storageAccounts } });

  expect(codeOf(await caller.blob("DELETE", `${BLOBS}/set/manifest.json`))).toBe(
    "409 BlobImmutableDueToPolicy",
  );
  expect((await caller.arm("GET", accountId("mcpstorage"))).status).toBe(404);
});

describe("a container that is open", () => {
  const withOpen = (publicAccess: string, allowBlobPublicAccess?: boolean) => {
    const [account, ...others] = storageSeed.storageAccounts;
    const open = {
      ...account,
      allowBlobPublicAccess,
      containers: [{ name: "branding", publicAccess }],
    };
    return { ...storageSeed, storageAccounts: [open, ...others] };
  };
  const BRANDING = `${host("mcpstorage")}/branding`;
  const LIST = `${BRANDING}?restype=container&comp=list`;
  const statuses = async (...calls: [string, string][]): Promise<number[]> => {
    const answers = calls.map(([method, url]) => azure.call(method, url));
    return (await Promise.all(answers)).map(({ status }) => status);
  };

  it.each([
    ["Blob", [200, 200, 401, 401]],
    ["Container", [200, 200, 200, 401]],
    ["None", [401, 401, 401, 401]],
  ])("with %s lets anybody read that much and nothing more", async (publicAccess, expected) => {
    await azure.steer("POST", "/reset", { seed: withOpen(publicAccess, true) });

    const seen = await statuses(
      ["GET", `${BRANDING}/logo.svg`],
      ["HEAD", `${BRANDING}/logo.svg`],
      ["GET", LIST],
      ["DELETE", `${BRANDING}/logo.svg`],
    );
    const shown = await caller.arm(
      "GET",
      `${accountId("mcpstorage")}/blobServices/default/containers/branding`,
    );

    expect(seen).toEqual(expected);
    expect(shown.json()).toMatchObject({ properties: { publicAccess } });
  });

  it("is none where the account has been closed", async () => {
    await azure.steer("POST", "/reset", { seed: withOpen("Blob", true) });
    await caller.arm("PATCH", accountId("mcpstorage"), {
      properties: { allowBlobPublicAccess: false },
    });
    const refused = await azure.steer("POST", "/reset", { seed: withOpen("Blob") });

    expect(await statuses(["GET", `${BRANDING}/logo.svg`])).toEqual([401]);
    expect(refused.text).toContain("storageAccounts.0.containers: are open");
  });
});

it("what a kept folder holds is found again, and accounts made at run time leave nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "simulator-kept-"));
  const seed = join(folder, "seed.json");
  await writeFile(seed, JSON.stringify(storageSeed));
  const flags = ["--seed", seed, "--state", join(folder, "state")];
  const made = inRecovery("mcpstoragedr");
  const makeAccount = async (of: StorageCaller, process: SimulatorProcess): Promise<void> => {
    await of.arm("PUT", made, {
      sku: { name: "Standard_LRS" },
      kind: "StorageV2",
      location: "westus",
    });
    await process.advance(21);
  };
  const first = await startSimulatorProcess(flags);
  const before = new StorageCaller(first);
  await makeAccount(before, first);
  await before.blob("PUT", `${host("mcpstoragedr")}/own?restype=container`);
  await before.blob("PUT", `${host("mcpbackup")}/sets?restype=container`);
  await before.blob("PUT", `${host("mcpbackup")}/sets/one`, "one");
  await before.blob("PUT", `${host("mcpstorage")}/branding/logo.svg`, "changed");
  await first.stop();

  const second = await startSimulatorProcess(flags);
  const after = new StorageCaller(second);
  await makeAccount(after, second);
  const [container, blob, logo, empty] = [
    await after.arm("GET", `${SERVICE}/containers/sets`),
    await after.blob("GET", `${host("mcpbackup")}/sets/one`),
    await after.blob("GET", `${host("mcpstorage")}/branding/logo.svg`),
    await after.blob("GET", `${host("mcpstoragedr")}/?comp=list`),
  ];
  await second.stop();
  await rm(folder, { recursive: true, force: true });

  expect([container.status, blob.text, logo.text]).toEqual([200, "one", "changed"]);
  expect(empty.text).not.toContain("<Name>");
}, 60_000);
