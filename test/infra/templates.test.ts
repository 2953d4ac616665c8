import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { environmentOf } from "../../src/domain/estate.js";
import { sampleEstate } from "../support/estates.js";
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
  "Microsoft.Cache/redisEnterprise": /^(?!.*--)[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]$/,
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
  // Some end in a suffix of the cloud, which Azure alone can tell.
  "Microsoft.Network/privateDnsZones":
    /^(\[format\('privatelink\.(blob|queue|table)\.\{0\}', environment\(\)\.suffixes\.storage\)\]|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,33})$/,
  "Microsoft.Network/privateEndpoints": /^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9_])$/,
  "Microsoft.Network/virtualNetworks": /^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9_])$/,
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
    const file = path.join(root, "local.settings.sample.json");
    const settings = JSON.parse(readFileSync(file, "utf8")) as { Values: Record<string, string> };
    const named = ["STATE_BLOB_ENDPOINT", "BACKUP_BLOB_ENDPOINT"].map((setting) =>
      new URL(settings.Values[setting] ?? "").hostname.split(".").at(0),
    );
    const accounts = ofType(madeBy("production"), "Microsoft.Storage/storageAccounts").map(
      ({ name }) => name,
    );

    expect(accounts).toEqual(expect.arrayContaining(named));
  });

  it.each([
    ["estate.production", ["production"]],
    ["estate.non-production", ["development", "staging"]],
  ] as const)("%s makes what the sample estate names", (file, names) => {
    const unnamed =
      /resourceGroups|workspaces|insights\/components|managedEnvironments|diagnosticSettings|userAssignedIdentities/i;
    const made = madeBy(file).filter(
      ({ id, type }) => !id.startsWith("[") && type.split("/").length === 2 && !unnamed.test(type),
    );
    const text = JSON.stringify(names.map((name) => environmentOf(sampleEstate(), name)));
    const known = [...text.matchAll(/"(\/subscriptions\/[^"]+)"/g)].map(([, id = ""]) =>
      id.toLowerCase(),
    );

    expect(made.length).toBeGreaterThan(4);
    expect(made.map(({ id }) => id.toLowerCase()).filter((id) => !known.includes(id))).toEqual([]);
  });

  it.each(["estate.production", "estate.non-production"])(
    "%s makes each group that it makes something in on the secondary side",
    (file) => {
      const groups = ofType(madeBy(file), "Microsoft.Resources/resourceGroups").map(({ id }) => id);
      const used = madeBy(file).flatMap(({ id, location }) =>
        location === "westus" ? (/^.*\/resourceGroups\/[^/]+(?=\/providers)/.exec(id) ?? []) : [],
      );
      const registrys = (id: string) => !id.endsWith("-dr");

      expect(groups.length).toBeGreaterThan(0);
      expect(used.filter((id) => !groups.includes(id) && !registrys(id))).toEqual([]);
    },
  );

  it("the standby app may pull its image, read its secrets and use its files", () => {
    const made = madeBy("estate.production");
    const [app] = ofType(made, "Microsoft.App/containerApps");
    const [identity] = ofType(made, "Microsoft.ManagedIdentity/userAssignedIdentities");
    const given = ofType(made, "Microsoft.Authorization/roleAssignments")
      .filter(({ properties }) => String(properties["principalId"]).includes(identity?.id ?? "?"))
      .map(({ properties }) => String(properties["description"]).split(":").at(0));

    expect(JSON.stringify(app)).toContain(identity?.id);
    expect(given.sort()).toEqual([
      "AcrPull",
      "Key Vault Secrets User",
      "Storage Blob Data Contributor",
    ]);
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

  it.each([...of("Microsoft.Cache/redis"), ...of("Microsoft.Cache/redisEnterprise")])(
    "%s",
    (_, { properties, type }) => {
      expect(properties["minimumTlsVersion"]).toBe("1.2");
      if (type === "Microsoft.Cache/redis") expect(properties["enableNonSslPort"]).toBe(false);
    },
  );

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

type Template = Readonly<{
  parameters?: Record<string, { type?: string }>;
  outputs?: Record<string, { value: unknown }>;
  resources?: unknown;
}>;

/** A compiled template and all that stand in it. */
const templatesIn = (part: unknown): readonly Template[] =>
  typeof part !== "object" || part === null
    ? []
    : [
        ...("$schema" in part && "resources" in part ? [part as Template] : []),
        ...Object.values(part).flatMap(templatesIn),
      ];

withBicep(
  "no output of a compiled template tells a secret",
  async () => {
    const compile = async (file: string) => {
      const options = { cwd: path.join(root, "infra"), maxBuffer: 2 ** 26 };
      const { stdout } = await promisify(execFile)("bicep", ["build", file, "--stdout"], options);
      return templatesIn(JSON.parse(stdout));
    };
    const all = (
      await Promise.all(["main.bicep", "alerts.bicep", "estate.bicep"].map(compile))
    ).flat();
    const telling = all.flatMap(({ parameters = {}, outputs = {}, resources }) => {
      const secret = Object.keys(parameters).filter((name) =>
        /^secure/i.test(parameters[name]?.type ?? ""),
      );
      // The component takes tokens alone, so that its connection string opens nothing.
      const isHarmless = JSON.stringify(resources).includes('"DisableLocalAuth":true');
      return Object.entries(outputs).filter(([name, output]) => {
        const text = JSON.stringify(output);
        return (
          /list\w*\(|password|primaryKey|"type":"secure/i.test(text) ||
          secret.some((each) => text.includes(`parameters('${each}')`)) ||
          (/connectionString/i.test(name + text) && !isHarmless)
        );
      });
    });

    expect(all.length).toBeGreaterThan(20);
    expect(all.flatMap(({ outputs = {} }) => Object.keys(outputs)).length).toBeGreaterThan(10);
    expect(telling).toEqual([]);
  },
  60_000,
);

describe("what is left at its default elsewhere", () => {
  const made = madeBy("../test/infra/every-option/service.production");
  const alerts = madeBy("../test/infra/every-option/alerts.production");

  it("private networking leaves no account and no vault open, and each reached by its zone", () => {
    const closed = ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"].flatMap(
      (type) => ofType(made, type),
    );

    expect(closed.length).toBe(4);
    for (const { properties } of closed) {
      expect(properties).toMatchObject({
        publicNetworkAccess: "Disabled",
        networkAcls: { defaultAction: "Deny" },
      });
    }
    expect(ofType(made, "Microsoft.Network/privateEndpoints").length).toBe(6);
    expect(ofType(made, "Microsoft.Network/privateEndpoints/privateDnsZoneGroups").length).toBe(6);
  });

  it("Elastic Premium runs the package of the host account as the identity", () => {
    const [settings] = ofType(made, "Microsoft.Web/sites/config").filter(({ name }) =>
      name.endsWith("/appsettings"),
    );

    expect(ofType(made, "Microsoft.Web/serverfarms")[0]?.sku?.["tier"]).toBe("ElasticPremium");
    expect(settings?.properties["WEBSITE_RUN_FROM_PACKAGE"]).toContain("package.zip");
    expect(settings?.properties["PLATFORM_AUTHENTICATION"]).toBe("entra");
  });

  it("a locked policy is locked", () => {
    const [account] = ofType(made, "Microsoft.Storage/storageAccounts").filter(({ name }) =>
      name.includes("backup"),
    );

    expect(account?.properties["immutableStorageWithVersioning"]).toMatchObject({
      immutabilityPolicy: { state: "Locked" },
    });
  });

  it("with the secure webhook no key is told, and a call without a token is to be refused", () => {
    const [test] = ofType(alerts, "Microsoft.Insights/webtests").filter(({ name }) =>
      name.endsWith("-webhook"),
    );
    const receivers = ofType(alerts, "Microsoft.Insights/actionGroups").flatMap(
      ({ properties }) => (properties["webhookReceivers"] ?? []) as object[],
    );

    expect(test?.properties).toMatchObject({
      ValidationRules: { ExpectedHttpStatusCode: 401 },
    });
    expect(receivers).toMatchObject([{ useAadAuth: true }]);
    expect(JSON.stringify(receivers)).not.toContain("code=");
  });

  it("a managed cache is made as one", () => {
    const caches = ofType(
      madeBy("../test/infra/every-option/estate.production"),
      "Microsoft.Cache/redisEnterprise",
    );

    expect(caches.map(({ name, sku }) => [name, sku?.["name"]])).toEqual([
      ["mcp-redis-prod-dr", "Balanced_B10"],
    ]);
  });
});

describe("regions", () => {
  it("with zones and no pair, accounts are spread over the zones", () => {
    const skus = ofType(
      madeBy("../test/infra/every-option/service.production"),
      "Microsoft.Storage/storageAccounts",
    ).map(({ location, sku }) => [location, sku?.["name"]]);

    expect(new Set(skus.map(String))).toEqual(new Set(["italynorth,Standard_ZRS"]));
  });

  withBicep(
    "with zones they are too, without they go to the pair, and an unknown one is refused",
    async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "regions-"));
      const write = (name: string, text: string) => {
        writeFileSync(path.join(folder, name), text);
      };
      write("regions.bicep", templateTexts.get("regions.bicep") ?? "");
      write(
        "accounts.bicep",
        "import { redundancyOf } from 'regions.bicep'\nparam regions string[]\n" +
          "resource accounts 'Microsoft.Storage/storageAccounts@2026-04-01' = [for region in regions: { name: 'a${region}', location: region, kind: 'StorageV2', sku: { name: redundancyOf(region) } }]\n",
      );
      const skusOf = async (...regions: string[]) => {
        const name = regions.join("-");
        write(
          `${name}.bicepparam`,
          `using 'accounts.bicep'\nparam regions = ${JSON.stringify(regions).replaceAll('"', "'")}\n`,
        );
        const to = [
          "--subscription-id",
          "0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c01",
          "--resource-group",
          "any",
          "--location",
          "westus",
        ];
        await promisify(execFile)(
          "bicep",
          ["snapshot", `${name}.bicepparam`, "--mode", "overwrite", ...to],
          { cwd: folder },
        );
        const text = readFileSync(path.join(folder, `${name}.snapshot.json`), "utf8");
        const { predictedResources } = JSON.parse(text) as {
          predictedResources: PredictedResource[];
        };
        return predictedResources.map(({ sku }) => sku?.["name"]);
      };

      const [known, unknown] = await Promise.allSettled([
        skusOf("eastus", "polandcentral", "westus", "ukwest"),
        skusOf("southcentralus2"),
      ]);
      rmSync(folder, { recursive: true, force: true });

      expect(known).toMatchObject({
        value: ["Standard_ZRS", "Standard_ZRS", "Standard_GRS", "Standard_GRS"],
      });
      expect(String((unknown as PromiseRejectedResult).reason)).toContain(
        "southcentralus2 is not known",
      );
    },
    60_000,
  );
});

describe("the account of the state", () => {
  it("lets earlier versions of leases and claims go", () => {
    const [policy] = ofType(
      madeBy("production"),
      "Microsoft.Storage/storageAccounts/managementPolicies",
    ).filter(({ name }) => name.startsWith("mcpdrstate/"));

    expect(JSON.stringify(policy?.properties)).toContain(
      '{"filters":{"blobTypes":["blockBlob"],"prefixMatch":["recovery-state/leases/","recovery-state/claims/"]},"actions":{"version":{"delete":{"daysAfterCreationGreaterThan":14}}}}',
    );
  });
});

it("no group of instances is kept ready with none", () => {
  const ready = services.map((stage) => {
    const [app] = ofType(madeBy(stage), "Microsoft.Web/sites");
    const { scaleAndConcurrency } = app?.properties["functionAppConfig"] as {
      scaleAndConcurrency: { alwaysReady: { name: string }[] };
    };
    return scaleAndConcurrency.alwaysReady.map(({ name }) => name);
  });

  expect(ready).toEqual([["http", "durable"], []]);
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
