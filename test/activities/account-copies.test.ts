import { accountCopyActivities } from "../../src/activities/account-copies.js";
import { bringBlobs, compareAccounts } from "../../src/activities/storage-failure.contract.js";
import { instantOf } from "../../src/domain/instant.js";
import { stateStore } from "../../src/state/state-store.js";
import { asking } from "../support/activity-call.js";
import { MemoryBlobs } from "../support/memory-blobs.js";
import { MemoryContainer } from "../support/memory-container.js";

const from = "https://other.blob.core.windows.net";
const to = "https://home.blob.core.windows.net";
const container = "branding";
const between = { from, to, container };
const lease = "/accounts/home";
const bringing = { ...between, lease };
const [early, late] = ["2026-11-22T10:00:00.000Z", "2026-11-22T12:00:00.000Z"];
const copied = { copy: { id: "1", status: "success" as const, why: undefined } };

function world() {
  const blobs = new MemoryBlobs();
  const store = stateStore(new MemoryContainer());
  const activities = asking(accountCopyActivities({ copies: blobs, store }));
  const take = (run: string) =>
    store.leases.claim(
      { resource: lease, run, scenario: "storage-failure" },
      instantOf(new Date()),
    );
  const ask: typeof activities.ask = async (contract, input, caller) => {
    await take("run-1");
    const leases = [{ resource: lease, fencing: 1 }];
    return activities.ask(contract, input, { leases, ...caller });
  };
  const done: typeof activities.done = async (contract, input) => {
    const answer = await ask(contract, input);
    if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
    return answer.value;
  };
  const put = (endpoint: string, name: string, text: string, more: object = {}) => {
    blobs.put({ endpoint, container, name }, text, more);
  };
  const textIn = (endpoint: string, name: string) => blobs.text({ endpoint, container, name });
  return { blobs, take, ask, done, put, textIn };
}

