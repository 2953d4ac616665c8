import { startStack, type Stack } from "../../local/stack/stack.js";
import { productionOf } from "../support/recovery-run.js";
import { BlobBackups } from "../support/blob-backups.js";

describe("blob backups, from the account to the manifest", () => {
  let stack: Stack;
  let blobs: BlobBackups;
  const log: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ onLog: (_from, line) => log.push(line) });
    blobs = await BlobBackups.on(stack);
  });
  afterAll(async () => {
    await blobs.ports.stop();
    await stack.stop();
  });
  beforeEach(() => stack.simulator.reset());

  it("copies every blob into a dated container and proves each copy", async () => {
    const record = await blobs.backUp();
    const { set, manifest } = await blobs.latest();

    expect(record).toMatchObject({ kind: "backup", outcome: "passed" });
    expect(manifest).toMatchObject({ count: 4, scope: "full", check: { level: "verified" } });
    expect(manifest.items.map(({ name }) => name)).toEqual([
      "branding/contoso/logo.svg",
      "branding/contoso/theme.css",
      "branding/fabrikam/logo.svg",
      "branding/tenants.json",
    ]);
    for (const item of manifest.items) {
      const name = item.name.slice("branding/".length);
      const folder = set.split("/").at(-2) ?? "";
      const day = folder.slice(0, 8);
      expect(item.blob).toBe(`branding-backup-${day}/${folder}/${name}`);
      expect(item.sha256).toMatch(/^md5:/);
      expect(await blobs.contentOf(item)).toBe((await blobs.branding.read(name))?.text);
    }
  });
});
