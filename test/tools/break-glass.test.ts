import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Child } from "../../local/stack/child.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { SimulatorClient } from "../../local/stack/simulator-client.js";
import { startSimulatorProcess, type SimulatorReady } from "../../local/stack/simulator-process.js";
import { environmentOf } from "../../src/domain/estate.js";
import { bringBlobsHome, compareBlobs } from "../../tools/break-glass/blobs-home.js";
import { commandsOf, renderPage, type Command, type Page } from "../../tools/break-glass/page.js";
import { pagesOf } from "../../tools/break-glass/pages.js";
import { bringSecretsHome, compareSecrets } from "../../tools/break-glass/secrets-home.js";
import { CliShell, missingPrograms } from "../support/cli-shell.js";
import { sampleEstate } from "../support/estates.js";

/*
 * By the real Azure CLI, which takes seconds for each command, `npm test` follows a fixed spread: the app's
 * failure, and a vault that was closed. Only `test:all` follows the rest: the rotation of the cache's key; the
 * region, the cache, the vault and the account there and back; a deleted vault; the failover of an account.
 * Without the CLI none of them runs, and each says so.
 */
const estate = sampleEstate();
const production = environmentOf(estate, "production");
const primaryApp = production.containerApp.primary;
const pages = pagesOf(estate);
const pageOf = (scenario: string): Page => {
  const page = pages.find(
    (each) => each.scenario === scenario && each.environment === "production",
  );
  if (page === undefined) throw new Error(`there is no page for ${scenario}`);
  return page;
};

