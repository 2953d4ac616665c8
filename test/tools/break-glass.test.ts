import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Child } from "../../local/stack/child.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { SimulatorClient } from "../../local/stack/simulator-client.js";
import { startSimulatorProcess, type SimulatorReady } from "../../local/stack/simulator-process.js";
import { commandsOf, renderPage, type Command, type Page } from "../../tools/break-glass/page.js";
import { pagesOf } from "../../tools/break-glass/pages.js";
import { CliShell, missingPrograms } from "../support/cli-shell.js";
import { sampleEstate } from "../support/estates.js";

const estate = sampleEstate();
const primaryApp = estate.environments.production?.containerApp.primary ?? "";
const pages = pagesOf(estate);
const pageOf = (scenario: string): Page => {
  const page = pages.find(
    (each) => each.scenario === scenario && each.environment === "production",
  );
  if (page === undefined) throw new Error(`there is no page for ${scenario}`);
  return page;
};

describe("the pages of break glass", () => {
  it("are there for every environment and scenario, of a lost region where there is another", () => {
    const four = ["container-app-failure", "redis-failure", "key-vault-failure", "storage-failure"];
    const all = [...four, "region-outage"];

    expect(pages.map(({ environment, scenario }) => `${environment} ${scenario}`)).toEqual([
      ...four.map((scenario) => `development ${scenario}`),
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
    const here = commands.filter(({ elsewhere }) => elsewhere !== true);
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
    `lead users to the other region${why}`,
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
    },
    400_000,
  );

  inFull(
    `look at what has failed, and change nothing${why}`,
    async () => {
      for (const scenario of ["redis-failure", "key-vault-failure", "storage-failure"]) {
        const { see } = pageOf(scenario);
        expect(see.filter(({ changes }) => changes === true)).toEqual([]);
        for (const { said } of await follow(see.filter(({ what }) => !what.includes("deleted")))) {
          expect(said).not.toBe("");
        }
      }
      expect(await client.log(0, true)).toEqual([]);
    },
    300_000,
  );
});
