import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readSettings, settingKeys } from "../../src/config/settings.js";
import { channelFinding } from "../../src/domain/readiness/service-findings.js";
import { sampleEstate } from "../support/estates.js";
import { madeBy, ofType } from "../support/templates.js";

const root = path.join(__dirname, "../..");
const stages = ["production", "non-production"] as const;

/** What App Service itself puts into the environment. */
const givenByAzure = ["WEBSITE_HOSTNAME", "WEBSITE_SITE_NAME"];
/** Read by the host or by a library, and by no code here. */
const ofTheHost = /^(AzureWebJobsStorage(__\w+)?|FUNCTIONS_\w+|APPLICATIONINSIGHTS_\w+)$/;
const ofLibraries = ["AZURE_TOKEN_CREDENTIALS"];

const sources = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(path.join(root, "src", file), "utf8"))
  .join("\n");

/** What stands somewhere in the code as the name of a setting, besides the schema's own keys. */
function namedInCode(): readonly string[] {
  const read = [...sources.matchAll(/\benvironment(?:\.|\["|\?\.)([A-Z][A-Z0-9_]+)\b/g)];
  const secrets = [...sources.matchAll(/"(NOTIFICATION_[A-Z_]+)"/g)];
  return [...new Set([...read, ...secrets].map(([, name = ""]) => name))];
}

/** Schema keys that no code takes a value from. */
const unread = settingKeys.filter(
  (key) =>
    !new RegExp(`\\bvariables\\.${key}\\b|\\b${key}: \\w+\\b.*\\} = variables`).test(sources) &&
    !sources.includes(`"${key}"`),
);

const sample = (
  JSON.parse(readFileSync(path.join(root, "local.settings.sample.json"), "utf8")) as {
    Values: Record<string, string>;
  }
).Values;

function settingsOf(stage: string): Record<string, string> {
  const [settings] = ofType(madeBy(stage), "Microsoft.Web/sites/config").filter(({ name }) =>
    name.endsWith("/appsettings"),
  );
  return (settings?.properties ?? {}) as Record<string, string>;
}

/** In both directions, each as a sentence that says what to do. */
const differences = (place: string, there: readonly string[]): readonly string[] => [
  ...settingKeys
    .filter((key) => !there.includes(key))
    .map((key) => `${key} is read by src/config/settings.ts and missing in ${place}: add it there`),
  ...there
    .filter((key) => !settingKeys.includes(key) && !ofTheHost.test(key))
    .filter((key) => !ofLibraries.includes(key))
    .map((key) => `${key} stands in ${place} and nobody reads it: take it out`),
];

describe("app settings", () => {
  it("are all declared in one place, and each is read", () => {
    const past = namedInCode().filter(
      (name) => !settingKeys.includes(name) && !givenByAzure.includes(name),
    );

    expect(past.map((name) => `${name} is read past the schema of src/config/settings.ts`)).toEqual(
      [],
    );
    expect(unread.map((name) => `${name} is declared and never read`)).toEqual([]);
  });

  it("are those of local.settings.sample.json", () => {
    expect(differences("local.settings.sample.json", Object.keys(sample))).toEqual([]);
  });

  it.each(stages)("are those that the templates give the function app of %s", (stage) => {
    const place = `the app settings of ${stage} (infra/main.bicep; npm run templates)`;

    expect(differences(place, Object.keys(settingsOf(stage)))).toEqual([]);
  });

  it("would be missed in either place, and would be in the way", () => {
    const [first = "", ...rest] = settingKeys;

    expect(differences("a place", [...rest, "FORGOTTEN", "FUNCTIONS_WORKER_RUNTIME"])).toEqual([
      `${first} is read by src/config/settings.ts and missing in a place: add it there`,
      "FORGOTTEN stands in a place and nobody reads it: take it out",
    ]);
  });
});

describe("their values", () => {
  const required = ["STATE_BLOB_ENDPOINT", "BACKUP_BLOB_ENDPOINT"];

  it("are in the sample what the code takes where nothing is set", () => {
    const little = Object.fromEntries(required.map((key) => [key, sample[key]]));
    const { estateFile, ...told } = readSettings(sample);
    const { estateFile: _, ...byDefault } = readSettings(little);

    expect(told.findings).toEqual([]);
    expect(JSON.stringify(told)).toBe(JSON.stringify(byDefault));
    expect(estateFile).toBe("config/estate.sample.json");
  });

  it.each(stages)("are accepted by the code as %s has them", (stage) => {
    const literal = Object.entries(settingsOf(stage)).map(([key, value]) => [
      key,
      // What only Azure can tell.
      value.startsWith("[") ? sample[key] : value,
    ]);

    expect(readSettings(Object.fromEntries(literal) as Record<string, string>).findings).toEqual(
      [],
    );
  });

  it.each(stages)("hold no secret in %s: each is empty or a reference to the vault", (stage) => {
    const settings = settingsOf(stage);
    const secrets = settingKeys.filter((key) => key.startsWith("NOTIFICATION_"));
    const plain = secrets.filter(
      (key) => !/^$|^\[format\('@Microsoft\.KeyVault\(SecretUri=/.test(settings[key] ?? "absent"),
    );

    expect(secrets.length).toBeGreaterThan(0);
    expect(plain).toEqual([]);
  });

  it.each(stages)("reach every secret that a channel of the estate needs in %s", (stage) => {
    const needed = new Set<string>();
    for (const environment of Object.values(sampleEstate().environments)) {
      channelFinding(environment, (setting) => {
        needed.add(setting);
        return true;
      });
    }
    const settings = settingsOf(stage);
    const missing = [...needed].filter((key) => (settings[key] ?? "") === "");

    expect(needed.size).toBeGreaterThan(0);
    expect(
      missing.map((key) => `${key}: list it in settingsFromVault of infra/${stage}.bicepparam`),
    ).toEqual([]);
  });

  it.each(stages)("run %s on what the sample names", (stage) => {
    const [site] = ofType(madeBy(stage), "Microsoft.Web/sites");

    expect(site?.properties["functionAppConfig"]).toMatchObject({
      runtime: { name: sample["FUNCTIONS_WORKER_RUNTIME"], version: "22" },
    });
  });
});
