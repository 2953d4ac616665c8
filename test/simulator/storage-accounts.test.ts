import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, codeOf, host, inRecovery, StorageCaller, storageSeed } from "./storage-seed.js";
import { SUBSCRIPTION } from "./names.js";

let azure: SimulatorProcess;
let caller: StorageCaller;

const ACCOUNT = accountId("mcpstorage");
const NEW = inRecovery("mcpstoragedr");
const body = (more: object = {}): object => ({
  sku: { name: "Standard_LRS" },
  kind: "StorageV2",
  location: "westus",
  ...more,
});

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

const create = (id = NEW, more: object = {}): Promise<Reply> => caller.arm("PUT", id, body(more));
const state = async (id: string): Promise<unknown> => {
  const reply = await caller.arm("GET", id);
  return reply.json<{ properties: { provisioningState: string } }>().properties.provisioningState;
};

describe("names", () => {
  const check = async (name: string): Promise<Record<string, unknown>> => {
    const id = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability`;
    const type = "Microsoft.Storage/storageAccounts";
    return (await caller.arm("POST", id, { name, type })).json();
  };

  it("are free, taken or not possible", async () => {
    expect(await check("mcpstoragedr")).toEqual({ nameAvailable: true });
    expect(await check("mcpstorage")).toMatchObject({
      nameAvailable: false,
      reason: "AlreadyExists",
    });
    expect(await check("mcp-storage")).toMatchObject({ reason: "AccountNameInvalid" });
    expect(await check("ab")).toMatchObject({ reason: "AccountNameInvalid" });
  });

  it("are global and fixed by the rules", async () => {
    const elsewhere = await create(inRecovery("mcpstorage"));
    const invalid = await create(inRecovery("Mcp_Storage"));
    const moved = await create(ACCOUNT, { location: "westus", sku: { name: "Standard_RAGRS" } });

    expect(codeOf(elsewhere)).toBe("409 StorageAccountInAnotherResourceGroup");
    expect(codeOf(invalid)).toBe("400 AccountNameInvalid");
    expect(codeOf(moved)).toBe("409 InvalidResourceLocation");
  });
});

describe("creation", () => {
  it("takes its time, and the name resolves only in the end", async () => {
    const accepted = await create();
    const { location = "" } = accepted.headers;
    const early = [await state(NEW), (await caller.arm("GET", location)).status];
    const blobs = await caller.blob("PUT", `${host("mcpstoragedr")}/abc?restype=container`);
    const again = await create();
    await azure.advance(14);
    const later = await state(NEW);
    await azure.advance(7);
    const done = await caller.arm("GET", location);
    const container = await caller.blob("PUT", `${host("mcpstoragedr")}/abc?restype=container`);

    expect([accepted.status, accepted.text, early]).toEqual([202, "", ["Creating", 202]]);
    expect(location).toContain("/locations/westus/asyncoperations/");
    expect(location.length).toBeGreaterThan(1000);
    expect([blobs.status, codeOf(again), later]).toEqual([
      421,
      "409 StorageAccountOperationInProgress",
      "ResolvingDNS",
    ]);
    expect([done.status, done.json()]).toMatchObject([
      200,
      {
        id: NEW,
        kind: "StorageV2",
        sku: { name: "Standard_LRS", tier: "Standard" },
        properties: {
          provisioningState: "Succeeded",
          accessTier: "Hot",
          primaryLocation: "westus",
          statusOfPrimary: "available",
          primaryEndpoints: { blob: `${host("mcpstoragedr")}/` },
        },
      },
    ]);
    expect(done.text).not.toContain("secondary");
    expect(container.status).toBe(201);
  });

  it("is shown by lists after a while, and is gone after a reset", async () => {
    const names = async (): Promise<string[]> => {
      const all = await caller.arm("GET", NEW.slice(0, NEW.lastIndexOf("/")));
      return all.json<{ value: { name: string }[] }>().value.map(({ name }) => name);
    };
    await create();
    const early = await names();
    await azure.advance(21);
    const later = await names();
    await azure.steer("POST", "/reset", { seed: storageSeed });

    expect([early, later]).toEqual([["mcpbackup"], ["mcpbackup", "mcpstoragedr"]]);
    expect(codeOf(await caller.arm("GET", NEW))).toBe("404 ResourceNotFound");
  });

  it("starts empty under a name that was used before", async () => {
    const container = `${host("mcpstoragedr")}/abc?restype=container`;
    await create();
    await azure.advance(21);
    await caller.blob("PUT", container);
    const removed = await caller.arm("DELETE", NEW);
    const gone = await caller.blob("GET", container);
    const twice = await caller.arm("DELETE", NEW);
    await create();
    await azure.advance(21);

    expect([removed.status, gone.status, twice.status]).toEqual([200, 421, 204]);
    expect(codeOf(await caller.blob("GET", container))).toBe("404 ContainerNotFound");
  });

  it("repeats as a change, or as nothing where all is so already", async () => {
    await create();
    await azure.advance(21);
    await azure.steer("DELETE", "/faults");
    const { next } = (await azure.steer("GET", "/log")).json<{ next: number }>();

    const same = await create();
    const other = await create(NEW, { tags: { run: "r1" } });
    const log = await azure.steer("GET", `/log?effects=true&since=${next}`);

    expect([same.status, other.status, other.json()]).toMatchObject([
      200,
      200,
      { tags: { run: "r1" } },
    ]);
    expect(log.json<{ entries: unknown[] }>().entries).toMatchObject([
      { effect: { kind: "storage-account-changed" } },
    ]);
  });

  it.each([
    [
      "a sku without zones there",
      { sku: { name: "Standard_ZRS" } },
      "RedundancyConfigurationNotAvailableInRegion",
    ],
    [
      "a sku with zones and a copy",
      { sku: { name: "Standard_GZRS" } },
      "RedundancyConfigurationNotAvailableInRegion",
    ],
    ["a sku that there is not", { sku: { name: "Standard_XRS" } }, "InvalidAccountType"],
    ["a region that there is not", { location: "atlantis" }, "LocationNotAvailableForResourceType"],
    ["an unknown member", { properties: { colour: "red" } }, "InvalidRequestContent"],
    ["a tier of another kind", { properties: { accessTier: "Premium" } }, "InvalidAccessTier"],
  ])("refuses %s", async (_case, more, code) => {
    expect(codeOf(await create(NEW, more))).toBe(`400 ${code}`);
  });

  it.each([
    ["hierarchical namespaces", { properties: { isHnsEnabled: true } }],
    ["keys of the customer", { properties: { encryption: { keySource: "Microsoft.Keyvault" } } }],
    ["file shares", { kind: "FileStorage", sku: { name: "Premium_LRS" } }],
    ["identities", { identity: { type: "SystemAssigned" } }],
  ])("says that %s are not simulated", async (_case, more) => {
    expect(codeOf(await create(NEW, more))).toBe("501 NotSimulated");
  });

  it("leaves nothing behind when it fails, and stays under way when it is stuck", async () => {
    await azure.steer("POST", "/faults", { name: "operation-failed", nth: 1 });
    const failing = await create();
    await azure.advance(21);
    const outcome = await caller.arm("GET", failing.headers["location"] ?? "");
    const fault = await azure.steer("POST", "/faults", { name: "stuck-operation" });
    const stuck = await create();
    await azure.advance(600);
    const during = (await caller.arm("GET", stuck.headers["location"] ?? "")).status;
    await azure.steer("DELETE", `/faults/${fault.json<{ id: string }>().id}`);

    expect([outcome.status, during]).toEqual([409, 202]);
    expect(await state(NEW)).toBe("Succeeded");
  });
});

describe("changes", () => {
  const toSku = (sku: string, id = ACCOUNT): Promise<Reply> =>
    caller.arm("PATCH", id, { sku: { name: sku } });

  it("of geo-redundancy are settings", async () => {
    const local = await toSku("Standard_LRS");
    const without = await caller.arm("GET", ACCOUNT, undefined, {
      query: "&$expand=geoReplicationStats",
    });
    const again = await toSku("Standard_GRS");
    const young = await caller.stats(ACCOUNT);
    await azure.advance(1801);
    const old = await caller.stats(ACCOUNT);

    expect([local.status, local.text.includes("secondary")]).toEqual([200, false]);
    expect(codeOf(without)).toBe("400 InvalidAccountType");
    expect(again.json()).toMatchObject({
      sku: { name: "Standard_GRS" },
      properties: { secondaryLocation: "westus", statusOfSecondary: "available" },
    });
    expect(again.text).not.toContain("secondaryEndpoints");
    expect(young["geoReplicationStats"]).toMatchObject({ status: "Bootstrap", canFailover: false });
    expect(young["geoReplicationStats"]).not.toHaveProperty("lastSyncTime");
    expect(old["geoReplicationStats"]).toMatchObject({ status: "Live", canFailover: true });
  });

  it("of zones are refused, with the way to go", async () => {
    await toSku("Standard_LRS");
    const [conversion, twoSteps, premium] = [
      await toSku("Standard_ZRS"),
      await toSku("Standard_GZRS"),
      await toSku("Premium_LRS"),
    ];

    expect([conversion, twoSteps].map(codeOf)).toEqual(
      Array(2).fill("400 StorageAccountTypeConversionNotAllowed"),
    );
    expect(conversion.text).toContain("start an account migration");
    expect(twoSteps.text).toContain("Change geo-redundancy first");
    expect(codeOf(premium)).toBe("501 NotSimulated");
  });

  it("of zones are a migration that takes days", async () => {
    const start = (sku: string): Promise<Reply> =>
      caller.arm("POST", `${ACCOUNT}/startAccountMigration`, {
        properties: { targetSkuName: sku },
      });
    const status = async (): Promise<unknown> =>
      (await caller.arm("GET", `${ACCOUNT}/accountMigrations/default`)).json<{
        properties: { migrationStatus: string };
      }>().properties.migrationStatus;

    const refused = await start("Standard_ZRS");
    const accepted = await start("Standard_RAGZRS");
    const busy = await toSku("Standard_GRS");
    const early = await status();
    await azure.advance(86_401);
    const later = await status();
    await azure.advance(21_600);

    expect(codeOf(refused)).toBe("400 InvalidRequestPropertyValue");
    expect([accepted.status, codeOf(busy)]).toEqual([202, "409 StorageAccountOperationInProgress"]);
    expect([early, later, await status()]).toEqual([
      "SubmittedForConversion",
      "InProgress",
      "Complete",
    ]);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      sku: { name: "Standard_RAGZRS" },
    });
  });

  it("of settings are kept, and network rules are felt", async () => {
    const read = (): Promise<Reply> =>
      caller.blob("GET", `${host("mcpstorage")}/branding/logo.svg`);
    const before = await read();
    const denied = await caller.arm("PATCH", ACCOUNT, {
      properties: { networkAcls: { defaultAction: "Deny" }, minimumTlsVersion: "TLS1_1" },
    });

    expect([before.status, denied.status]).toEqual([200, 200]);
    expect((await caller.arm("GET", ACCOUNT)).json()).toMatchObject({
      properties: { networkAcls: { defaultAction: "Deny" }, minimumTlsVersion: "TLS1_1" },
    });
    expect(codeOf(await read())).toBe("403 AuthorizationFailure");
  });

  it("never hand out keys", async () => {
    const off = await caller.arm("POST", `${ACCOUNT}/listKeys`);
    await caller.arm("PATCH", ACCOUNT, { properties: { allowSharedKeyAccess: true } });
    const on = await caller.arm("POST", `${ACCOUNT}/listKeys`);

    expect(codeOf(off)).toBe("403 KeyBasedAuthenticationNotPermitted");
    expect(codeOf(on)).toBe("501 NotSimulated");
  });
});

it("a seed with a sku that the region has not is refused", async () => {
  const [account] = storageSeed.storageAccounts;
  const seed = {
    ...storageSeed,
    storageAccounts: [{ ...account, location: "westus", sku: "Standard_RAGZRS" }],
  };

  const refused = await azure.steer("POST", "/reset", { seed });

  expect([refused.status, refused.text]).toEqual([
    400,
    expect.stringContaining("storageAccounts.0.sku: is not offered in westus"),
  ]);
});
