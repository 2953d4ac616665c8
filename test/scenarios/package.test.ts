import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { repository } from "../../local/stack/repository.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { recoverFrom } from "../support/recovery-run.js";

const folder = path.join(repository, "dist/package");

/** Makes what is deployed, as `npm run package` does, and says what its archive is. */
function packaged(): string {
  const made = path.join(repository, "tools/package.cjs");
  execFileSync(process.execPath, [made], { cwd: repository, encoding: "utf8" });
  const archive = readFileSync(path.join(repository, "dist/package.zip"));
  return createHash("sha256").update(archive).digest("hex");
}

describe("the package that is deployed", () => {
  let stack: Stack | undefined;
  afterAll(() => stack?.stop());

  it("has the same bytes each time, recovers the app on the host, and says what it is made of", async () => {
    expect(packaged()).toBe(packaged());

    stack = await startStack({ app: folder });
    const { record } = await recoverFrom(stack, "app-unhealthy", 40_000);

    expect(record.outcome).toBe("restored");
    const bill = JSON.parse(readFileSync(path.join(folder, "bill-of-materials.json"), "utf8")) as {
      bomFormat: string;
      components: readonly { name: string; version: string }[];
    };
    const { dependencies } = JSON.parse(
      readFileSync(path.join(repository, "package.json"), "utf8"),
    ) as { dependencies: Record<string, string> };
    const known = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    const missing = Object.entries(dependencies).filter(
      ([name, version]) => !known.has(`${name}@${version}`),
    );
    expect({ format: bill.bomFormat, missing }).toEqual({ format: "CycloneDX", missing: [] });
  }, 90_000);
});
