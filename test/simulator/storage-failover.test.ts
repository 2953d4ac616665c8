import { SUBSCRIPTION } from "./names.js";
import { runWithSdk } from "./sdk-program.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, codeOf, host, inRecovery, StorageCaller, storageSeed } from "./storage-seed.js";

let azure: SimulatorProcess;
let caller: StorageCaller;

const ACCOUNT = accountId("mcpstorage");
const PRIMARY = `${host("mcpstorage")}/branding`;
const SECONDARY = `${host("mcpstorage-secondary")}/branding`;
const LIST = "?restype=container&comp=list";

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

const failOver = (query = ""): Promise<Reply> =>
  caller.arm("POST", `${ACCOUNT}/failover`, undefined, { query });
const fault = async (order: object): Promise<string> => {
  const reply = await azure.steer("POST", "/faults", order);
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.json<{ id: string }>().id;
};
const namesAt = async (container: string, query = ""): Promise<string[]> => {
  const { text } = await caller.blob("GET", container + LIST + query);
  return [...text.matchAll(/<Name>([^<]+)</g)].map(([, name = ""]) => name);
};
/** The same, one name a page; a page may be empty and not the last. */
const pagesAt = async (container: string): Promise<string[]> => {
  const names: string[] = [];
  let marker = "";
  do {
    const { text } = await caller.blob("GET", `${container}${LIST}&maxresults=1&marker=${marker}`);
    names.push(...[...text.matchAll(/<Name>([^<]+)</g)].map(([, name = ""]) => name));
    marker = /<NextMarker>([^<]+)</.exec(text)?.[1] ?? "";
  } while (marker !== "");
  return names;
};
const geo = async (): Promise<Record<string, unknown>> =>
  (await caller.stats(ACCOUNT))["geoReplicationStats"] as Record<string, unknown>;

