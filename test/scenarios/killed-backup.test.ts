import { backupAccount } from "../../local/stack/seed-from-estate.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended } from "../support/recovery-run.js";

/*
 * The host is killed after each write into the backup account and before it hears of it: the
 * simulator holds the answer of the n-th write until the host is gone.
 */
describe("a host that is killed while it backs up", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
  });
  afterAll(() => world.stop());

  it.each([
    ["key-vault", 4],
    ["blobs", 4],
    ["redis", 1],
  ] as const)(
    "leaves the old latest set of %s or the complete new one, and completes that afterwards",
    async (kind, count) => {
      const { stack } = world;
      const writes = { method: "PUT", pathPattern: `/(${kind}/|[a-z]+-backup-)` };
      const hold = (nth: number) =>
        stack.simulator.fault({
          name: "hold-answer",
          nth,
          resource: `/subscriptions/${subscriptionOf(world)}/resourceGroups/mcp-dr-service/providers/Microsoft.Storage/storageAccounts/${backupAccount}`,
          match: writes,
        });
      let killed = 0;
      for (let n = 1; ; n++) {
        await freshPeriod(world);
        await world.backUp(kind);
        const before = await world.latest(kind);
        await stack.simulator.advance(1_800);
        await hold(n);

        const run = await world.orderBackup(kind);
        const held = await heldOrEnded(world, run);
        if (held === undefined) break;
        await stack.killHost();
        const where = `after write ${n}, ${held.entry.path}`;
        const seen = await world.latest(kind);
        expect({ where, kind: seen?.kind }).toEqual({ where, kind: "usable" });
        const isNew = seen?.kind === "usable" && seen.manifest.run === run;
        if (!isNew) expect({ where, set: seen?.set }).toEqual({ where, set: before?.set });
        if (seen?.kind === "usable") {
          let items = 0;
          for await (const part of world.sets.items(seen.manifest)) items += part.length;
          expect({ where, items }).toEqual({ where, items: count });
        }
        await stack.simulator.removeFaults();
        await stack.startHost();
        const record = await ended(stack, run);
        const after = await world.latest(kind);
        expect({ where, outcome: record.outcome }).toEqual({ where, outcome: "passed" });
        expect(after).toMatchObject({ kind: "usable", manifest: { run } });
        killed = n;
      }
      // A work list, a part, a manifest and the pointer at least; copies besides in a full set.
      expect(killed).toBeGreaterThanOrEqual(4);
    },
    240_000,
  );
});

/** The write whose answer is held; undefined once the run has ended without so many writes. */
async function heldOrEnded({ stack, service }: BackupStack, run: string) {
  for (;;) {
    const [held] = await stack.simulator.held(500);
    if (held !== undefined) return held;
    if ((await service.run(run)).status === "ended") return undefined;
  }
}

const subscriptionOf = ({ stack }: BackupStack): string =>
  stack.estate.environments.development?.subscriptionId ?? "";
