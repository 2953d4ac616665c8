import type { InvocationContext } from "@azure/functions";
import { NoticeReceiver } from "../../local/stack/notice-receiver.js";
import * as contract from "../../src/activities/notices.contract.js";
import { deliveryActivities, postingActivity } from "../../src/activities/notices.js";
import { saveRecord } from "../../src/activities/run.contract.js";
import { runActivities } from "../../src/activities/run.js";
import { jsonPost } from "../../src/azure/json-post.js";
import { noticeChannels } from "../../src/azure/notice-channels.js";
import { milliseconds } from "../../src/domain/duration.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import { deliveryId, receiptOf } from "../../src/domain/notice.js";
import type { ActivityContract, Answer } from "../../src/durable/activity-contract.js";
import type { Deliveries } from "../../src/state/post-notice.js";
import { stateStore } from "../../src/state/state-store.js";
import { memorySets } from "../support/backup-sets.js";
import { runOf } from "../support/estates.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { channelTo, startedNotice } from "../support/notices.js";
import { runRecords } from "../support/run-records.js";

const run = runOf("container-app-failure");
const notice = startedNotice(run);
const blob = `notices/${run}/${notice.id}.json`;
const away = () => restError(503, "ServerBusy");

/** The durable side: which instances were started, and which are known. */
class FakeDeliveries implements Deliveries {
  readonly started: { orchestrator: string; id: string; input: unknown }[] = [];

  start(orchestrator: string, id: string, input: unknown): Promise<void> {
    this.started.push({ orchestrator, id, input });
    return Promise.resolve();
  }

  state(id: string) {
    const known = this.started.some((one) => one.id === id);
    return Promise.resolve({ kind: known ? "active" : "unknown" });
  }
}

/** The channels of a service that has the key of webhooks, and no other secret. */
const webhooks = (key: string) =>
  noticeChannels({
    post: jsonPost(milliseconds(300)),
    smtp: { send: () => Promise.reject(new Error("no mail is sent here")) },
    email: { send: () => Promise.reject(new Error("no mail is sent here")) },
    secret: (setting) => (setting === "NOTIFICATION_WEBHOOK_KEY" ? key : undefined),
  });