describe("the secondary", () => {
  it("shows what there was at the last sync time, in reads and in lists", async () => {
    await caller.blob("PUT", `${PRIMARY}/new.txt`, "new");
    await caller.blob("PUT", `${PRIMARY}/logo.svg`, "<svg>2</svg>", { "x-ms-meta-v": "2" });
    await caller.blob("DELETE", `${PRIMARY}/img/a.png`);
    const [old, gone, kept] = [
      await caller.blob("GET", `${SECONDARY}/logo.svg`),
      await caller.blob("GET", `${SECONDARY}/new.txt`),
      await caller.blob("HEAD", `${SECONDARY}/img/a.png`),
    ];
    const [early, folders, primary] = [
      await namesAt(SECONDARY),
      await namesAt(SECONDARY, "&delimiter=/"),
      await namesAt(PRIMARY),
    ];
    await azure.advance(121);

    expect([
      old.text,
      old.headers["content-type"],
      codeOf(gone),
      kept.headers["x-ms-meta-alt"],
    ]).toEqual(["<svg/>", "image/svg+xml", "404 BlobNotFound", "a"]);
    expect(old.headers["x-ms-meta-v"]).toBeUndefined();
    expect([early, folders, primary]).toEqual([
      ["img/a.png", "logo.svg"],
      ["img/", "logo.svg"],
      ["logo.svg", "new.txt"],
    ]);
    expect(await namesAt(SECONDARY)).toEqual(["logo.svg", "new.txt"]);
    expect((await caller.blob("GET", `${SECONDARY}/logo.svg`)).text).toBe("<svg>2</svg>");
  });

  it("keeps ETags, conditions and ranges, and leaves out folders that are new", async () => {
    const before = await caller.blob("GET", `${PRIMARY}/logo.svg`);
    await caller.blob("PUT", `${PRIMARY}/logo.svg`, "changed");
    await caller.blob("PUT", `${PRIMARY}/fresh/x.txt`, "x");
    const etag = before.headers["etag"] ?? "";
    const read = (headers: Record<string, string>): Promise<Reply> =>
      caller.blob("GET", `${SECONDARY}/logo.svg`, undefined, headers);

    const part = await read({ "x-ms-range": "bytes=1-3" });
    const fresh = await read({ "if-none-match": etag });
    const stale = await read({ "if-match": '"0x1"' });

    expect([part.status, part.text, part.headers["content-range"], part.headers["etag"]]).toEqual([
      206,
      "svg",
      "bytes 1-3/6",
      etag,
    ]);
    expect([fresh.status, codeOf(stale)]).toEqual([304, "412 ConditionNotMet"]);
    expect(await namesAt(SECONDARY, "&delimiter=/")).toEqual(["img/", "logo.svg"]);
    expect(await pagesAt(SECONDARY)).toEqual(["img/a.png", "logo.svg"]);
  });

  it("takes no writes, and is read only where the sku says so", async () => {
    const write = await caller.blob("PUT", `${SECONDARY}/x`, "x");
    const stats = await caller.blob(
      "GET",
      `${host("mcpstorage-secondary")}/?restype=service&comp=stats`,
    );
    const wrong = await caller.blob("GET", `${host("mcpstorage")}/?restype=service&comp=stats`);
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_GRS" } });
    const without = await caller.blob("GET", `${SECONDARY}/logo.svg`);
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_LRS" } });
    const none = await caller.blob("GET", `${SECONDARY}/logo.svg`);

    expect(codeOf(write)).toBe("403 InsufficientAccountPermissions");
    expect(stats.text).toContain("<Status>live</Status>");
    expect(codeOf(wrong)).toBe("400 InvalidQueryParameterValue");
    expect(codeOf(without)).toBe("403 InsufficientAccountPermissions");
    expect(none.status).toBe(421);
  });

  it("has no new containers yet", async () => {
    await caller.blob("PUT", `${host("mcpstorage")}/fresh?restype=container`);
    const list = `${host("mcpstorage-secondary")}/?comp=list`;

    const early = await caller.blob("GET", list);
    const read = await caller.blob(
      "GET",
      `${host("mcpstorage-secondary")}/fresh?restype=container`,
    );
    await azure.advance(121);

    expect(early.text).not.toContain("fresh");
    expect(codeOf(read)).toBe("404 ContainerNotFound");
    expect((await caller.blob("GET", list)).text).toContain("<Name>fresh</Name>");
  });

  it("is behind by more while nothing is copied", async () => {
    const id = await fault({ name: "replication-stalled", resource: ACCOUNT });
    const stalled = (await geo())["lastSyncTime"];
    await caller.blob("PUT", `${PRIMARY}/new.txt`, "new");
    await azure.advance(600);
    const later = (await geo())["lastSyncTime"];
    const names = await namesAt(SECONDARY);
    await azure.steer("DELETE", `/faults/${id}`);

    expect([later, names]).toEqual([stalled, ["img/a.png", "logo.svg"]]);
    expect(Date.parse(String((await geo())["lastSyncTime"]))).toBeGreaterThan(
      Date.parse(String(stalled)) + 590_000,
    );
    expect(await namesAt(SECONDARY)).toContain("new.txt");
  });
});

