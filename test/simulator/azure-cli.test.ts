import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MAIN, vaultSeed } from "./key-vaults.js";
import { APP, APP_ID, GROUP, SUBSCRIPTION } from "./names.js";
import { findOnPath } from "./program.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { storageSeed } from "./storage-seed.js";
import { PROFILE, PROFILE_ID, twoRegions } from "./two-regions.js";

const program = findOnPath("az");
const withCli = program === undefined ? it.skip : it;
const why = program === undefined ? " (skipped: no az on PATH; apt-get install azure-cli)" : "";

let azure: SimulatorProcess;
let folder: string;

beforeAll(async () => {
  if (program === undefined) return;
  [azure, folder] = await Promise.all([
    startSimulatorProcess(),
    mkdtemp(join(tmpdir(), "simulator-az-")),
  ]);
  const arm = `${azure.direct}/`;
  await az(
    ...["cloud", "register", "-n", "simulated"],
    ...["--endpoint-resource-manager", arm, "--endpoint-management", arm],
    ...["--endpoint-active-directory", `${arm}adfs`],
    ...["--endpoint-active-directory-resource-id", azure.direct],
    ...["--endpoint-active-directory-graph-resource-id", azure.direct],
    ...["--suffix-keyvault-dns", ".vault.azure.net"],
  );
  await az("cloud", "set", "-n", "simulated");
  await az("login", "--identity");
}, 60_000);

afterAll(async () => {
  if (program === undefined) return;
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

const az = async (...given: string[]): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(program ?? "", given, {
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      AZURE_CONFIG_DIR: folder,
      AZURE_CORE_COLLECT_TELEMETRY: "no",
      // How the CLI of Debian finds the managed identity of App Service.
      MSI_ENDPOINT: azure.env["IDENTITY_ENDPOINT"],
      MSI_SECRET: azure.env["IDENTITY_HEADER"],
      APPSETTING_WEBSITE_SITE_NAME: "simulated",
      REQUESTS_CA_BUNDLE: azure.env["NODE_EXTRA_CA_CERTS"],
      // Vaults have names of their own; Resource Manager is asked at this machine.
      HTTPS_PROXY: azure.env["HTTPS_PROXY"],
      NO_PROXY: azure.env["NO_PROXY"],
    },
  });
  return stdout === "" ? undefined : JSON.parse(stdout);
};

withCli(
  `the Azure CLI logs in, reads and changes${why}`,
  async () => {
    const accounts = await az("account", "list");
    // Without --api-version: the CLI asks the provider for one.
    const [shown, groups, revisions] = await Promise.all([
      az("resource", "show", "--ids", APP_ID),
      az("group", "list"),
      az("rest", "--method", "get", "--url", `${APP_ID}/revisions?api-version=2026-07-01`),
    ]);
    const restart = `${APP_ID}/revisions/mcp-server--v142/restart?api-version=2026-07-01`;
    await az("rest", "--method", "post", "--url", restart);
    const log = await azure.steer("GET", "/log?effects=true");

    expect(accounts).toMatchObject([{ id: SUBSCRIPTION, cloudName: "simulated" }]);
    expect(shown).toMatchObject({ name: APP, resourceGroup: GROUP, location: "eastus" });
    expect(groups).toMatchObject([{ name: GROUP }]);
    expect((revisions as { value: unknown[] }).value).toHaveLength(3);
    expect(log.json()).toMatchObject({ entries: [{ effect: { kind: "revision-restarted" } }] });
    await expect(az("resource", "show", "--ids", `${APP_ID}-2`)).rejects.toMatchObject({
      stderr: expect.stringContaining("ResourceNotFound") as string,
    });
  },
  120_000,
);

withCli(
  `the Azure CLI reads, writes, backs up and recovers what is in key vaults${why}`,
  async () => {
    await azure.steer("POST", "/reset", { seed: vaultSeed() });
    // Debian's package lacks the module behind "az keyvault secret", so secrets go by "az rest".
    const rest = (method: string, path: string, body?: unknown): Promise<unknown> =>
      az(
        ...["rest", "--method", method, "--resource", "https://vault.azure.net"],
        ...["--url", `https://${MAIN}.vault.azure.net/${path}?api-version=7.4`],
        ...(body === undefined ? [] : ["--body", JSON.stringify(body)]),
      );

    const listed = await az("keyvault", "list");
    const shown = await az("keyvault", "show", "--name", MAIN);
    const secrets = await rest("get", "secrets");
    await rest("put", "secrets/fresh", { value: "from-the-cli" });
    const read = await rest("get", "secrets/fresh");
    const backup = await rest("post", "secrets/rotated/backup");
    await rest("delete", "secrets/rotated");
    await azure.advance(10);
    await expect(rest("post", "secrets/restore", backup)).rejects.toMatchObject({
      stderr: expect.stringContaining("deleted but recoverable state") as string,
    });
    await az("keyvault", "delete", "--name", MAIN);
    await azure.advance(10);
    const deleted = await az("keyvault", "list-deleted", "--resource-type", "vault");
    await az("keyvault", "recover", "--name", MAIN, "--location", "eastus", "--no-wait");
    await azure.advance(61);
    const recovered = await az("keyvault", "show", "--name", MAIN);

    expect(listed).toMatchObject([{ name: MAIN }]);
    expect(shown).toMatchObject({ properties: { enableRbacAuthorization: true } });
    expect((secrets as { value: unknown[] }).value).toHaveLength(4);
    expect(read).toMatchObject({ value: "from-the-cli" });
    expect(deleted).toMatchObject([{ name: MAIN }]);
    expect(recovered).toMatchObject({ properties: { provisioningState: "Succeeded" } });
  },
  300_000,
);

