import { vaultAlert } from "../../local/stack/alert.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

// A run of several hundred steps, on a machine that others use as well.
jest.setTimeout(120_000);

describe("a key vault fails", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack();
  });
  afterAll(() => backup.stop());
  beforeEach(() => freshPeriod(backup));

  const production = (): Environment => productionOf(backup.stack);
  const vaults = () => production().keyVault;
  const nameOf = (id: string): string => parseResourceId(id)?.name ?? "";
  const break_ = (fault: string, resource: string, more: object = {}) =>
    backup.stack.simulator.fault({ name: fault, resource, ...more });

  /** Two minutes later Azure Monitor sends its alert; gives the run. */
  async function alerted(vault: string): Promise<string> {
    await backup.stack.simulator.advance(120);
    const alert = vaultAlert(vault, await backup.stack.simulator.now());
    const { run, reason } = await backup.service.postAlert(alert);
    if (run === undefined) throw new Error(`nothing was started: ${reason}`);
    return run;
  }
  const recover = async (vault = vaults().primary): Promise<RunRecord> =>
    ended(backup.stack, await alerted(vault), 60_000);
  async function failBack(mode: "execute" | "plan" = "execute"): Promise<RunRecord> {
    const wish = { resource: "key-vault", reason: "a test", mode };
    const { status, text, json } = await backup.post("failbacks", wish);
    if (status !== 202) throw new Error(`the failback was answered ${status}: ${text}`);
    return ended(backup.stack, (json as { id: string }).id, 60_000);
  }
  const valueIn = async (vault: string, secret: string): Promise<string | undefined> =>
    (await backup.azure.secrets.value(`https://${nameOf(vault)}.vault.azure.net/`, secret))?.value;

  it("comes back from soft deletion with its roles, and the app reads it", async () => {
    await break_("vault-deleted", vaults().primary);

    const record = await recover();

    expect(record.outcome).toBe("restored-with-findings");
    expect(record.withinRto).toEqual({ scenario: true, environment: true });
    expect(record.findings[0]).toContain("roles that others had");
    expect(await valueIn(vaults().primary, "jwt-signing-key")).toBeDefined();
  });

  it("is opened again only after approval, with the rules of the estate", async () => {
    await break_("vault-firewall", vaults().primary);
    const run = await alerted(vaults().primary);

    const { checkpoint } = await reached(
      backup.stack,
      run,
      (view) => view.checkpoint?.waitingFor === "approval",
    );
    const [asked] = checkpoint?.approvals ?? [];
    const answer = { nonce: asked?.nonce ?? "", decision: "approve", reason: "a test" };
    await backup.service.say(run, "approval", answer);
    const record = await ended(backup.stack, run, 60_000);

    expect(asked?.step).toBe("set-network");
    expect(record.outcome).toBe("restored");
    expect(record.steps.find(({ id }) => id === "set-network")?.detail).toContain("Deny");
  });

  it("stays closed where nobody approves", async () => {
    await break_("vault-firewall", vaults().primary);
    const run = await alerted(vaults().primary);

    await reached(backup.stack, run, (view) => view.checkpoint?.waitingFor === "approval");
    await backup.stack.simulator.advance(1_860);
    const record = await ended(backup.stack, run, 60_000);

    expect(record.outcome).toBe("needs-operator");
    expect(record.reason).toContain("not-approved");
  });

  it("gets the app's lost role again", async () => {
    const seed = seedFromEstate(backup.stack.estate) as {
      roleAssignments: { scope: string; roleDefinitionId: string }[];
    };
    const roleAssignments = seed.roleAssignments.filter(
      ({ scope, roleDefinitionId }) =>
        scope !== vaults().primary || !roleDefinitionId.startsWith("4633458b"),
    );
    await backup.stack.simulator.reset({ ...seed, roleAssignments });

    const record = await recover();

    expect(record.outcome).toBe("restored");
    expect(record.reason).toContain("the app has its role again");
    await backup.stack.simulator.reset(seed);
  });

  it("is waited for while the platform brings it back, and nothing is built anew", async () => {
    await break_("vault-unavailable", vaults().primary, { forSeconds: 600 });

    const record = await recover();

    expect(record.outcome).toBe("restored-with-findings");
    expect(record.steps.map(({ id }) => id)).toEqual([
      "confirm",
      "diagnose",
      "recheck",
      "check-region",
      "await-platform",
      "verify",
    ]);
    expect(record.steps.every(({ changed }) => changed !== true)).toBe(true);
  });

  it("is not needed where the app reads its vault", async () => {
    const record = await recover(vaults().secondary);

    expect(record.outcome).toBe("not-needed");
    expect(record.reason).toContain("which it does not use");
  });

  it("is planned without a change", async () => {
    const wish = { scenario: "key-vault-failure", reason: "a test", mode: "plan" };
    const { json } = await backup.post("recoveries", wish);
    const record = await ended(backup.stack, (json as { id: string }).id, 60_000);

    expect(record.outcome).toBe("planned");
    // The app has its roles at the standby already.
    expect(record.plan?.changes.map(({ step }) => step)).toEqual(["move-app"]);
  });

  it("is gone: the standby is used, fails too, and the app goes home; backups follow each time", async () => {
    const { primary, secondary = "" } = vaults();
    const backedUp = async (): Promise<string> => {
      await backup.stack.simulator.advance(1_800);
      const { steps } = await backup.backUp("key-vault");
      return steps.find(({ id }) => id === "find-active")?.detail ?? "";
    };
    await backup.backUp("key-vault");

    await break_("vault-purged", primary);
    const first = await recover();
    const onStandby = await backedUp();
    await break_("vault-deleted", secondary);
    const second = await recover(secondary);
    const tooEarly = await failBack();

    expect(first).toMatchObject({ outcome: "failed-over" });
    expect(onStandby).toContain("the secondary side");
    expect(second.outcome).toBe("restored-with-findings");
    expect(tooEarly.outcome).toBe("needs-operator");
    expect(tooEarly.reason).toContain("the original vault is gone");

    // A deployment makes the original again, empty; meanwhile a secret has changed.
    await backup.azure.keyVaults.startCreation(primary, {
      location: "eastus",
      sku: "standard",
      retentionDays: 90,
      network: undefined,
      tags: {},
    });
    const description = {
      contentType: undefined,
      enabled: true,
      notBeforeAt: undefined,
      expiresAt: undefined,
      tags: {},
    };
    const inUse = `https://${nameOf(secondary)}.vault.azure.net/`;
    await backup.azure.secrets.set(inUse, "jwt-signing-key", "newer", description);
    await backup.stack.simulator.advance(120);
    const plan = await failBack("plan");
    const home = await failBack();
    const onOriginal = await backedUp();

    expect(plan.outcome).toBe("planned");
    expect(home).toMatchObject({ kind: "failback", outcome: "failed-back", findings: [] });
    expect(await valueIn(primary, "jwt-signing-key")).toBe("newer");
    expect(onOriginal).toContain("the primary side");

    await break_("vault-purged", primary);
    const again = await recover();

    expect(again.outcome).toBe("failed-over");
    expect(await valueIn(secondary, "jwt-signing-key")).toBe("newer");
  }, 120_000);

  it("is gone without a standby: a new vault is made, filled, used and backed up", async () => {
    const { development } = backup.stack.estate.environments;
    const vault = development?.keyVault.primary ?? "";
    const body = { environment: "development", kinds: ["key-vault"], reason: "a test" };
    const { json } = await backup.post("backups", body);
    const [made] = (json as { backups: { id: string }[] }).backups;
    await ended(backup.stack, made?.id ?? "", 60_000);
    await break_("vault-purged", vault);

    const record = await recover(vault);

    expect(record).toMatchObject({ outcome: "failed-over" });
    expect(record.reason).toMatch(/ mcp-server-dev-kv-[0-9a-f]{6}$/);
    expect(record.nextSteps[0]).toContain("keyVault.secondary");
    const [, found = ""] = /^Enter (\S+) /.exec(record.nextSteps[0] ?? "") ?? [];
    expect(await backup.azure.keyVaults.vault(found)).toMatchObject({
      location: "westus",
      purgeProtection: true,
      rolesDecide: true,
      retentionDays: 90,
    });
    expect(await valueIn(found, "jwt-signing-key")).toBeDefined();

    await backup.stack.simulator.advance(12 * 3_600);
    const next = (await backup.post("backups", body)).json as { backups: { id: string }[] };
    const kept = await ended(backup.stack, next.backups[0]?.id ?? "", 60_000);
    expect(kept.steps[0]?.detail).toContain("which the estate does not name");
    expect(kept.outcome).toMatch(/^passed/);
  });
});