describe("a failover", () => {
  it("takes an hour, loses what is newer than the last sync time, and leaves one copy", async () => {
    const original = await caller.blob("HEAD", `${PRIMARY}/logo.svg`);
    await caller.blob("PUT", `${PRIMARY}/early.txt`, "early");
    await azure.advance(300);
    await caller.blob("PUT", `${PRIMARY}/late.txt`, "late");
    await caller.blob("PUT", `${PRIMARY}/early.txt`, "overwritten");
    await caller.blob("DELETE", `${PRIMARY}/img/a.png`);
    await caller.blob("PUT", `${host("mcpstorage")}/fresh?restype=container`);

    const accepted = await failOver();
    const during = await caller.stats(ACCOUNT);
    const write = await caller.blob("PUT", `${PRIMARY}/during.txt`, "during");
    const twice = await failOver();
    await azure.advance(3599);
    const poll = await caller.arm("GET", accepted.headers["location"] ?? "");
    await azure.advance(2);
    const ended = await caller.arm("GET", accepted.headers["location"] ?? "");
    const after = (await caller.arm("GET", ACCOUNT)).json<{
      sku: object;
      location: string;
      properties: Record<string, unknown>;
    }>();

    expect([accepted.status, accepted.text, write.status]).toEqual([202, "", 201]);
    expect(during).toMatchObject({ failoverInProgress: true, primaryLocation: "eastus" });
    expect(codeOf(twice)).toBe("409 StorageAccountOperationInProgress");
    expect([poll.status, ended.status, ended.text]).toEqual([202, 204, ""]);
    expect(after).toMatchObject({
      location: "eastus",
      sku: { name: "Standard_LRS" },
      properties: { primaryLocation: "westus", statusOfPrimary: "available" },
    });
    expect(Object.keys(after.properties)).toEqual(
      expect.not.arrayContaining(["failoverInProgress", "secondaryLocation", "statusOfSecondary"]),
    );
    expect(after.properties["lastGeoFailoverTime"]).toEqual(expect.any(String));
    // The name stays, what had been copied is there, untouched where it had not changed.
    expect(await namesAt(PRIMARY)).toEqual(["early.txt", "img/a.png", "logo.svg"]);
    expect((await caller.blob("GET", `${PRIMARY}/early.txt`)).text).toBe("early");
    const image = await caller.blob("GET", `${PRIMARY}/img/a.png`);
    expect([image.headers["x-ms-meta-alt"], image.headers["content-length"]]).toEqual(["a", "3"]);
    const kept = await caller.blob("HEAD", `${PRIMARY}/logo.svg`);
    expect(kept.headers["etag"]).toBe(original.headers["etag"]);
    expect(codeOf(await caller.blob("GET", `${host("mcpstorage")}/fresh?restype=container`))).toBe(
      "404 ContainerNotFound",
    );
    expect((await caller.blob("GET", `${SECONDARY}/logo.svg`)).status).toBe(421);
  });

  it("brings back the pages that page blobs had at the last sync time", async () => {
    const [blob, length] = [`${PRIMARY}/export.rdb`, 1_024];
    const write = (text: string): Promise<Reply> =>
      caller.blob("PUT", `${blob}?comp=page`, text.repeat(length / text.length), {
        "x-ms-page-write": "update",
        "x-ms-range": `bytes=0-${length - 1}`,
      });
    const made = await caller.blob("PUT", blob, undefined, {
      "x-ms-blob-type": "PageBlob",
      "x-ms-blob-content-length": String(length),
    });
    const first = await write("old!");
    await azure.advance(121);
    const second = await write("new!");
    const behind = await caller.blob("GET", `${SECONDARY}/export.rdb`);
    await failOver();
    await azure.advance(3601);
    const after = await caller.blob("GET", blob);

    expect([made, first, second].map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(behind.text).toBe("old!".repeat(length / 4));
    expect(after.text).toBe("old!".repeat(length / 4));
    expect(after.headers["x-ms-blob-type"]).toBe("PageBlob");
  });

  it("is refused the second time, and fails back once there is a copy again", async () => {
    await failOver();
    await azure.advance(3601);
    const local = await failOver();
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_RAGRS" } });
    const unsynced = await failOver();
    await azure.advance(1801);
    const back = await failOver();
    await azure.advance(3601);

    expect([local, unsynced].map(codeOf)).toEqual([
      "400 InvalidAccountType",
      "409 LastSyncTimeUnavailable",
    ]);
    expect(back.status).toBe(202);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      properties: { primaryLocation: "eastus" },
    });
  });

  it("loses what the first one lost, even if nobody looks before the second", async () => {
    await caller.blob("PUT", `${PRIMARY}/late.txt`, "late");
    await failOver();
    await azure.advance(3601);
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_RAGRS" } });
    await azure.advance(1801);
    await failOver();
    await azure.advance(3601);

    expect(await namesAt(PRIMARY)).toEqual(["img/a.png", "logo.svg"]);
  });

  it("ends in zones where the account was in zones before", async () => {
    const zonal = storageSeed.storageAccounts.map((account) =>
      account.id === ACCOUNT ? { ...account, sku: "Standard_RAGZRS" } : account,
    );
    await azure.steer("POST", "/reset", { seed: { ...storageSeed, storageAccounts: zonal } });

    const first = (await geo())["postFailoverRedundancy"];
    await failOver();
    await azure.advance(3601);
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_GRS" } });
    await azure.advance(1801);
    const second = (await geo())["postFailoverRedundancy"];
    await failOver();
    await azure.advance(3601);

    expect([first, second]).toEqual(["Standard_LRS", "Standard_ZRS"]);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      sku: { name: "Standard_ZRS" },
    });
  });

  it("happens once when its answer is lost, and the log knows it", async () => {
    await fault({ name: "lost-answer", match: { operation: "storageAccounts.failover" }, nth: 1 });

    await expect(failOver()).rejects.toThrow();
    const during = await caller.stats(ACCOUNT);
    const log = await azure.steer("GET", "/log?effects=true");

    expect(during).toMatchObject({ failoverInProgress: true });
    expect(log.json<{ entries: unknown[] }>().entries).toMatchObject([
      {
        operation: "storageAccounts.failover",
        effect: { kind: "storage-failover-started", resource: ACCOUNT },
        fault: "lost-answer",
      },
    ]);
  });

  it("changes nothing when it fails", async () => {
    await fault({ name: "operation-failed", nth: 1 });
    const accepted = await failOver();
    await caller.blob("PUT", `${PRIMARY}/during.txt`, "during");
    await azure.advance(3601);

    const ended = await caller.arm("GET", accepted.headers["location"] ?? "");
    const after = await caller.stats(ACCOUNT);

    expect(codeOf(ended)).toBe("409 StorageAccountOperationFailed");
    expect(after).toMatchObject({
      primaryLocation: "eastus",
      geoReplicationStats: { status: "Live", canFailover: true },
    });
    expect(after).not.toHaveProperty("failoverInProgress");
    expect(await namesAt(PRIMARY)).toContain("during.txt");
  });

  it("is not possible without a copy, with protected blobs, or into a region that is down", async () => {
    const local = await caller.arm("POST", `${inRecovery("mcpbackup")}/failover`);
    const unknown = await failOver("&failoverType=Soon");
    const id = await fault({ name: "region-down", region: "westus", planes: ["data"] });
    const [down, downStats] = [await failOver(), await caller.stats(ACCOUNT)];
    await azure.steer("DELETE", `/faults/${id}`);
    await caller.arm("POST", `${ACCOUNT}/blobServices/default/containers/branding/setLegalHold`, {
      tags: ["incident"],
    });
    const held = await failOver();

    expect(codeOf(local)).toBe("400 InvalidAccountType");
    expect(codeOf(unknown)).toBe("400 InvalidFailoverType");
    expect(downStats).toMatchObject({
      statusOfSecondary: "unavailable",
      geoReplicationStats: { status: "Unavailable", canFailover: false },
    });
    expect([down, held].map((reply) => reply.status)).toEqual([409, 409]);
    expect(await geo()).toMatchObject({ canFailover: false });
  });
});

