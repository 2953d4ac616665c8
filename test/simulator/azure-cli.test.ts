import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { APP, APP_ID, GROUP, SUBSCRIPTION } from "./names.js";
import { findOnPath } from "./program.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

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
});

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
    },
  });
  return stdout === "" ? undefined : JSON.parse(stdout);
};

withCli(
  `the Azure CLI logs in, reads and changes${why}`,
  async () => {
    const arm = `${azure.direct}/`;
    await az(
      ...["cloud", "register", "-n", "simulated"],
      ...["--endpoint-resource-manager", arm, "--endpoint-management", arm],
      ...["--endpoint-active-directory", `${arm}adfs`],
      ...["--endpoint-active-directory-resource-id", azure.direct],
      ...["--endpoint-active-directory-graph-resource-id", azure.direct],
    );
    await az("cloud", "set", "-n", "simulated");
    await az("login", "--identity");

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