describe("blobs between two accounts", () => {
  it("tells what is the same, missing, older, newer there, and only a copy here", async () => {
    const { done, put } = world();
    put(from, "same", "a");
    put(to, "same", "a");
    put(from, "missing", "b");
    put(from, "older-there", "new", { modifiedAt: late });
    put(to, "older-there", "old", { modifiedAt: early });
    put(from, "newer-there", "old", { modifiedAt: early });
    put(to, "newer-there", "new", { modifiedAt: late });
    put(from, "a-copy", "of the backup", { modifiedAt: late, ...copied });
    put(to, "a-copy", "what was lost", { modifiedAt: early });

    const compared = await done(compareAccounts, between);

    expect(compared).toMatchObject({
      ...{ done: 5, toBring: 2, olderCopies: 1 },
      missing: ["branding/missing"],
      newerHere: ["branding/older-there"],
      newerThere: ["branding/newer-there"],
      keptThere: ["branding/a-copy"],
    });
    expect(compared.token).toBeUndefined();
  });

  it("brings what is missing or older, and writes over nothing else", async () => {
    const { done, put, textIn } = world();
    put(from, "missing", "b");
    put(from, "older-there", "new", { modifiedAt: late });
    put(to, "older-there", "old", { modifiedAt: early });
    put(from, "newer-there", "old", { modifiedAt: early });
    put(to, "newer-there", "new", { modifiedAt: late });
    put(from, "a-copy", "of the backup", { modifiedAt: late, ...copied });
    put(to, "a-copy", "what was lost", { modifiedAt: early });

    const brought = await done(bringBlobs, bringing);
    const again = await done(bringBlobs, bringing);

    expect(brought).toMatchObject({ changed: true, brought: 2, waiting: 0, failed: [] });
    expect(again).toMatchObject({ changed: false, brought: 0 });
    expect(["missing", "older-there", "newer-there", "a-copy"].map((n) => textIn(to, n))).toEqual([
      ...["b", "new", "new", "what was lost"],
    ]);
  });

  it("takes blobs of one size for the same by content alone where no MD5 is stored", async () => {
    const { done, put } = world();
    const none = { md5: undefined };
    put(from, "same", "aa", none);
    put(to, "same", "aa", none);
    put(to, "other", "bb", { ...none, modifiedAt: early });
    put(from, "other", "cc", { ...none, modifiedAt: late });

    expect(await done(compareAccounts, between)).toMatchObject({
      ...{ toBring: 1, newerHere: ["branding/other"] },
    });
  });

  it("makes the container, and has nothing to do where the source has none", async () => {
    const { blobs, done, put, textIn } = world();
    put(from, "logo.svg", "a logo");

    await done(bringBlobs, bringing);
    const nothing = await done(bringBlobs, { ...bringing, container: "other" });

    expect(textIn(to, "logo.svg")).toBe("a logo");
    expect(nothing).toMatchObject({ changed: false, done: 0, brought: 0 });
    expect(await blobs.page({ endpoint: to, container: "other" })).toBeUndefined();
  });

  it("goes on where a stretch ended", async () => {
    const { blobs, done, put } = world();
    blobs.pageSize = 2;
    for (const name of ["a", "b", "c"]) put(from, name, name);

    const first = await done(bringBlobs, bringing);
    const rest = await done(bringBlobs, { ...bringing, token: first.token });

    expect([first.done, first.brought, rest.done, rest.brought]).toEqual([2, 2, 1, 1]);
    expect([first.token, rest.token]).toEqual(["2", undefined]);
  });

  it("brings nothing into an account that another run holds, nor without its lease", async () => {
    const { take, ask, put, textIn } = world();
    put(from, "logo.svg", "a logo");
    await take("run-2");

    const held = await ask(bringBlobs, bringing);
    const none = await ask(bringBlobs, bringing, { leases: [] });

    for (const answer of [held, none]) {
      expect(answer).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    }
    expect(textIn(to, "logo.svg")).toBeUndefined();
  });

  it("changes nothing in a plan", async () => {
    const { ask, put, textIn } = world();
    put(from, "logo.svg", "a logo");

    const plan = await ask(bringBlobs, bringing, { mode: "plan" });

    expect(plan).toMatchObject({ ok: true, value: { changed: true, brought: 0 } });
    expect(textIn(to, "logo.svg")).toBeUndefined();
  });

  describe("of what is newer than a set", () => {
    const topUp = { ...bringing, newerThan: "2026-11-22T11:00:00.000Z" };

    it("leaves what the set has, and replaces what the set has brought, whenever it did", async () => {
      const { done, put, textIn } = world();
      put(from, "in-the-set", "old", { modifiedAt: early });
      put(from, "written-since", "newest", { modifiedAt: late });
      put(to, "written-since", "of the set", { modifiedAt: "2026-11-22T14:00:00.000Z", ...copied });

      const brought = await done(bringBlobs, topUp);

      expect(brought).toMatchObject({ done: 2, brought: 1 });
      expect(textIn(to, "in-the-set")).toBeUndefined();
      expect(textIn(to, "written-since")).toBe("newest");
    });

    it("brings over what is itself a copy there", async () => {
      const { done, put, textIn } = world();
      put(from, "restored", "by a person", { modifiedAt: late, ...copied });
      put(to, "restored", "of the set", { modifiedAt: early, ...copied });

      await done(bringBlobs, topUp);

      expect(textIn(to, "restored")).toBe("by a person");
    });

    it("never writes over what was written at the target itself, and later", async () => {
      const { done, put, textIn } = world();
      put(from, "both", "here", { modifiedAt: late });
      put(to, "both", "there", { modifiedAt: "2026-11-22T14:00:00.000Z" });

      const brought = await done(bringBlobs, topUp);

      expect(brought).toMatchObject({ brought: 0, newerThere: ["branding/both"] });
      expect(textIn(to, "both")).toBe("there");
    });
  });

  describe("of which some are large", () => {
    const large = "x".repeat(2_000);

    it("says that they are under way until the service has copied them", async () => {
      const { blobs, done, put, textIn } = world();
      put(from, "film.mp4", large, { md5: undefined });

      const begun = await done(bringBlobs, bringing);
      const meanwhile = await done(bringBlobs, bringing);
      const seen = await done(compareAccounts, between);
      blobs.finishCopies();
      const after = await done(bringBlobs, bringing);

      expect(begun).toMatchObject({ changed: true, brought: 0, waiting: 1, failed: [] });
      expect(meanwhile).toMatchObject({ changed: false, waiting: 1 });
      expect(seen.toBring).toBe(1);
      expect(after).toMatchObject({ changed: false, brought: 0, waiting: 0 });
      expect(blobs.copied).toHaveLength(1);
      expect(textIn(to, "film.mp4")).toBe(large);
    });

    it("begins again what the service could not copy", async () => {
      const { blobs, done, put } = world();
      put(from, "film.mp4", large, { md5: undefined });

      await done(bringBlobs, bringing);
      blobs.finishCopies("failed");
      const again = await done(bringBlobs, bringing);

      expect(again).toMatchObject({ waiting: 1, failed: [] });
      expect(blobs.copied).toHaveLength(2);
    });

    it("brings again what was written since it was copied", async () => {
      const { blobs, done, put } = world();
      put(from, "film.mp4", large, { md5: undefined });
      await done(bringBlobs, bringing);
      blobs.finishCopies();
      put(from, "film.mp4", large.replace("x", "y"), { md5: undefined });

      expect(await done(compareAccounts, between)).toMatchObject({ toBring: 1 });
    });

    it("names one that somebody else writes to before its copy begins", async () => {
      const { blobs, done, put, textIn } = world();
      put(from, "film.mp4", large, { md5: undefined });
      blobs.beforeCopy = () => {
        put(to, "film.mp4", "of somebody else");
      };

      const brought = await done(bringBlobs, bringing);

      expect(brought.failed).toEqual([
        { name: "branding/film.mp4", reason: "it was written to at the target meanwhile" },
      ]);
      expect(textIn(to, "film.mp4")).toBe("of somebody else");
    });
  });

  it("copies a source that changes meanwhile as it is then", async () => {
    const { blobs, done, put, textIn } = world();
    put(from, "logo.svg", "first");
    let turns = 0;
    blobs.beforeCopy = () => {
      if (++turns === 1) put(from, "logo.svg", "second");
    };

    expect(await done(bringBlobs, bringing)).toMatchObject({ brought: 1, failed: [] });
    expect(textIn(to, "logo.svg")).toBe("second");
  });

  it("leaves a target that changes meanwhile, unless it is what was to be brought", async () => {
    const { blobs, done, put, textIn } = world();
    put(from, "logo.svg", "ours");
    put(from, "other.svg", "the same");
    blobs.beforeCopy = ({ to: { name } }) => {
      put(to, name, name === "logo.svg" ? "theirs" : "the same");
    };

    const brought = await done(bringBlobs, bringing);

    expect(brought).toMatchObject({
      brought: 1,
      failed: [{ name: "branding/logo.svg", reason: "it was written to at the target meanwhile" }],
    });
    expect(textIn(to, "logo.svg")).toBe("theirs");
  });

  it("names what is archived, what was deleted, and what is not what its MD5 says", async () => {
    const { blobs, done, put } = world();
    put(from, "archived", "a", { archived: true });
    put(from, "damaged", "b", { md5: "AAAAAAAAAAAAAAAAAAAAAA==" });
    put(from, "deleted", "c");
    blobs.beforeCopy = ({ from: source }) => {
      if (source.name === "deleted") void blobs.remove(source);
    };

    const { failed, brought } = await done(bringBlobs, bringing);

    expect(brought).toBe(0);
    expect(Object.fromEntries(failed.map(({ name, reason }) => [name, reason]))).toEqual({
      "branding/archived": "it is archived; rehydrate it first",
      "branding/damaged": "it is not what its MD5 says",
      "branding/deleted": "it was deleted before it could be copied",
    });
  });
});