describe("a planned failover", () => {
  it("exchanges the regions by the client of the resource provider, and back, and loses nothing", async () => {
    const seen = await runWithSdk(
      azure,
      `
      const { StorageManagementClient, restorePoller } = load("@azure/arm-storage");
      const { BlobServiceClient } = load("@azure/storage-blob");
      const arm = new StorageManagementClient(credential, "${SUBSCRIPTION}", { retryOptions: { maxRetries: 0 } });
      const names = ["mcp-server-prod", "mcpstorage"];
      const blobs = new BlobServiceClient("https://mcpstorage.blob.core.windows.net", credential, {
        retryOptions: { maxTries: 1 },
      }).getContainerClient("branding");
      const get = async () => {
        const { primaryLocation, secondaryLocation, sku, failoverInProgress, lastGeoFailoverTime, geoReplicationStats } =
          await arm.storageAccounts.getProperties(...names, { expand: "geoReplicationStats" });
        const { status, canPlannedFailover, postPlannedFailoverRedundancy, lastSyncTime } = geoReplicationStats;
        return {
          regions: [primaryLocation, secondaryLocation], sku: sku.name, during: failoverInProgress ?? null,
          status, canPlannedFailover, postPlannedFailoverRedundancy, moved: lastGeoFailoverTime instanceof Date,
          behind: Date.now() - lastSyncTime > 60_000,
        };
      };
      const write = (name) => code(blobs.getBlockBlobClient(name).upload(name, name.length));
      const start = async () => {
        const poller = arm.storageAccounts.failover(...names, { failoverType: "Planned" });
        await poller.submitted();
        return poller.serialize();
      };
      const before = await get();
      const token = await start();
      const running = (await restorePoller(arm, token, arm.storageAccounts.failover).poll()).status;
      await advance(3500);
      const late = await write("late");
      const during = await get();
      await advance(80);
      const switching = [await write("refused"), (await get()).status];
      await advance(21);
      const end = await code(restorePoller(arm, token, arm.storageAccounts.failover).poll());
      const after = await get();
      const kept = (await blobs.getBlobClient("late").downloadToBuffer()).toString();
      const again = await write("after");
      await advance(121);
      await start();
      await advance(3601);
      const back = await get();
      const all = [];
      for await (const { name } of blobs.listBlobsFlat()) all.push(name);
      return { before, running, late, during, switching, end, after, kept, again, back, all };`,
    );

    const live = {
      sku: "Standard_RAGRS",
      status: "Live",
      postPlannedFailoverRedundancy: "Standard_RAGRS",
    };
    expect(seen).toMatchObject({
      before: { ...live, regions: ["eastus", "westus"], canPlannedFailover: true, moved: false },
      running: "running",
      late: "done",
      during: { ...live, regions: ["eastus", "westus"], during: true, canPlannedFailover: false },
      switching: ["503 ServerBusy", "Unavailable"],
      end: expect.stringContaining("204") as string,
      // All that was written before is in both regions.
      after: {
        ...live,
        regions: ["westus", "eastus"],
        during: null,
        canPlannedFailover: true,
        moved: true,
        behind: false,
      },
      kept: "late",
      again: "done",
      back: { ...live, regions: ["eastus", "westus"] },
      all: ["after", "img/a.png", "late", "logo.svg"],
    });
  });

  it("leaves in the new secondary all that was written before it, whatever is lost later", async () => {
    await failOver("&failoverType=Planned");
    await azure.advance(3500);
    await caller.blob("PUT", `${PRIMARY}/before.txt`, "before");
    await azure.advance(101);
    await caller.blob("PUT", `${PRIMARY}/after.txt`, "after");
    const [at, behind] = [await namesAt(PRIMARY), await namesAt(SECONDARY)];
    await failOver();
    await azure.advance(3601);

    expect(at).toEqual(["after.txt", "before.txt", "img/a.png", "logo.svg"]);
    expect(behind).toEqual(["before.txt", "img/a.png", "logo.svg"]);
    expect(await namesAt(PRIMARY)).toEqual(["before.txt", "img/a.png", "logo.svg"]);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      properties: { primaryLocation: "eastus" },
    });
  });

  it("is refused unless both regions are up, and the copy is live and nearly in step", async () => {
    const planned = (): Promise<Reply> => failOver("&failoverType=Planned");
    const refusals: (readonly [string, unknown])[] = [];
    const tryWith = async (order: object, seconds = 0): Promise<void> => {
      const id = await fault(order);
      if (seconds > 0) await azure.advance(seconds);
      refusals.push([codeOf(await planned()), (await geo())["canPlannedFailover"]]);
      await azure.steer("DELETE", `/faults/${id}`);
    };
    const down = { name: "region-down", planes: ["data"] };
    await tryWith({ ...down, region: "westus" });
    await tryWith({ ...down, region: "eastus" });
    await tryWith({ name: "storage-unavailable", resource: ACCOUNT });
    await tryWith({ name: "replication-stalled", resource: ACCOUNT }, 1800);
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_LRS" } });
    await caller.arm("PATCH", ACCOUNT, { sku: { name: "Standard_RAGRS" } });
    const bootstrapping = await planned();

    expect(refusals).toEqual([
      ["409 SecondaryLocationUnavailable", false],
      ["409 PrimaryLocationUnavailable", false],
      ["409 PrimaryLocationUnavailable", false],
      ["409 AccountFailoverNotSupported", false],
    ]);
    expect(codeOf(bootstrapping)).toBe("409 LastSyncTimeUnavailable");
  });

  it("fails where a region is lost on the way, and leaves the account as it was", async () => {
    const accepted = await failOver("&failoverType=Planned");
    await azure.advance(600);
    const id = await fault({ name: "region-down", region: "westus", planes: ["data"] });
    await azure.advance(3001);
    const ended = await caller.arm("GET", accepted.headers["location"] ?? "");
    await azure.steer("DELETE", `/faults/${id}`);
    const after = await caller.stats(ACCOUNT);

    expect(codeOf(ended)).toBe("409 StorageAccountOperationFailed");
    expect(after).toMatchObject({
      primaryLocation: "eastus",
      secondaryLocation: "westus",
      geoReplicationStats: { status: "Live", canPlannedFailover: true },
    });
    expect((await caller.blob("PUT", `${PRIMARY}/x`, "x")).status).toBe(201);
  });
});