describe("the pages of break glass", () => {
  it("are there for every environment and scenario, of a lost region and ways back where there is another side", () => {
    const single = [
      ...["container-app-failure", "redis-failure", "redis-key-rotation"],
      ...["key-vault-failure", "storage-failure"],
    ];
    const back = ["redis-failback", "key-vault-failback", "storage-failback", "region-failback"];
    const all = [...single, "region-outage", ...back];

    expect(pages.map(({ environment, scenario }) => `${environment} ${scenario}`)).toEqual([
      ...single.map((scenario) => `development ${scenario}`),
      ...all.map((scenario) => `staging ${scenario}`),
      ...all.map((scenario) => `production ${scenario}`),
    ]);
  });

  it("never disable an endpoint before the other one is enabled and online", () => {
    const commands = commandsOf(pageOf("region-outage")).map(({ run }) => run);
    const at = (text: string): number => commands.findIndex((run) => run.includes(text));

    expect(at('"endpointStatus":"Enabled"')).toBeGreaterThan(at("curl -s -m 10 -X PUT"));
    expect(at("= Online ] && break")).toBeGreaterThan(at('"endpointStatus":"Enabled"'));
    expect(at('"endpointStatus":"Disabled"')).toBeGreaterThan(at("= Online ] && break"));
    expect(commands.filter((run) => run.includes("AllNodes"))).toEqual([]);
  });

  it("look before they change anything", () => {
    for (const { see } of pages) expect(see.filter(({ changes }) => changes === true)).toEqual([]);
  });

  it("make a key anew only once the app is well with the other one", () => {
    const what = commandsOf(pageOf("redis-key-rotation")).map((each) => each.what);
    const at = (text: RegExp): number => what.findIndex((each) => text.test(each));

    expect(at(/with its secondary key/)).toBeGreaterThan(at(/^Note the hash/));
    expect(at(/^Make the primary key anew/)).toBeGreaterThan(at(/is well with the secondary key$/));
    expect(at(/with its primary key/)).toBeGreaterThan(at(/^See that the primary key/));
  });

  it("say of every command what it prints, and have no open ends", () => {
    for (const page of pages) {
      const text = renderPage(page);
      expect(text).not.toMatch(/undefined|\[object/);
      for (const { prints } of commandsOf(page)) expect(text).toContain(`Prints ${prints}.`);
    }
  });
});

const why =
  missingPrograms.length === 0 ? "" : ` (skipped: no ${missingPrograms.join(", ")} on PATH)`;
const withCli = missingPrograms.length === 0 ? it : it.skip;
/** What npm run test:all takes besides; the rest of a page's minutes is the CLI's own. */
const inFull = (name: string, test: () => Promise<void>, limit: number): void => {
  if (process.env["TEST_ALL"] === "1") withCli(name, test, limit);
};

describe("the commands of break glass, by the real Azure CLI", () => {
  let folder: string;
  let simulator: Child<SimulatorReady>;
  let client: SimulatorClient;
  let shell: CliShell;

  beforeAll(async () => {
    if (missingPrograms.length > 0) return;
    folder = mkdtempSync(path.join(os.tmpdir(), "break-glass-"));
    const seed = seedFromEstate(estate);
    const onLog = (): undefined => undefined;
    simulator = await startSimulatorProcess({ seed, folder, keepsRights: false, onLog });
    client = new SimulatorClient(simulator.ready.control);
    shell = await CliShell.signedIn(simulator.ready);
  }, 120_000);
  afterAll(async () => {
    if (missingPrograms.length > 0) return;
    await Promise.all([shell.close(), simulator.stop()]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  beforeEach(async () => {
    if (missingPrograms.length === 0) await client.reset();
  });

  /** What each of these commands prints, beside what it is for. */
  async function follow(commands: readonly Command[]): Promise<readonly Followed[]> {
    const [chooseSubscription] = pageOf("container-app-failure").see;
    const here = [...(chooseSubscription ? [chooseSubscription] : []), ...commands].filter(
      ({ untried }) => untried !== true,
    );
    const said = await shell.run(here.map(({ run }) => run));
    return here.map(({ what }, nth) => ({ what, said: said[nth] ?? "" }));
  }
  interface Followed {
    readonly what: string;
    readonly said: string;
  }
  const lastOf = (followed: readonly Followed[], what: RegExp): string =>
    followed.findLast((each) => what.test(each.what))?.said ?? "";

  withCli(
    `bring an app back whose new revision is bad${why}`,
    async () => {
      await client.fault({ name: "bad-revision", resource: primaryApp });
      const followed = await follow(commandsOf(pageOf("container-app-failure")));

      const waits = followed.filter(({ what }) => what.startsWith("Wait"));
      // The restart does not help, the revision before does, and so does the one made of its template.
      expect(waits.map(({ said }) => said.split("\n").at(-1))).toEqual(["503", "200", "200"]);
      expect(lastOf(followed, /^Choose/)).toBe("mcp-server-prod--v41");
      expect(lastOf(followed, /three times/)).toBe("200\n200\n200");
      const { revisions } = await client.app(primaryApp);
      const active = revisions.filter((revision) => revision.active);
      expect(active.map(({ name }) => name).join()).toMatch(/--by-hand-\d+$/);
    },
    300_000,
  );

  inFull(
    `lead users to the other region, and home again${why}`,
    async () => {
      await client.fault({ name: "region-down", region: "eastus" });
      await client.advance(240);
      const followed = await follow(commandsOf(pageOf("region-outage")));

      expect(
        lastOf(followed, /unlinked/)
          .split("\n")
          .at(-1),
      ).toBe("0");
      expect(
        lastOf(followed, /^Wait until the other side's app/)
          .split("\n")
          .at(-1),
      ).toBe("200");
      expect(lastOf(followed, /^Prove/)).toMatch(/^20\d\n.*by-hand-\d+/);
      expect(lastOf(followed, /^Enable/)).toBe("Enabled");
      expect(lastOf(followed, /finds it online/)).toMatch(/Online$/);
      expect(lastOf(followed, /^Disable/)).toBe("Disabled");
      expect(lastOf(followed, /which side/)).toMatch(/eastus +Disabled[^]*westus +Enabled +Online/);
      expect(lastOf(followed, /three times/)).toBe("200\n200\n200");

      await client.removeFaults();
      await client.advance(900);
      const back = await follow(commandsOf(pageOf("region-failback")));

      expect(lastOf(back, /^Prove/)).toMatch(/^20\d\n.*by-hand-\d+/);
      expect(lastOf(back, /finds it online/)).toMatch(/Online$/);
      expect(lastOf(back, /which side/)).toMatch(/eastus +Enabled +Online[^]*westus +Disabled/);
      expect(lastOf(back, /three times/)).toBe("200\n200\n200");
    },
    1_200_000,
  );

  /** The commands of a page without those whose case is another one. */
  const followed = (scenario: string, besides: RegExp): Promise<readonly Followed[]> =>
    follow(commandsOf(pageOf(scenario)).filter(({ what }) => !besides.test(what)));
  const endOf = (followed: readonly Followed[], what: RegExp): string | undefined =>
    lastOf(followed, what).split("\n").at(-1);

  inFull(
    `lead the app to another cache, and back with what was written there${why}`,
    async () => {
      await client.fault({
        name: "redis-reboot-does-not-help",
        resource: production.redis.primary,
      });
      const there = await followed("redis-failure", /^$/);
      await client.removeFaults();
      const back = await followed("redis-failback", /^$/);

      expect(endOf(there, /^Wait until the app is well$/)).toBe("503");
      expect(endOf(there, /other cache$/)).toBe("200");
      expect(lastOf(back, /^Export/)).toMatch(/by-hand-\d+/);
      expect(endOf(back, /own cache$/)).toBe("200");
      expect(lastOf(back, /^Link/)).toMatch(/^(Creating|Linking|Succeeded)$/);
    },
    1_200_000,
  );

  inFull(
    `make the primary key of the cache anew, the app being well all the time${why}`,
    async () => {
      const rotated = await followed("redis-key-rotation", /^$/);

      expect(lastOf(rotated, /which cache/)).toMatch(/^localhost:\d+$/);
      const waits = rotated.filter(({ what }) => what.startsWith("Wait"));
      expect(waits.map(({ said }) => said.split("\n").at(-1))).toEqual(["0", "200", "0", "200"]);
      expect(lastOf(rotated, /^See that the primary key/)).toBe("another one");
      expect(lastOf(rotated, /three times/)).toBe("200\n200\n200");
      const keys = (await client.log(0, true)).filter(({ path }) => path.includes("/redis/"));
      expect(keys.map(({ operation }) => operation)).toEqual(["redis.regenerateKey"]);
      expect(JSON.stringify(rotated)).not.toContain("password=");
    },
    1_200_000,
  );

  withCli(
    `open a vault again that was closed${why}`,
    async () => {
      await client.fault({ name: "vault-firewall", resource: production.keyVault.primary });
      const closed = await followed(
        "key-vault-failure",
        /deleted|which vaults|its role|other vault|KEY_VAULT_URL/,
      );

      expect(lastOf(closed, /^Ask the app/)).toContain(production.keyVault.healthCheck);
      expect(endOf(closed, /^Wait/)).toBe("200");
    },
    300_000,
  );

  inFull(
    `bring a vault back that was deleted${why}`,
    async () => {
      await client.fault({ name: "vault-deleted", resource: production.keyVault.primary });
      const deleted = await followed(
        "key-vault-failure",
        /network rules|other vault|KEY_VAULT_URL/,
      );

      expect(lastOf(deleted, /whether the vault was deleted/)).toMatch(/^\d{4}-/);
      expect(endOf(deleted, /was deleted: bring it back/)).toBe("Succeeded");
      expect(endOf(deleted, /^Wait/)).toBe("200");
    },
    1_200_000,
  );

  inFull(
    `lead the app to another vault, and back with what was written there${why}`,
    async () => {
      const { primary, secondary = "" } = production.keyVault;
      await follow([compareSecrets(primary, secondary), bringSecretsHome(secondary)]);
      await client.fault({ name: "vault-unavailable", resource: primary });
      const there = await followed("key-vault-failure", /deleted|network rules|its role/);
      await client.removeFaults();
      const fresh = {
        what: "write a secret",
        run: `az rest --method put --resource https://vault.azure.net --url "https://mcp-server-prod-kv-dr.vault.azure.net/secrets/fresh?api-version=7.4" --body '{"value":"by hand"}' --query id -o tsv`,
        prints: "",
      };
      const back = [...(await follow([fresh])), ...(await followed("key-vault-failback", /^$/))];

      expect(endOf(there, /on the other vault$/)).toBe("200");
      expect(lastOf(back, /which KEY_VAULT_URL/)).toContain("-kv-dr.");
      expect(back.filter(({ what }) => what.startsWith("Compare")).map(({ said }) => said)).toEqual(
        ["fresh", ""],
      );
      expect(endOf(back, /at home$/)).toBe("200");
    },
    1_200_000,
  );

  inFull(
    `lead the app to another account, and back with what was written there${why}`,
    async () => {
      const { primary, secondary = "", containers } = production.storage;
      const filled = await follow([
        compareBlobs(primary, secondary, containers),
        bringBlobsHome(primary, secondary, containers),
      ]);
      await client.fault({ name: "storage-unavailable", resource: primary });
      const there = await followed("storage-failure", /^Only/);
      await client.removeFaults();
      const fresh = {
        what: "write a blob",
        run: "echo fresh > fresh.txt; az storage blob upload --auth-mode login --account-name mcpstorageproddr -c branding -n 'a b/fresh.txt' -f fresh.txt --query lastModified",
        prints: "",
      };
      const back = [...(await follow([fresh])), ...(await followed("storage-failback", /^$/))];

      expect(lastOf(filled, /^Compare/)).toMatch(/^contoso[^]*tenants\.json$/);
      expect(endOf(there, /^Wait/)).toBe("200");
      expect(back.filter(({ what }) => what.startsWith("Compare")).map(({ said }) => said)).toEqual(
        ["a b/fresh.txt", ""],
      );
      expect(lastOf(back, /^Copy.*side$/)).toMatch(/^(pending|success)$/);
      expect(endOf(back, /at home$/)).toBe("200");
    },
    1_200_000,
  );

  inFull(
    `fail an account over, once${why}`,
    async () => {
      await client.fault({ name: "storage-unavailable", resource: production.storage.primary });
      const commands = commandsOf(pageOf("storage-failure"));
      const over = await follow(commands.filter(({ what }) => /^Only|^Look at/.test(what)));

      expect(endOf(over, /through/)).toMatch(/^available/);
      const effects = await client.log(0, true);
      expect(effects.map(({ operation }) => operation)).toEqual([
        expect.stringMatching(/failover/i),
      ]);
    },
    1_200_000,
  );
});
