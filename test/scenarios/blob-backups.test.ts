import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { RunRecord } from "../../src/domain/run-record.js";
import { BlobBackups, endpointOf } from "../support/blob-backups.js";
import { ended, productionOf } from "../support/recovery-run.js";

describe("blob backups and restores, from account to account", () => {
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

    expect(RunRecord.parse(record)).toMatchObject({ kind: "backup", outcome: "passed" });
    expect(manifest).toMatchObject({ count: 4, scope: "full", check: { level: "verified" } });
    expect(manifest.items.map(({ name }) => name)).toEqual([
      "branding/contoso/logo.svg",
      "branding/contoso/theme.css",
      "branding/fabrikam/logo.svg",
      "branding/tenants.json",
    ]);
    const folder = set.split("/").at(-2) ?? "";
    const place = `branding-backup-${folder.slice(0, 8)}/${folder}/`;
    expect(manifest.copies).toEqual([place]);
    for (const item of manifest.items) {
      const name = item.name.slice("branding/".length);
      expect(item.blob).toBe(`${place}${name}`);
      expect(item.sha256).toMatch(/^md5:/);
      expect(await blobs.contentOf(item)).toBe(await blobs.brandingText(name));
    }
    const [logo] = manifest.items;
    expect(await blobs.copyOf(logo!)).toMatchObject({ contentType: "image/svg+xml" });
  });

  it("is started, shown and restored from over HTTP", async () => {
    const service = new ServiceClient(stack.host, { "x-operator": "olga" });
    const order = async (path: string, body: object) => {
      const wanted = JSON.stringify({ environment: "production", reason: "a test", ...body });
      const { status, json } = await service.call("POST", `/api/${path}`, wanted);
      expect(status).toBe(202);
      return json;
    };
    await stack.simulator.advance(24 * 3_600);
    const started = (await order("backups", { kinds: ["blobs"] })) as { backups: { id: string }[] };
    const backup = await ended(stack, started.backups[0]?.id ?? "");
    await blobs.branding.remove("contoso/logo.svg");
    const restoring = await order("restores", {
      kind: "blobs",
      from: "latest",
      items: ["branding/contoso/*"],
    });
    const restore = await ended(stack, (restoring as { id: string }).id);
    const { json } = await service.call("GET", "/api/backups?environment=production");
    const shown = (json as { backups: { kind: string }[] }).backups;

    expect(backup.outcome).toBe("passed");
    expect(restore.reason).toBe("1 of 2 wanted blobs brought back and verified, 1 were the same");
    expect(shown.find(({ kind }) => kind === "blobs")).toMatchObject({
      status: "protected",
      newest: { count: 4 },
    });
  });

  it("turns on what keeps deleted blobs, once, and says what redundancy lacks", async () => {
    const protectedAt = (record: RunRecord) => record.steps.find(({ id }) => id === "protect");
    const [first, second] = [await blobs.backUp(), await blobs.backUp()];

    expect(protectedAt(first)).toMatchObject({ changed: true });
    expect(protectedAt(second)).toMatchObject({ changed: false });
    expect(await blobs.ports.storageAccounts.dataProtection(blobs.source)).toEqual({
      versioning: true,
      blobRetentionDays: 90,
      containerRetentionDays: 90,
    });
  });

  it("copies only what has changed since the last set, and a copy again that is gone", async () => {
    await blobs.backUp();
    const full = await blobs.latest();
    await stack.simulator.advance(3_600);
    await blobs.branding.put("contoso/theme.css", ":root { --accent: red; }");
    await blobs.removeCopy(full.manifest.items[2]!);
    const record = await blobs.backUp({ scope: "interval" });
    const { set, manifest } = await blobs.latest();

    expect(record.outcome).toBe("passed");
    expect(record.reason).toContain("2 of them unchanged");
    expect(manifest).toMatchObject({
      count: 4,
      scope: "interval",
      references: [folderOf(full.set)],
    });
    const inThisSet = manifest.items.filter(({ blob }) => blob.includes(folderOf(set)));
    expect(inThisSet.map(({ name }) => name)).toEqual([
      "branding/contoso/theme.css",
      "branding/fabrikam/logo.svg",
    ]);
    expect(await blobs.contentOf(inThisSet[0]!)).toBe(":root { --accent: red; }");
  });

  it("catches a blob that changes while it is copied", async () => {
    await stack.simulator.fault({
      name: "blob-changes-during-copy",
      match: { pathPattern: "contoso/theme.css" },
      nth: 1,
    });
    const record = await blobs.backUp();
    const { manifest } = await blobs.latest();

    expect(record.outcome).toBe("passed");
    const item = manifest.items.find(({ name }) => name === "branding/contoso/theme.css");
    const source = await blobs.ports.blobCopies.properties(blobs.at("contoso/theme.css"));
    expect(item?.sourceVersion).toBe(source?.etag);
    expect(await blobs.contentOf(item!)).toBe(await blobs.brandingText("contoso/theme.css"));
  });

  it("names a blob that never holds still, and backs up the others", async () => {
    await stack.simulator.fault({
      name: "blob-changes-during-copy",
      match: { pathPattern: "contoso/theme.css" },
    });
    const record = await blobs.backUp();
    const { manifest } = await blobs.latest();

    expect(record.outcome).toBe("passed-with-findings");
    expect(manifest.count).toBe(3);
    expect(manifest.skipped).toEqual([
      {
        name: "branding/contoso/theme.css",
        reason: "it changed again and again while it was copied",
      },
    ]);
  });

  it("leaves the pointer alone where nothing is left to be backed up", async () => {
    await blobs.backUp();
    const before = await blobs.latest();
    for (const { name } of before.manifest.items) {
      await blobs.branding.remove(name.slice("branding/".length));
    }
    const record = await blobs.backUp();

    expect(record.outcome).toBe("failed");
    expect(record.reason).toContain("no blob to be backed up");
    expect((await blobs.latest()).set).toBe(before.set);
  });

  it("goes on after the host is killed in the middle, and ends with one complete set", async () => {
    await stack.simulator.fault({
      name: "hold-answer",
      match: { pathPattern: "tenants.json" },
      nth: 1,
    });
    const run = await blobs.start();
    expect(await stack.simulator.held(20_000)).toHaveLength(1);
    await stack.killHost();
    await stack.startHost();
    const record = await ended(stack, run, 60_000);
    const { set, manifest } = await blobs.latest();

    expect(record.outcome).toBe("passed");
    expect(set).toContain(run);
    expect(manifest.count).toBe(4);
    for (const item of manifest.items) {
      expect(await blobs.contentOf(item)).toBe(await blobs.brandingText(blobs.pathOf(item)));
    }
  });

  it("brings back what is missing and what is wrong, and leaves the rest alone", async () => {
    await blobs.backUp();
    const { set, manifest } = await blobs.latest();
    const texts = await blobs.texts(manifest);
    await stack.simulator.advance(60);
    await blobs.branding.remove("contoso/logo.svg");
    await blobs.branding.put("contoso/theme.css", "body { display: none; }");
    await blobs.branding.put("new.json", "{}");

    const first = await blobs.restore({ set, items: ["branding/*"] });
    expect(first).toMatchObject({ kind: "restore", outcome: "passed-with-findings" });
    expect(first.reason).toBe(
      "1 of 4 wanted blobs brought back and verified, 2 were the same, 1 left as they are",
    );
    expect(first.findings).toEqual([
      "branding/contoso/theme.css was left as it is: newer than the copy",
    ]);
    expect(await blobs.brandingText("contoso/theme.css")).toBe("body { display: none; }");

    const { approval } = productionOf(stack);
    const estate = { ...productionOf(stack), approval: { ...approval, secondPerson: false } };
    const second = await blobs.restore({ set, items: ["branding/*"], overwrite: true, estate });
    expect(second).toMatchObject({ outcome: "passed" });
    expect(await blobs.texts(manifest)).toEqual(texts);
    expect(await blobs.brandingText("new.json")).toBe("{}");
    expect(await blobs.resultsOf(second.id)).toEqual([
      { name: "branding/contoso/logo.svg", result: "same" },
      { name: "branding/contoso/theme.css", result: "restored" },
      { name: "branding/fabrikam/logo.svg", result: "same" },
      { name: "branding/tenants.json", result: "same" },
    ]);
  });

  it("restores one blob into another account, and makes its container there", async () => {
    await blobs.backUp();
    const { set } = await blobs.latest();
    const { secondary } = productionOf(stack).storage;
    const place = { endpoint: endpointOf(secondary!), container: "branding", name: "tenants.json" };
    const record = await blobs.restore({
      set,
      items: ["branding/tenants.json"],
      resource: secondary!,
    });

    expect(record.outcome).toBe("passed");
    expect(await blobs.text(place)).toBe(await blobs.brandingText("tenants.json"));
    expect(await blobs.text({ ...place, name: "contoso/logo.svg" })).toBeUndefined();
  });

  it("plans a restore without changing anything", async () => {
    await blobs.backUp();
    const { set } = await blobs.latest();
    await blobs.branding.remove("contoso/logo.svg");
    const since = (await stack.simulator.log()).at(-1)?.n ?? 0;
    const record = await blobs.restore({ set, mode: "plan" });

    expect(record).toMatchObject({
      outcome: "planned",
      plan: {
        changes: [{ step: "restore", detail: expect.stringContaining("1 missing") as string }],
      },
    });
    const changed = (await stack.simulator.log(since, true)).filter(
      ({ host }) => !host.startsWith("mcpdrstate"),
    );
    expect(changed).toEqual([]);
    expect(await blobs.brandingText("contoso/logo.svg")).toBeUndefined();
  });

  it("names a copy that was damaged, and brings back the others", async () => {
    await blobs.backUp();
    const { set, manifest } = await blobs.latest();
    const [logo, theme] = manifest.items;
    await blobs.damageCopy(logo!);
    for (const item of [logo!, theme!]) await blobs.branding.remove(blobs.pathOf(item));
    const record = await blobs.restore({ set });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      `${logo!.name}: its copy is damaged: its hash is not the set's`,
    ]);
    expect(await blobs.brandingText(blobs.pathOf(logo!))).toBeUndefined();
    expect(await blobs.brandingText(blobs.pathOf(theme!))).toBe(await blobs.contentOf(theme!));
  });

  it("refuses a set that is another environment's, and a name that the set has not", async () => {
    await blobs.backUp();
    const { set } = await blobs.latest();
    const foreign = await blobs.restore({ set, source: `${blobs.source}x` });
    const unknown = await blobs.restore({ set, items: ["branding/nothing.svg"] });

    expect(foreign).toMatchObject({ outcome: "failed" });
    expect(foreign.reason).toContain("backup-foreign");
    expect(unknown).toMatchObject({ outcome: "failed" });
    expect(unknown.reason).toContain("the set holds no branding/nothing.svg");
  });
});

const folderOf = (set: string): string => set.split("/").at(-2) ?? "";
