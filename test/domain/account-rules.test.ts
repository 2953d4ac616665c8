import fc from "fast-check";
import { accountConditionOf, accountWitnesses } from "../../src/domain/account-condition.js";
import { sameHost } from "../../src/domain/address.js";
import { recoveryAccountId, recoveryAccountName } from "../../src/domain/recovery-account.js";

describe("the condition of a storage account", () => {
  const well = { arm: "available", appUses: true, ownUse: "works" } as const;

  it.each([
    [well, "healthy"],
    [{ ...well, ownUse: undefined }, "healthy"],
    [{ ...well, appUses: undefined }, "healthy"],
    [{ ...well, arm: "gone" }, "gone"],
    [{ ...well, arm: "failing-over", appUses: false }, "failing-over"],
    [{ ...well, arm: "unavailable", appUses: false }, "unavailable"],
    [{ ...well, appUses: false, ownUse: "no-answer" }, "unavailable"],
    [{ ...well, appUses: false }, "unexplained"],
    [{ arm: undefined, appUses: undefined, ownUse: undefined }, "unexplained"],
  ] as const)("of %j is %s", (facts, condition) => {
    expect(accountConditionOf(facts)).toBe(condition);
  });

  it("has witnesses that say nothing where they could not look", () => {
    const facts = { arm: undefined, appUses: false, ownUse: undefined };
    const said = accountWitnesses(facts, { arm: "", own: "", app: "" }).map(({ says }) => says);

    expect(said).toEqual(["unknown", "unknown", "failed"]);
  });
});

describe("a storage account that a run makes", () => {
  it("has a name that Azure takes, whatever the old one's", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{3,24}$/),
        fc.stringMatching(/^[0-9a-f]{64}$/),
        (old, hash) => {
          expect(recoveryAccountName(old, hash)).toMatch(/^[a-z0-9]{3,24}$/);
        },
      ),
    );
  });

  it("lies beside the standby, else beside the original", () => {
    const at = (group: string) =>
      `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/old`;

    expect(recoveryAccountId({ primary: at("a"), secondary: at("b") }, "x")).toContain("/b/");
    expect(recoveryAccountId({ primary: at("a") }, "x")).toContain("/a/");
  });

  it("is known by its host, whatever follows", () => {
    expect(sameHost("https://A.blob.core.windows.net/", "https://a.blob.core.windows.net")).toBe(
      true,
    );
    expect(sameHost("https://a.blob.core.windows.net", "https://b.blob.core.windows.net")).toBe(
      false,
    );
  });
});
