import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { minutes } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { withRedis } from "../simulator/caches.js";
import { everyBlob } from "../support/every-blob.js";
import { productionOf, recoverFrom } from "../support/recovery-run.js";
import { ServiceClient } from "../../local/stack/service-client.js";

interface Seed {
  readonly storageAccounts: readonly { blobs?: readonly { name: string }[] }[];
  readonly redisCaches: readonly object[];
}

describe("the checklist after a recovery", () => {
  let stack: Stack;
  const log: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ onLog: (_from, line) => log.push(line) });
  });
  afterAll(() => stack.stop());

  const statuses = ({ checklist }: RunRecord) =>
    Object.fromEntries(checklist.map(({ item, status }) => [item, status]));
  const proofOf = ({ checklist }: RunRecord, item: string) =>
    checklist.find((result) => result.item === item)?.proof[0];

  withRedis(
    "passes where everything that the app uses is there",
    async () => {
      const { record } = await recoverFrom(stack, "app-unhealthy", 60_000);

      expect(new Set(Object.values(statuses(record)))).toEqual(new Set(["passed"]));
      expect(record).toMatchObject({ outcome: "restored", nextSteps: [] });
      expect(proofOf(record, "tenant-authentication")).toMatchObject({ status: 200 });
      expect(proofOf(record, "rate-limiting")?.value).toBe(
        "15 requests: 10 answered 200, 5 answered 429",
      );
      expect(proofOf(record, "cost-tracking")?.value).toBe("Records = 1");
      // People were told, and the clock had stopped, before it began.
      expect(elapsed(record.restoredAt ?? "", record.endedAt)).toBeGreaterThan(minutes(1));
      expect(record.notifications.map(({ kind }) => kind)).toEqual([
        "started",
        "restored",
        "ended",
      ]);

      const markdown = await new ServiceClient(stack.host).report(record.id, "md");
      expect(markdown).toContain("| Rate limiting | passed |");
      const key = `simulated-key-${productionOf(stack).applicationInsights.workspaceId}`;
      for (const text of [log.join("\n"), ...everyBlob(stack)]) expect(text).not.toContain(key);
    },
    90_000,
  );

  withRedis(
    "finds an emptied cache and a lost asset, and asks a person",
    async () => {
      const seed = seedFromEstate(stack.estate) as Seed;
      await stack.simulator.reset({
        ...seed,
        redisCaches: seed.redisCaches.map((cache) => ({ ...cache, data: undefined })),
        storageAccounts: seed.storageAccounts.map(({ blobs, ...account }) => ({
          ...account,
          ...(blobs && { blobs: blobs.filter(({ name }) => name !== "contoso/theme.css") }),
        })),
      });

      const { record } = await recoverFrom(stack, "app-unhealthy", 60_000);

      expect(statuses(record)).toMatchObject({
        "health-endpoints": "passed",
        "tenant-authentication": "passed",
        "rate-limiting": "passed",
        chat: "failed",
        "branding-assets": "failed",
        // What the chat did not come to was not written down.
        "cost-tracking": "failed",
      });
      expect(proofOf(record, "chat")).toMatchObject({ status: 404 });
      expect(record).toMatchObject({ outcome: "restored-with-findings" });
      expect(record.nextSteps.join(" ")).toContain("there is no session 1");
      const told = stack.receiver.received.find(({ id }) => id === `${record.id}.ended`)?.notice;
      expect(told).toMatchObject({ outcome: "restored-with-findings" });
      expect(told?.lines.join(" ")).toContain("Do this: Recovery checklist, Chat end to end");
    },
    90_000,
  );
});