describe("activities of notices", () => {
  let receiver: NoticeReceiver;

  beforeAll(async () => {
    receiver = await NoticeReceiver.start();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.react = () => ({ status: 204 });
  });
  afterAll(() => receiver.stop());

  function world({ key = receiver.key, address = "https://dr.example" } = {}) {
    const blobs = new MemoryContainer();
    const store = stateStore(blobs);
    const deliveries = new FakeDeliveries();
    const activities = new Map(
      [
        postingActivity(store, () => deliveries, address),
        ...deliveryActivities(store, webhooks(key)),
        ...runActivities(store, memorySets().store, noTelemetry),
      ].map((activity) => [activity.name, activity] as const),
    );
    const call = async <Input, Output>(
      of: ActivityContract<Input, Output>,
      input: Input,
      attempt = 1,
    ): Promise<Answer<Output>> => {
      const context = { log: () => undefined } as unknown as InvocationContext;
      const caller = { run, step: "step", attempt, leases: [], mode: "execute" };
      const raw = await activities.get(of.name)!.handler({ caller, input }, context);
      return of.read(JSON.parse(JSON.stringify(raw)));
    };
    const channel = channelTo(receiver.url);
    return {
      blobs,
      deliveries,
      receipts: () => store.notices.receipts(notice),
      call,
      channel,
      post: () => call(contract.postNotice, { notice, channels: [channel] }),
      send: (attempt = 1) => call(contract.sendNotice, { notice, channel }, attempt),
    };
  }

  describe("postNotice", () => {
    it("writes the outbox and starts one delivery, however often it is run", async () => {
      const { post, deliveries, receipts } = world();

      const first = await post();
      const again = await post();

      expect(first).toMatchObject({ ok: true, value: { changed: true } });
      expect(again).toMatchObject({ ok: true, value: { changed: false } });
      expect(deliveries.started).toMatchObject([
        { orchestrator: "deliverNotice", id: deliveryId(notice) },
      ]);
      expect(await receipts()).toMatchObject([{ status: "pending", attempts: 0, to: ["primary"] }]);
    });

    it("hands over the notice with the place to look at, and only channels that it is for", async () => {
      const { call, channel, deliveries } = world();
      const other = channelTo("https://other.example", { name: "b", levels: ["escalation"] });

      await call(contract.postNotice, { notice, channels: [other, channel] });

      const { input } = deliveries.started[0]!;
      expect(input).toMatchObject({ channels: [{ name: "on-call" }] });
      expect(input).toHaveProperty(
        "notice.lines.4",
        `Look: https://dr.example/api/recoveries/${run}`,
      );
    });

    it("leaves nothing behind for a notice that is for nobody", async () => {
      const { call, blobs, deliveries } = world();

      const answer = await call(contract.postNotice, { notice, channels: [] });

      expect(answer).toMatchObject({ ok: true, value: { changed: false } });
      expect([...blobs.blobs.keys()]).toEqual([]);
      expect(deliveries.started).toEqual([]);
    });

    it("starts the delivery also while the state store is away, and says that it is", async () => {
      const { post, blobs, deliveries, receipts } = world();
      blobs.failures.push(away());

      const first = await post();
      const again = await post();

      expect(first).toMatchObject({ ok: false, failure: { class: "transient" } });
      expect(again).toMatchObject({ ok: true });
      expect(deliveries.started).toHaveLength(1);
      expect(await receipts()).toHaveLength(1);
    });

    it("completes what a first execution left when it died before the start", async () => {
      const { post, deliveries } = world();
      await post();
      deliveries.started.length = 0;

      expect(await post()).toMatchObject({ ok: true, value: { changed: true } });
      expect(deliveries.started).toHaveLength(1);
    });
  });

  describe("sendNotice", () => {
    it("delivers once when it is run twice, and keeps the receipt", async () => {
      const { post, send, receipts } = world();
      await post();

      const first = await send();
      const again = await send(2);

      expect(first).toMatchObject({ ok: true, value: { changed: true, detail: "HTTP 204" } });
      expect(again).toMatchObject({ ok: true, value: { changed: false, detail: "HTTP 204" } });
      expect(receiver.received).toMatchObject([{ id: notice.id, genuine: true }]);
      expect(await receipts()).toMatchObject([
        { channel: "on-call", status: "delivered", attempts: 1, detail: "HTTP 204" },
      ]);
    });

    it("tries again after a 500, and the 200 after it counts", async () => {
      const { post, send, receipts } = world();
      await post();
      receiver.react = () => ({ status: receiver.received.length === 1 ? 500 : 200 });

      const first = await send(1);
      const between = await receipts();
      const second = await send(2);

      expect(first).toMatchObject({ ok: false, failure: { class: "transient", code: "http-500" } });
      expect(between).toMatchObject([{ status: "pending", attempts: 1 }]);
      expect(second).toMatchObject({ ok: true, value: { changed: true } });
      expect(await receipts()).toMatchObject([{ status: "delivered", attempts: 2 }]);
    });

    it("takes a 410 for the end", async () => {
      const { post, send, receipts } = world();
      await post();
      receiver.react = () => ({ status: 410 });

      expect(await send()).toMatchObject({
        ok: false,
        failure: { class: "terminal", code: "http-410" },
      });
      expect(await receipts()).toMatchObject([
        { status: "failed", detail: "http-410: the receiver refused the notice" },
      ]);
    });

    it.each(["silence", "cut"] as const)(
      "sends the same notice id again when the answer is lost by %s",
      async (loss) => {
        const { post, send } = world();
        await post();
        receiver.react = () => (receiver.received.length === 1 ? loss : { status: 204 });

        const lost = await send(1);
        const again = await send(2);

        expect(lost).toMatchObject({ ok: false, failure: { class: "transient" } });
        expect(again).toMatchObject({ ok: true, value: { changed: true } });
        expect(receiver.received.map(({ id }) => id)).toEqual([notice.id, notice.id]);
        expect(receiver.received[0]?.body).toBe(receiver.received[1]?.body);
      },
    );

    it("goes on trying a receiver that is dead", async () => {
      const dead = await NoticeReceiver.start();
      const channel = channelTo(dead.url);
      await dead.stop();
      const { call, receipts } = world();
      await call(contract.postNotice, { notice, channels: [channel] });

      const answer = await call(contract.sendNotice, { notice, channel }, 7);

      expect(answer).toMatchObject({
        ok: false,
        failure: { class: "transient", code: "ECONNREFUSED" },
      });
      expect(await receipts()).toMatchObject([{ status: "pending", attempts: 7 }]);
    });

    it("tells people also while the state store is away", async () => {
      const { send, blobs } = world();
      blobs.failures.push(away());

      expect(await send()).toMatchObject({ ok: true, value: { changed: true } });
      expect(receiver.received).toHaveLength(1);
    });

    it("does not send again because the receipt could not be kept", async () => {
      const { post, send, blobs, receipts } = world();
      await post();
      let reads = 0;
      const read = blobs.read.bind(blobs);
      blobs.read = (name) => (++reads === 2 ? Promise.reject(away()) : read(name));

      expect(await send()).toMatchObject({ ok: true, value: { changed: true } });
      expect(await receipts()).toMatchObject([{ status: "pending" }]);
    });

    it("names only those whom the channel reaches", async () => {
      const { call } = world();
      const all = {
        ...notice,
        to: [...notice.to, { ...notice.to[0]!, level: "secondary" as const }],
      };
      const channel = channelTo(receiver.url, { levels: ["secondary"] });

      await call(contract.sendNotice, { notice: all, channel });

      expect(receiver.received[0]?.notice.to).toMatchObject([{ level: "secondary" }]);
    });

    it("sends nothing unsigned, and the receipt says why", async () => {
      const { post, send, receipts } = world({ key: "" });
      await post();

      expect(await send()).toMatchObject({ ok: false, failure: { code: "no-secret" } });
      expect(receiver.received).toEqual([]);
      expect((await receipts())[0]?.detail).toContain("NOTIFICATION_WEBHOOK_KEY is not set");
    });

    it("throws what is a defect of ours", async () => {
      const store = stateStore(new MemoryContainer());
      const broken = { send: () => Promise.reject(new TypeError("x is not a function")) };
      const [sending] = deliveryActivities(store, broken);
      const input = { notice, channel: channelTo(receiver.url) };
      const context = { log: () => undefined } as unknown as InvocationContext;

      const call = sending!.handler(
        { caller: { run, step: "s", attempt: 1, leases: [], mode: "execute" }, input },
        context,
      );

      await expect(call).rejects.toThrow("x is not a function");
    });
  });

  describe("closeNotice", () => {
    const end = (status: "failed" | "delivered", attempts: number) =>
      receiptOf(notice, channelTo("https://x.example"), {
        status,
        attempts,
        at: notice.at,
        detail: status,
      });

    it("writes how it ended, also where nothing was written before", async () => {
      const { call, receipts } = world();

      await call(contract.closeNotice, { notice, receipts: [end("failed", 40)] });
      await call(contract.closeNotice, { notice, receipts: [end("failed", 40)] });

      expect(await receipts()).toEqual([end("failed", 40)]);
    });

    it("never takes a delivery back", async () => {
      const { call, receipts } = world();

      await call(contract.closeNotice, { notice, receipts: [end("delivered", 2)] });
      await call(contract.closeNotice, { notice, receipts: [end("failed", 40)] });

      expect(await receipts()).toEqual([end("delivered", 2)]);
    });

    it("writes over what another execution wrote in between, and gives up in the end", async () => {
      const { call, post, blobs, receipts } = world();
      await post();
      let others = 1;
      blobs.beforeWrite = (name) => {
        const standing = blobs.blobs.get(name);
        if (others-- > 0 && standing) blobs.blobs.set(name, { ...standing, etag: `"${others}x"` });
      };

      const once = await call(contract.closeNotice, { notice, receipts: [end("failed", 3)] });
      others = 1_000;
      const always = await call(contract.closeNotice, { notice, receipts: [end("failed", 4)] });

      expect(once).toMatchObject({ ok: true });
      expect(await receipts()).toEqual([end("failed", 3)]);
      expect(always).toMatchObject({ ok: false, failure: { class: "busy", code: "receipt-race" } });
    });
  });

  describe("saveRecord", () => {
    const save = async ({ call, blobs }: ReturnType<typeof world>) => {
      const record = { ...runRecords.restored, notifications: [] };
      const answer = await call(saveRecord, { record });
      const text = (name: string) => blobs.blobs.get(name)?.text ?? "";
      return { answer, json: text(`runs/${run}.json`), md: text(`reports/${run}.md`) };
    };

    it("takes the receipts that are known by then into record and reports", async () => {
      const subject = world();
      await subject.post();
      await subject.send();

      const { json, md } = await save(subject);

      expect(JSON.parse(json)).toMatchObject({
        notifications: [{ notice: notice.id, kind: "started", status: "delivered" }],
      });
      expect(md).toContain("started, to primary over on-call: delivered (HTTP 204)");
    });

    it("is held up by no notice that cannot be read", async () => {
      const subject = world();
      await subject.post();
      subject.blobs.blobs.set(blob, { text: "{", etag: "x", metadata: {} });

      const { answer, json } = await save(subject);

      expect(answer).toMatchObject({ ok: true });
      expect(JSON.parse(json)).toMatchObject({ notifications: [] });
    });

    it("tries again while the outbox cannot be reached", async () => {
      const subject = world();
      await subject.post();
      subject.blobs.read = () => Promise.reject(away());

      expect((await save(subject)).answer).toMatchObject({
        ok: false,
        failure: { class: "transient" },
      });
    });
  });
});
