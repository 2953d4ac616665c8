import { compareVaultsActivity } from "../../src/activities/compare-vaults.js";
import { compareVaults } from "../../src/activities/key-vault-failure.contract.js";
import { keyVaultBackupActivities } from "../../src/activities/key-vault-backup.js";
import { listSecrets } from "../../src/activities/key-vault-backup.contract.js";
import { backups } from "../../src/state/backups.js";
import { evidence } from "../../src/state/evidence.js";
import { asking } from "../support/activity-call.js";
import { MemoryContainer } from "../support/memory-container.js";
import { MemoryVaults } from "../support/memory-vaults.js";

const from = "https://kv-dr.vault.azure.net/";
const to = "https://kv.vault.azure.net/";
const early = "2026-11-22T10:00:00.000Z";
const late = "2026-11-22T12:00:00.000Z";

function world() {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const secrets = new MemoryVaults();
  const unused = undefined as never;
  const { ask, done } = asking([
    compareVaultsActivity(secrets, sets, { evidence: evidence(container) }),
    ...keyVaultBackupActivities(unused, unused, secrets, sets, unused),
  ]);
  const put = (vault: string, name: string, value: string, at: string, more: object = {}) => {
    secrets.put(vault, name, value, { createdAt: at, updatedAt: at, ...more });
  };
  const list = async () => (await done(listSecrets, { uri: from, set: "restores/run-1/" })).list;
  const textOf = async (reference: { blob: string } | undefined) =>
    (await container.read(reference?.blob ?? ""))?.text;
  return { ask, done, put, list, textOf };
}

describe("the comparison of two vaults", () => {
  it("tells what is the same, to be brought, newer there, and what cannot be brought", async () => {
    const { done, put, list, textOf } = world();
    put(from, "same", "a", late);
    put(to, "same", "a", early);
    put(from, "missing", "b", early);
    put(from, "changed", "new", late);
    put(to, "changed", "old", early);
    put(from, "older", "old", early);
    put(to, "older", "new", late);
    put(from, "off", "c", early, { enabled: false });
    put(from, "tls", "d", early, { managed: true });

    const compared = await done(compareVaults, { from, to, list: await list(), begin: 0, end: 9 });

    expect(compared).toMatchObject({ done: 6, toBring: 2, newerThere: ["older"] });
    expect(compared.left).toEqual([
      { name: "off", reason: "disabled" },
      { name: "tls", reason: "belongs to a certificate" },
    ]);
    expect(await textOf(compared.evidence?.[0])).toBe(
      [
        ...["missing: to be brought", "changed: to be brought", "older: newer there"],
        ...["off: disabled", "tls: belongs to a certificate"],
      ].join("\n"),
    );
  });

  it("goes by the dates where the other one is disabled, and its value is refused", async () => {
    const { done, put, list } = world();
    put(from, "newer-here", "a", late);
    put(to, "newer-here", "a", early, { enabled: false });
    put(from, "newer-there", "a", early);
    put(to, "newer-there", "b", late, { enabled: false });

    const compared = await done(compareVaults, { from, to, list: await list(), begin: 0, end: 2 });

    expect(compared).toMatchObject({ toBring: 1, newerThere: ["newer-there"] });
  });

  it("takes the stretch that it is given, and keeps no evidence where nothing differs", async () => {
    const { done, put, list } = world();
    for (const name of ["a", "b", "c"]) {
      put(from, name, name, early);
      if (name !== "c") put(to, name, name, early);
    }
    const wanted = { from, to, list: await list() };

    const first = await done(compareVaults, { ...wanted, begin: 0, end: 2 });
    const rest = await done(compareVaults, { ...wanted, begin: 2, end: 3 });

    expect([first.done, first.toBring, first.evidence]).toEqual([2, 0, []]);
    expect([rest.done, rest.toBring]).toEqual([1, 1]);
    expect(rest.evidence).toHaveLength(1);
  });

  it("fails for good where the list is gone", async () => {
    const { ask } = world();

    const answer = await ask(compareVaults, { from, to, list: "gone.jsonl", begin: 0, end: 1 });

    expect(answer).toMatchObject({ ok: false, failure: { code: "work-list-missing" } });
  });
});