describe("outages", () => {
  it("of an account end for it when it has moved", async () => {
    await fault({ name: "storage-unavailable", resource: ACCOUNT });
    const before = await caller.stats(ACCOUNT);
    const [read, copy] = [
      await caller.blob("GET", `${PRIMARY}/logo.svg`),
      await caller.blob("GET", `${SECONDARY}/logo.svg`),
    ];
    await failOver();
    await azure.advance(3601);

    expect(before).toMatchObject({
      statusOfPrimary: "unavailable",
      geoReplicationStats: { status: "Live", canFailover: true },
    });
    expect([codeOf(read), copy.status]).toEqual(["503 ServerBusy", 200]);
    expect((await caller.blob("GET", `${PRIMARY}/logo.svg`)).status).toBe(200);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      properties: { primaryLocation: "westus", statusOfPrimary: "available" },
    });
  });

  it("of an account can be timeouts, and name an account that there is", async () => {
    await fault({ name: "storage-unavailable", resource: ACCOUNT, answer: "timed-out" });

    const read = await caller.blob("GET", `${PRIMARY}/logo.svg`);
    const unknown = await azure.steer("POST", "/faults", {
      name: "storage-unavailable",
      resource: accountId("nothing"),
    });

    expect(codeOf(read)).toBe("500 OperationTimedOut");
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining("nothing")]);
  });

  it("of a region cut the data, stop the copying and refuse the management, and leave the copy", async () => {
    const before = Date.parse(String((await geo())["lastSyncTime"]));
    await fault({ name: "region-down", region: "eastus", planes: ["data"] });
    await azure.advance(1200);

    await expect(caller.blob("GET", `${PRIMARY}/logo.svg`)).rejects.toThrow();
    expect((await caller.blob("GET", `${SECONDARY}/logo.svg`)).status).toBe(200);
    expect(Date.parse(String((await geo())["lastSyncTime"])) - before).toBeLessThan(60_000);

    await fault({ name: "control-plane-down", region: "eastus" });
    expect([(await failOver()).status, (await caller.arm("GET", ACCOUNT)).status]).toEqual([
      503, 503,
    ]);
  });

  it("of the first region do not touch the data that have moved, only their management", async () => {
    await failOver();
    await azure.advance(3601);
    await fault({ name: "region-down", region: "eastus" });

    expect((await caller.blob("GET", `${PRIMARY}/logo.svg`)).status).toBe(200);
    expect((await caller.arm("GET", ACCOUNT)).status).toBe(503);
  });
});