withCli(
  `the Azure CLI shows, lists and updates storage accounts${why}`,
  async () => {
    await azure.steer("POST", "/reset", { seed: storageSeed });
    const of = ["-g", GROUP, "-n", "mcpstorage"];

    const [shown, listed, blobs] = await Promise.all([
      az("storage", "account", "show", ...of, "--expand", "geoReplicationStats"),
      az("storage", "account", "list"),
      az("storage", "account", "blob-service-properties", "show", "-g", GROUP, "-n", "mcpstorage"),
    ]);
    const updated = await az("storage", "account", "update", ...of, "--sku", "Standard_GRS");

    expect(shown).toMatchObject({
      name: "mcpstorage",
      resourceGroup: GROUP,
      sku: { name: "Standard_RAGRS" },
      geoReplicationStats: { status: "Live", canFailover: true },
    });
    expect(listed).toMatchObject([{ name: "mcpstorage" }, { name: "mcpbackup" }]);
    expect(blobs).toMatchObject({ isVersioningEnabled: false });
    expect(updated).toMatchObject({ sku: { name: "Standard_GRS" }, secondaryLocation: "westus" });
    await expect(
      az("storage", "account", "update", ...of, "--sku", "Standard_GZRS"),
    ).rejects.toMatchObject({
      stderr: expect.stringContaining("StorageAccountTypeConversionNotAllowed") as string,
    });
  },
  120_000,
);

withCli(
  `the Azure CLI shows and turns the endpoints of Traffic Manager${why}`,
  async () => {
    await azure.steer("POST", "/reset", { seed: twoRegions() });
    // "az network" of Debian's package fails before it asks anybody, so profiles go by "az resource".
    const primary = `${PROFILE_ID}/externalEndpoints/primary`;
    const resource = (verb: string, id: string, ...given: string[]): Promise<unknown> =>
      az("resource", verb, "--api-version", "2022-04-01", "--ids", id, ...given);

    const shown = await resource("show", PROFILE_ID);
    const updated = await resource("update", PROFILE_ID, "--set", "properties.dnsConfig.ttl=20");
    const before = await resource("show", primary);
    const turned = await resource(
      ...(["update", primary, "--set", "properties.endpointStatus=Disabled"] as const),
    );

    expect(shown).toMatchObject({
      name: PROFILE,
      properties: { monitorConfig: { profileMonitorStatus: "Online" } },
    });
    expect(updated).toMatchObject({
      properties: { dnsConfig: { relativeName: "mcp-server", ttl: 20 } },
    });
    expect(before).toMatchObject({
      name: "primary",
      properties: { endpointMonitorStatus: "Online" },
    });
    expect(turned).toMatchObject({
      properties: { endpointStatus: "Disabled", endpointMonitorStatus: "Disabled", priority: 1 },
    });
  },
  120_000,
);

withCli(
  `the Azure CLI manages caches${why}`,
  async () => {
    await azure.steer("POST", "/reset", {});
    const of = ["-g", GROUP, "-n", "mcp-redis"];

    const [shown, listed, keys] = await Promise.all([
      az("redis", "show", ...of),
      az("redis", "list", "-g", GROUP),
      az("redis", "list-keys", ...of),
    ]);
    await az("redis", "force-reboot", ...of, "--reboot-type", "PrimaryNode");
    await az("redis", "regenerate-keys", ...of, "--key-type", "Primary");
    const after = await az("redis", "list-keys", ...of);
    const exported = az(
      "redis",
      "export",
      ...of,
      "--prefix",
      "a",
      "--container",
      "https://a.example",
    );

    expect(shown).toMatchObject({
      name: "mcp-redis",
      hostName: "localhost",
      sku: { name: "Standard" },
    });
    expect(listed).toMatchObject([{ name: "mcp-redis", provisioningState: "Succeeded" }]);
    expect((after as { primaryKey: string }).primaryKey).not.toBe(
      (keys as { primaryKey: string }).primaryKey,
    );
    await expect(exported).rejects.toMatchObject({
      stderr: expect.stringContaining("Premium") as string,
    });
  },
  120_000,
);
