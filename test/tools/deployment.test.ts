import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { currentVersion } from "../support/replay-driver.js";
import { madeBy, ofType, templateTexts } from "../support/templates.js";

const root = path.join(__dirname, "../..");
const tool = (name: string, input = "") => {
  const options = { cwd: root, input, encoding: "utf8" as const };
  const { status, stderr } = spawnSync(process.execPath, [`tools/${name}`], options);
  return { status, said: stderr };
};

/* The hooks of azure.yaml; test/scenarios/upgrade.test.ts asks a real host. */
describe("a deployment", () => {
  const run = (id: string, scenario: string, mode = "execute") => ({
    id,
    checkpoint: { scenario, mode, step: { title: "Confirm" } },
  });
  const openRuns = (...running: object[]) =>
    tool("open-runs.cjs", JSON.stringify({ running, ended: [] }));

  it.each([
    ["a recovery", run("one", "redis-failure")],
    ["a failback", run("one", "region-failback")],
    ["a drill", run("one", "key-vault-drill")],
    ["a restore", run("one", "blob-restore")],
    ["a run that has said nothing", { id: "one" }],
  ])("waits for %s", (_what, one) => {
    const { status, said } = openRuns(run("two", "blob-backup"), one);

    expect(status).toBe(1);
    expect(said).toContain("one is under way");
    expect(said).toContain("DEPLOY_DURING_RUNS=1");
  });

  it("goes on beside what is made again, and beside plans", () => {
    const routine = ["blob-backup", "application-insights-backup", "redis-proof", "backup-pruning"];
    const plan = run("plan", "region-outage", "plan");
    const { status, said } = openRuns(...routine.map((id) => run(id, id)), plan);

    expect(status).toBe(0);
    for (const id of routine) expect(said).toContain(`${id} is under way`);
  });

  it("takes no answer that it cannot read for an empty one", () => {
    expect(tool("open-runs.cjs", '{"title":"Unauthorized"}').status).not.toBe(0);
    expect(tool("open-runs.cjs", "").status).not.toBe(0);
  });

  it("is one of a version whose order of steps is kept", () => {
    const file = path.join(root, "test/histories/released.json");
    const isListed = (JSON.parse(readFileSync(file, "utf8")) as string[]).includes(currentVersion);
    const { status, said } = tool("check-released.cjs");

    expect(status).toBe(isListed ? 0 : 1);
    if (!isListed) expect(said).toContain("released.json: add it and commit");
  });
});

describe("azd", () => {
  const project = readFileSync(path.join(root, "azure.yaml"), "utf8");
  const [, name, service = ""] = /^services:\n {2}(\w+):\n((?: {4}.*\n)+)/m.exec(project) ?? [];

  it("finds the function app by its tag, in the group that is an output", () => {
    const [app] = ofType(madeBy("production"), "Microsoft.Web/sites");

    expect(app?.tags?.["azd-service-name"]).toBe(name);
    expect(templateTexts.get("main.bicep")).toMatch(
      /^output AZURE_RESOURCE_GROUP string = resourceGroup\.name$/m,
    );
  });

  it("deploys the package as it is, and makes it by a hook that azd deploy runs as well", () => {
    expect(service).toMatch(/^ {4}dist: dist\/package$/m);
    expect(service).toMatch(/^ {4}remoteBuild: false$/m);
    expect(service).toMatch(
      /^ {6}prepackage:\n(?: {8}.*\n)* {8}run: .*tools\/before-package\.sh$/m,
    );
  });
});

describe("the hooks", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hooks-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const command = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  const hook = (name: string, env: Record<string, string>) => {
    const PATH = `${folder}:${process.env["PATH"] ?? ""}`;
    const options = { cwd: root, encoding: "utf8" as const, env: { PATH, ...env } };
    const { status, stdout, stderr } = spawnSync("sh", [`tools/${name}.sh`], options);
    return { status, said: stdout + stderr };
  };
  const sample = "config/estate.sample.json";

  it.each([
    ["no estate", {}, "set ESTATE_FILE"],
    [
      "another estate than the app was given",
      { ESTATE_FILE: "config/a.json", SERVICE_ESTATE_FILE: "config/b.json" },
      "ESTATE_FILE is config/a.json, but the app was given estateFile config/b.json",
    ],
    ["a sample that nobody asked for", { SERVICE_ESTATE_FILE: sample }, "still names the sample"],
  ])("package not %s", (_, env, reason) => {
    command("npm", "exit 0");
    command("node", "exit 0");
    const { status, said } = hook("before-package", env);

    expect(status).toBe(1);
    expect(said).toContain(reason);
  });

  it.each([
    [
      "the estate that the app was given",
      { SERVICE_ESTATE_FILE: "config/b.json" },
      "config/b.json",
    ],
    ["the sample where it is named", { ESTATE_FILE: sample, SERVICE_ESTATE_FILE: sample }, sample],
  ])("package %s, and say so", (_, env, estate) => {
    command("npm", 'echo "npm $* of $ESTATE_FILE"');
    command("node", "exit 0");
    const { status, said } = hook("before-package", env);

    expect(status).toBe(0);
    expect(said).toContain(`packaging the estate ${estate}`);
    expect(said).toContain(`npm run package of ${estate}`);
  });

  const deployed = {
    SERVICE_RESOURCE_GROUP: "group",
    SERVICE_FUNCTION_APP: "app",
    SERVICE_ADDRESS: "https://service.invalid",
    AZURE_LOCATION: "westus",
    AZURE_SUBSCRIPTION_ID: "the-subscription",
    SERVICE_SIGN_IN_AUDIENCE: "api://operators",
    TMPDIR: folder,
  };
  const az = (token: string) => {
    command(
      "az",
      `echo "az $*" >&2\ncase "$*" in *get-access-token*) ${token};; *) echo value;; esac`,
    );
    command("curl", `cat ${folder}/tmp.* >&2\necho '{"environments":[]}'`);
    command("node", "exit 0");
  };

  it.each([
    ["after-deployment", 0, "az gets no token for api://operators"],
    ["before-deployment", 1, "set DEPLOY_DURING_RUNS=1"],
  ])("%s: where operators sign in and there is no token, it says so", (name, wanted, words) => {
    az("exit 1");
    const { status, said } = hook(name, deployed);

    expect(status).toBe(wanted);
    expect(said).toContain(words);
  });

  it.each(["after-deployment", "before-deployment"])(
    "%s brings token and key, and asks the subscription of the deployment",
    (name) => {
      az("echo a-token");
      const { status, said } = hook(name, deployed);
      const calls = said.split("\n").filter((line) => line.startsWith("az "));

      expect(status).toBe(0);
      expect(said).toContain("x-functions-key: value\nauthorization: Bearer a-token");
      for (const call of calls.filter((line) => !line.includes("get-access-token"))) {
        expect(call).toContain("--subscription the-subscription");
      }
    },
  );
});
