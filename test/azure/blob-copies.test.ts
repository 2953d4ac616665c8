import { accountId, host, storageSeed } from "../simulator/storage-seed.js";
import type { AzurePorts } from "../support/azure-ports.js";
import type { BlobView } from "../../src/azure/blob-copies.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const branding = { endpoint: host("mcpstorage"), container: "branding" };
const logo = { ...branding, name: "logo.svg" };
const copyOf = (name: string) => ({ endpoint: host("mcpbackup"), container: "copies", name });
const large = `${"0123456789".repeat(120)}.`;
const seed = {
  ...storageSeed,
  storageAccounts: storageSeed.storageAccounts.map((account) =>
    account.id === accountId("mcpstorage")
      ? {
          ...account,
          blobs: [...(account.blobs ?? []), { container: "branding", name: "large", text: large }],
        }
      : account,
  ),
};

beforeAll(async () => {
  azure = await simulatedAzure(seed);
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.control.reset(seed);
  await ports.blobCopies.ensureContainer(copyOf(""));
});

const seen = async (place: typeof logo): Promise<BlobView> => {
  const view = await ports.blobCopies.properties(place);
  if (view === undefined) throw new Error(`there is no ${place.name}`);
  return view;
};
const order = async (place: typeof logo, to = copyOf(place.name)) => ({
  from: { ...place, ...(await seen(place)) },
  to,
  over: "nothing" as const,
});

describe("blob copies", () => {
  it("lists a container page by page in the order of names", async () => {
    const first = await ports.blobCopies.page(branding, undefined, 2);
    const second = await ports.blobCopies.page(branding, first?.next, 2);

    expect(first?.blobs.map(({ name }) => name)).toEqual(["img/a.png", "large"]);
    expect(second?.blobs).toEqual([await seen(logo)]);
    expect(second?.blobs[0]).toMatchObject({
      etag: expect.stringMatching(/^".+"$/) as string,
      bytes: 6,
      md5: expect.stringMatching(/==$/) as string,
      contentType: "image/svg+xml",
      isBlockBlob: true,
      hasTags: false,
    });
    expect(second?.next).toBeUndefined();
  });

  it("knows no page of a container that is not there, and no properties of a blob that is not", async () => {
    const nowhere = { ...branding, container: "nowhere" };

    expect(await ports.blobCopies.page(nowhere)).toBeUndefined();
    expect(await ports.blobCopies.properties({ ...nowhere, name: "x" })).toBeUndefined();
    expect(await ports.blobCopies.properties({ ...branding, name: "x" })).toBeUndefined();
  });

  it("copies a blob with its properties to another account", async () => {
    const source = await seen(logo);
    const answer = await ports.blobCopies.copy(await order(logo, copyOf("at/logo.svg")));
    const copy = await seen(copyOf("at/logo.svg"));

    expect(answer).toEqual({ kind: "copied", etag: copy.etag });
    expect(copy).toMatchObject({ md5: source.md5, bytes: 6, contentType: "image/svg+xml" });
    expect(await ports.blobCopies.hash(copyOf("at/logo.svg"), copy.etag)).toMatchObject({
      md5: source.md5,
      bytes: 6,
    });
  });

  it("copies a blob whatever its name is", async () => {
    const odd = { ...branding, name: "größe/100% a+b?c#d&e.svg" };
    await ports.anyBlob.write(odd, "<svg/>");
    const listed = (await ports.blobCopies.page(branding))?.blobs.map(({ name }) => name);

    expect(listed).toContain(odd.name);
    expect(await ports.blobCopies.copy(await order(odd))).toMatchObject({ kind: "copied" });
    expect(await ports.anyBlob.text(copyOf(odd.name))).toBe("<svg/>");
    await ports.blobCopies.remove(odd);
    expect(await ports.blobCopies.properties(odd)).toBeUndefined();
  });

  it("refuses what is not as it was seen, each in its own words", async () => {
    const wanted = await order(logo);
    const why = async (more: Partial<typeof wanted.from>, over: object = {}) => {
      const answer = await ports.blobCopies.copy({
        ...wanted,
        from: { ...wanted.from, ...more },
        ...over,
      });
      return answer.kind === "refused" ? answer.why : answer.kind;
    };

    expect(await why({ etag: '"0x1"' })).toBe("source-changed");
    // Azure may hold a condition against a blob that is not there, or say that it is not there.
    expect(await why({ name: "gone.svg" })).toMatch(/^source-(gone|changed)$/);
    expect(await why({ md5: "XUFAKrxLKna5cZ2REBfFkg==" })).toBe("content-differs");
    expect(await why({})).toBe("copied");
    expect(await why({})).toBe("target-changed");
    expect(await why({}, { over: { etag: '"0x1"' } })).toBe("target-changed");
    expect(await why({}, { over: "anything" })).toBe("copied");
  });

  it("has the service copy what is large, and tells by the copy's id when it is done", async () => {
    const place = { ...branding, name: "large" };
    const answer = await ports.smallCopies.copy(await order(place));
    const underWay = await seen(copyOf("large"));
    await azure.control.advance(60);
    const done = await seen(copyOf("large"));

    expect(answer).toEqual({ kind: "pending", copyId: underWay.copy?.id });
    expect([underWay.copy?.status, done.copy?.status]).toEqual(["pending", "success"]);
    const [of, at] = await Promise.all([
      ports.smallCopies.hash(place, (await seen(place)).etag),
      ports.smallCopies.hash(copyOf("large"), done.etag),
    ]);
    expect(at).toEqual(of);
    expect(at?.bytes).toBe(large.length);
  });

  it("reads only the version that was seen", async () => {
    expect(await ports.blobCopies.hash(logo, '"0x1"')).toBeUndefined();
    expect(await ports.blobCopies.hash({ ...branding, name: "x" }, '"0x1"')).toBeUndefined();
  });

  it("makes a container once, and removes a blob however often it is asked", async () => {
    await ports.blobCopies.copy(await order(logo));
    await ports.blobCopies.remove(copyOf("logo.svg"));
    await ports.blobCopies.remove(copyOf("logo.svg"));

    expect(await ports.blobCopies.ensureContainer(copyOf(""))).toBe(false);
    expect(await ports.blobCopies.properties(copyOf("logo.svg"))).toBeUndefined();
  });

  it("is refused where the service has no role at the source", async () => {
    const wanted = await order(logo);
    await azure.control.fault({ name: "role-missing", resource: accountId("mcpstorage") });

    await expect(ports.blobCopies.copy(wanted)).rejects.toMatchObject({
      failure: { class: expect.stringMatching(/terminal|permission-lag/) as string },
    });
    expect(await ports.blobCopies.properties(copyOf("logo.svg"))).toBeUndefined();
  });
});
