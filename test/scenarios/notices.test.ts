import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { missesIn } from "../../src/domain/checklist.js";
import { hours, minutes, seconds } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import { deliveryId, type Notice } from "../../src/domain/notice.js";
import type { NoticeReceipt } from "../../src/domain/notice-receipt.js";
import { everyBlob } from "../support/every-blob.js";
import { startedNotice } from "../support/notices.js";
import { appIsHealthy, ended, freshAlert, productionOf } from "../support/recovery-run.js";

/** From the activity that a run hands a notice to, over the network, to the receipt. */
describe("notices of the app", () => {
  let stack: Stack;
  let service: ServiceClient;
  let count = 0;
  const log: string[] = [];

  beforeAll(async () => {
    // A receiver that hangs costs real time, so the limit is kept short.
    stack = await startStack({
      settings: { CALL_TIME_LIMIT_SECONDS: "2" },
      onLog: (_from, line) => log.push(line),
    });
    service = new ServiceClient(stack.host);
  });
  afterAll(() => stack.stop());
  beforeEach(async () => {
    await stack.simulator.reset();
    stack.receiver.received.length = 0;
    stack.receiver.react = () => ({ status: 204 });
  });

  /** A notice that no other test has posted. */
  const newNotice = (): Notice =>
    startedNotice(`container-app-failure-production-20261122T135830Z-${String(++count)}`);

  /** Calls the activity as its run would, with the channels of the estate. */
  async function post(notice: Notice): Promise<void> {
    const { channels } = productionOf(stack).notifications ?? { channels: [] };
    const caller = {
      run: notice.run,
      step: "post-notice",
      attempt: 1,
      leases: [],
      mode: "execute",
    };
    const input = JSON.stringify({ caller, input: { notice, channels } });
    const executed = () =>
      log.filter((line) => line.includes("Executed 'Functions.postNotice' (Succeeded")).length;
    const before = executed();
    const { status } = await service.call(
      "POST",
      "/admin/functions/postNotice",
      JSON.stringify({ input }),
    );
    expect(status).toBe(202);
    await until(() => (executed() > before ? true : undefined));
  }

  async function delivery(notice: Pick<Notice, "id">) {
    const { json, text } = await service.call(
      "GET",
      `/runtime/webhooks/durabletask/instances/${deliveryId(notice)}?showHistory=true&showHistoryOutput=true`,
    );
    const status = json as { runtimeStatus: string; output: readonly NoticeReceipt[] };
    return { ...status, text };
  }
  const deliveryEnded = (notice: Pick<Notice, "id">) =>
    until(async () => {
      const status = await delivery(notice);
      return status.runtimeStatus === "Completed" ? status : undefined;
    });
  const receipts = (notice: Notice): readonly NoticeReceipt[] => {
    const blob = everyBlob(stack).find((each) => each.includes(`${notice.id}.json\n`)) ?? "";
    const json = blob.slice(blob.indexOf("\n"));
    return (JSON.parse(json) as { receipts: readonly NoticeReceipt[] }).receipts;
  };

  it("reach the estate's receiver, signed, once however often they are posted", async () => {
    const notice = newNotice();

    await post(notice);
    const { output } = await deliveryEnded(notice);
    await post(notice);
    await deliveryEnded(notice);

    const { host } = new URL(stack.host().url);
    expect(stack.receiver.received).toMatchObject([
      { id: notice.id, path: "/production/on-call", genuine: true },
    ]);
    expect(stack.receiver.received[0]?.notice.lines.at(-1)).toBe(
      `Look: http://${host.replace("127.0.0.1", "localhost")}/api/recoveries/${notice.run ?? ""}`,
    );
    expect(output).toMatchObject([{ channel: "on-call", status: "delivered", attempts: 1 }]);
    expect(receipts(notice)).toEqual([expect.objectContaining({ status: "delivered" })]);
  });

  it("are tried again until the receiver is well, under one id", async () => {
    const notice = newNotice();
    const begun = await stack.simulator.now();
    const { received } = stack.receiver;
    stack.receiver.react = () => ({ status: received.length <= 4 ? 503 : 200 });

    await post(notice);
    const { output } = await deliveryEnded(notice);

    expect(received.map(({ id }) => id)).toEqual(Array.from({ length: 5 }, () => notice.id));
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(output).toMatchObject([{ status: "delivered", attempts: 5, detail: "HTTP 200" }]);
    const took = (await stack.simulator.now()).getTime() - begun.getTime();
    expect(took).toBeGreaterThan(seconds(5 + 10 + 20 + 40));
  });

  it("come again under the same id when the host is killed before it hears the answer", async () => {
    const notice = newNotice();
    const { received } = stack.receiver;
    stack.receiver.react = () => (received.length === 1 ? "silence" : { status: 204 });

    await post(notice).catch(() => undefined);
    await until(() => received[0]);
    await stack.killHost();
    await stack.startHost();
    const { output } = await deliveryEnded(notice);

    expect(received.map(({ id }) => id)).toEqual([notice.id, notice.id]);
    expect(output).toMatchObject([{ status: "delivered" }]);
  });

  it("never delay a recovery, though their receiver is dead", async () => {
    const { receiver, simulator } = stack;
    receiver.react = () => "silence";
    const resource = productionOf(stack).containerApp.primary;
    await simulator.fault({ name: "app-unhealthy", resource });

    const { run = "" } = await service.postAlert(await freshAlert(stack));
    const notice = startedNotice(run);
    const record = await ended(stack, run, 60_000);

    expect(record).toMatchObject({
      // That nobody was reached is all that the checklist misses.
      outcome: "restored-with-findings",
      findings: expect.arrayContaining([
        expect.stringContaining("Notification delivery: failed: 0 of 2 notices delivered"),
      ]) as unknown,
      withinRto: { scenario: true, environment: true },
      notifications: [
        { kind: "started", status: "pending" },
        { kind: "restored", status: "pending" },
        { kind: "ended", status: "pending" },
      ],
    });
    expect(missesIn(record.checklist).map(({ item }) => item)).toEqual(["notification-delivery"]);
    expect(elapsed(record.detectedAt, record.restoredAt ?? "")).toBeLessThan(minutes(5));
    expect(await appIsHealthy(stack)).toBe(true);
    // What still tries to tell is no run.
    expect((await delivery(notice)).runtimeStatus).toBe("Running");
    expect((await service.call("GET", "/api/recoveries")).json).toMatchObject({ running: [] });
    const shown = await service.call("GET", `/api/recoveries/${deliveryId(notice)}`);
    expect(shown.status).toBe(404);

    receiver.react = () => ({ status: 204 });
    const { output } = await deliveryEnded(notice);
    expect(output).toMatchObject([{ status: "delivered" }]);
    const others = ["restored", "ended"].map((kind): Pick<Notice, "id"> => ({
      id: `${run}.${kind}`,
    }));
    for (const each of others) await deliveryEnded(each);
    expect(new Set(receiver.received.map(({ id }) => id))).toEqual(
      new Set([notice, ...others].map(({ id }) => id)),
    );
  }, 120_000);

  it("are given up after six hours, and leave no key behind", async () => {
    const notice = newNotice();
    const begun = await stack.simulator.now();
    stack.receiver.react = () => ({ status: 500 });

    await post(notice);
    const { output, text } = await deliveryEnded(notice);

    const took = (await stack.simulator.now()).getTime() - begun.getTime();
    expect(took).toBeGreaterThan(hours(5.5));
    expect(output).toMatchObject([{ status: "failed" }]);
    expect(receipts(notice)).toEqual([
      expect.objectContaining({
        status: "failed",
        attempts: stack.receiver.received.length,
        detail: "given up; http-500: the receiver refused the notice",
      }),
    ]);
    for (const left of [text, log.join("\n"), ...everyBlob(stack)]) {
      expect(left).not.toContain(stack.receiver.key);
      expect(left).not.toMatch(/sha256=[0-9a-f]{64}/);
    }
  }, 120_000);
});

async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  withinMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come: ${look.toString()}`);
}
