import fc from "fast-check";
import { recoveryVaultId, recoveryVaultName } from "../../src/domain/recovery-vault.js";
import { conditionOf, witnessesOf, type VaultFacts } from "../../src/domain/vault-condition.js";

const well: VaultFacts = {
  arm: "there",
  appReads: true,
  ownRead: "reads",
  appHasRole: true,
  closed: false,
  asWanted: true,
};
const ill = { ...well, appReads: false };

describe("what is wrong with a vault", () => {
  it.each<readonly [string, Partial<VaultFacts>, string]>([
    ["nothing", well, "healthy"],
    ["what keeps this service out alone", { ...well, ownRead: "firewall" }, "healthy"],
    ["soft deletion", { ...ill, arm: "soft-deleted" }, "soft-deleted"],
    ["its end", { ...ill, arm: "gone" }, "gone"],
    ["a role that is gone", { ...ill, appHasRole: false }, "role-missing"],
    ["a role before rules", { ...ill, appHasRole: false, closed: true }, "role-missing"],
    ["rules that nobody wants", { ...ill, closed: true, asWanted: false }, "firewall"],
    ["rules that nobody knows", { ...ill, closed: true, asWanted: undefined }, "firewall"],
    [
      "rules as they should be, and no answer",
      { ...ill, closed: true, ownRead: "no-answer" },
      "unavailable",
    ],
    [
      "rules that nobody knows, and no answer",
      { ...ill, closed: true, asWanted: undefined, ownRead: "no-answer" },
      "unavailable",
    ],
    [
      "rules that nobody wants, and no answer",
      { ...ill, closed: true, asWanted: false, ownRead: "no-answer" },
      "firewall",
    ],
    ["no answer", { ...ill, ownRead: "no-answer" }, "unavailable"],
    [
      "no answer, of an app that says nothing",
      { ...ill, appReads: undefined, ownRead: "no-answer" },
      "unavailable",
    ],
    ["nothing, of an app that says nothing", { ...well, appReads: undefined }, "healthy"],
    ["nothing that can be seen", ill, "unexplained"],
    [
      "nothing that can be seen from here",
      { ...ill, appReads: undefined, ownRead: "role" },
      "unexplained",
    ],
  ])("is %s", (_what, facts, condition) => {
    expect(conditionOf({ ...well, ...facts })).toBe(condition);
  });

  it("is told by three witnesses, each for itself", () => {
    const says = (facts: Partial<VaultFacts>) =>
      witnessesOf({ ...well, ...facts }, {}).map((source) => source.says);

    expect(says({})).toEqual(["well", "well", "well"]);
    expect(says({ arm: "gone", ownRead: undefined, appReads: false })).toEqual([
      "failed",
      "unknown",
      "failed",
    ]);
    expect(says({ closed: true, asWanted: false, ownRead: "firewall" })).toEqual([
      "failed",
      "failed",
      "well",
    ]);
    expect(says({ arm: undefined, appReads: undefined, ownRead: "no-answer" })).toEqual([
      "unknown",
      "failed",
      "unknown",
    ]);
  });
});

describe("the name of a new vault", () => {
  it("is one that Azure takes, whatever the old one was", () => {
    const letters = fc
      .stringMatching(/^[a-z](-?[a-z0-9]){2,22}$/)
      .filter((name) => name.length <= 24);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[0-9a-f]{64}$/), (old, hash) => {
        const name = recoveryVaultName(old, hash);

        expect(name).toMatch(/^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/);
        expect(name).toBe(recoveryVaultName(old, hash));
      }),
    );
  });

  it("lies beside the standby, else beside the original", () => {
    const id = (group: string) =>
      `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/kv`;

    expect(recoveryVaultId({ primary: id("a"), secondary: id("b") }, "new")).toContain("/b/");
    expect(recoveryVaultId({ primary: id("a") }, "new")).toContain("/a/");
  });
});
