import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  madeBy,
  ofType,
  parameterFiles,
  type PredictedResource,
  templateTexts,
  withBicep,
} from "../support/templates.js";

const root = path.join(__dirname, "../..");
const services = ["production", "non-production"] as const;
const everything = parameterFiles.flatMap((file) =>
  madeBy(file).map((resource) => [`${resource.type} ${resource.name}`, resource] as const),
);

/** The compiler over some files; `.ci/run` has it look at all of them. */
const check = (...files: string[]) =>
  spawnSync(process.execPath, ["tools/bicep.cjs", "--check", ...files], {
    cwd: root,
    encoding: "utf8",
  });

withBicep(
  "the templates make of production what is recorded",
  () => {
    const { stderr, status } = check("production.bicepparam");

    expect([stderr, status]).toEqual(["", 0]);
  },
  60_000,
);

withBicep(
  "a misspelt property, which the compiler only warns of, is refused",
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "templates-"));
    const file = path.join(folder, "canary.bicep");
    writeFileSync(
      file,
      "resource a 'Microsoft.Insights/actionGroups@2023-01-01' = { name: 'a', location: 'global', properties: { enabled: true, groupShortName: 'a', emailRecievers: [] } }\n",
    );
    const { stderr, status } = check(file);
    rmSync(folder, { recursive: true, force: true });

    expect(stderr).toContain("BCP089");
    expect(status).toBe(1);
  },
  60_000,
);

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const legalNames: Readonly<Record<string, RegExp>> = {
  "Microsoft.App/containerApps": /^(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]$/,
  "Microsoft.App/managedEnvironments": /^[a-zA-Z][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]$/,
  // A GUID of what Azure alone can tell.
  "Microsoft.Authorization/roleAssignments": /^\[guid\(.*\)\]$/,
  "Microsoft.Authorization/roleDefinitions": /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  "Microsoft.Cache/redis": /^(?!.*--)[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]$/,
  "Microsoft.Cdn/profiles": /^[a-zA-Z0-9][a-zA-Z0-9-]{0,258}[a-zA-Z0-9]$/,
  "Microsoft.ContainerRegistry/registries": /^[a-zA-Z0-9]{5,50}$/,
  "Microsoft.Insights/actionGroups": /^[^:<>+/&%\\?|]{1,259}[^:<>+/&%\\?|. ]$/,
  "Microsoft.Insights/activityLogAlerts": /^[^:<>+/&%\\?|]{1,259}[^:<>+/&%\\?|. ]$/,
  "Microsoft.Insights/components": /^[^%&\\?/]{1,259}[^%&\\?/. ]$/,
  "Microsoft.Insights/diagnosticSettings": /^[a-zA-Z0-9._-]{1,260}$/,
  "Microsoft.Insights/metricAlerts": /^[^*#&+:<>?@%{}\\/]{1,259}[^*#&+:<>?@%{}\\/. ]$/,
  "Microsoft.Insights/scheduledQueryRules": /^[^*<>%{}&:\\?/#]{1,259}[^*<>%{}&:\\?/#. ]$/,
  "Microsoft.Insights/webtests": /^[a-zA-Z0-9-]{1,64}$/,
  "Microsoft.KeyVault/vaults": /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/,
  "Microsoft.ManagedIdentity/userAssignedIdentities": /^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$/,
  "Microsoft.Network/trafficManagerProfiles": /^[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]$/,
  "Microsoft.OperationalInsights/workspaces": /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/,
  "Microsoft.Resources/resourceGroups": /^[a-zA-Z0-9_().-]{0,89}[a-zA-Z0-9_()-]$/,
  "Microsoft.Storage/storageAccounts": /^[a-z0-9]{3,24}$/,
  "Microsoft.Web/serverfarms": /^[a-zA-Z0-9-]{1,60}$/,
  "Microsoft.Web/sites": /^[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]$/,
};
/** Parts of a resource, whose names are fixed or are those of what they belong to. */
const isPart = ({ type }: PredictedResource): boolean => type.split("/").length > 2;

describe("names", () => {
  it.each(everything.filter(([, resource]) => !isPart(resource)))(
    "%s is legal",
    (_, { type, name }) => {
      const known = Object.keys(legalNames).find((one) => one.toLowerCase() === type.toLowerCase());

      expect([type, known]).not.toEqual([type, undefined]);
      expect(name).toMatch(legalNames[known ?? ""] ?? /never/);
    },
  );

  it("action groups have short names of at most twelve characters", () => {
    const groups = parameterFiles.flatMap((file) =>
      ofType(madeBy(file), "Microsoft.Insights/actionGroups"),
    );

    expect(groups.length).toBeGreaterThan(0);
    for (const { properties } of groups) {
      expect(String(properties["groupShortName"])).toMatch(/^.{1,12}$/);
    }
  });

  it("no two resources of a deployment have the same id", () => {
    for (const file of parameterFiles) {
      const ids = madeBy(file).map(({ id }) => id.toLowerCase());
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }
  });

  it("are those of the sample settings", () => {
    const [state, backup] = ["mcpdrstate", "mcpdrbackup"];
    const accounts = ofType(madeBy("production"), "Microsoft.Storage/storageAccounts").map(
      ({ name }) => name,
    );

    expect(accounts).toEqual(expect.arrayContaining([state, backup]));
  });
});

describe("hardening", () => {
  const of = (type: string) =>
    everything.filter(([, resource]) => resource.type.toLowerCase() === type.toLowerCase());

  it.each(of("Microsoft.Storage/storageAccounts"))("%s", (_, { properties }) => {
    expect(properties).toMatchObject({
      allowBlobPublicAccess: false,
      allowSharedKeyAccess: false,
      minimumTlsVersion: "TLS1_2",
      supportsHttpsTrafficOnly: true,
    });
  });

  it.each(of("Microsoft.Storage/storageAccounts/blobServices/containers"))(
    "%s",
    (_, { properties }) => {
      expect(properties["publicAccess"]).toBe("None");
    },
  );

  it.each(of("Microsoft.Web/sites"))("%s", (_, { properties }) => {
    expect(properties).toMatchObject({
      httpsOnly: true,
      siteConfig: { minTlsVersion: "1.2", scmMinTlsVersion: "1.2", ftpsState: "Disabled" },
    });
  });

  it.each(of("Microsoft.KeyVault/vaults"))("%s", (_, { properties, id }) => {
    expect(properties).toMatchObject({
      enableRbacAuthorization: true,
      enableSoftDelete: true,
    });
    // A scratch vault has to be purged each night; everything else of production cannot be.
    if (id.includes("prod") && !/proof|nonprod/.test(id)) {
      expect(properties).toMatchObject({
        softDeleteRetentionInDays: 90,
        enablePurgeProtection: true,
      });
    }
  });

  it("backups can be overwritten or deleted by nobody for some days, and the policy is not locked", () => {
    const [account] = ofType(madeBy("production"), "Microsoft.Storage/storageAccounts").filter(
      ({ name }) => name === "mcpdrbackup",
    );

    expect(account?.id).toContain("/resourceGroups/mcp-dr-backups/");
    expect(account?.properties["immutableStorageWithVersioning"]).toMatchObject({
      enabled: true,
      immutabilityPolicy: { state: "Unlocked" },
    });
  });

  it.each([...templateTexts])("no output of %s tells a secret", (_, text) => {
    const outputs = text.match(/^output .*(?:\n .*)*/gm) ?? [];
    const secrets = [...text.matchAll(/@secure\(\)[^]*?param (\w+)/g)].map(([, name]) => name);

    for (const output of outputs) {
      expect(output).not.toMatch(/list\w*\(|Key\b|primaryKey|password/);
      for (const secret of secrets) expect(output).not.toContain(secret);
    }
  });
});

describe("templates", () => {
  it.each([...templateTexts])("%s describes itself and each parameter", (_, text) => {
    expect(text).toMatch(/^metadata description = '/m);
    const lines = text.split("\n");
    const undescribed = lines.filter((line, index) => {
      if (!/^(param|output) /.test(line)) return false;
      const before = lines.slice(0, index).reverse();
      const decorators = before.slice(0, before.indexOf(""));
      return !decorators.some((decorator) =>
        line.startsWith("param")
          ? /^@description\('(Required|Optional)\. /.test(decorator)
          : decorator.startsWith("@description('"),
      );
    });

    expect(undescribed).toEqual([]);
  });

  it("every module is used, and none comes from a registry", () => {
    const all = [...templateTexts.values()].join("\n");
    const modules = [...templateTexts.keys()].filter((file) => file.includes("/"));

    expect(all).not.toMatch(/'(br|ts)[:/]/);
    for (const file of modules) expect(all).toMatch(new RegExp(`['/]${path.basename(file)}'`));
  });

  it("the region that has no zones gets geo-redundant accounts", () => {
    for (const { name, sku, location } of services.flatMap((stage) =>
      ofType(madeBy(stage), "Microsoft.Storage/storageAccounts"),
    )) {
      expect([name, location, sku?.["name"]]).toEqual([name, "westus", "Standard_GRS"]);
    }
  });
});
