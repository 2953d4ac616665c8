import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { currentVersion } from "../support/replay-driver.js";

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
