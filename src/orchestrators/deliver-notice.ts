import type { OrchestrationContext } from "durable-functions";
import { closeNotice, sendNotice } from "../activities/notices.contract.js";
import type { Channel } from "../domain/channel.js";
import { milliseconds, minutes } from "../domain/duration.js";
import { addressedTo, DeliveryOrder, receiptOf, type Notice } from "../domain/notice.js";
import type { NoticeReceipt } from "../domain/notice-receipt.js";
import type { Durable } from "../durable/durable.js";
import { patientCalls, type Endured } from "../durable/patient-calls.js";

/** How long the channels before a fallback have to reach people. */
const patienceBeforeFallback = minutes(2);

/**
 * Somebody has to be told: try every channel until it has taken the notice, refuses it, or six hours
 * have gone by; a fallback where those before it have not reached its people within two minutes. An
 * instance of its own, so that a dead receiver holds up nothing else.
 */
export function* deliverNotice(context: OrchestrationContext): Durable<readonly NoticeReceipt[]> {
  const { notice, channels } = DeliveryOrder.parse(context.df.getInput());
  const standingBy = (channel: Channel, index: number) => ({
    after: milliseconds(
      patienceBeforeFallback *
        channels.slice(0, index + 1).filter(({ fallback }) => fallback).length,
    ),
    isNeeded: (taken: ReadonlySet<string>): boolean => {
      const reached = channels
        .filter(({ name }) => taken.has(name))
        .flatMap((each) => addressedTo(each, notice).to.map(({ level }) => level));
      return addressedTo(channel, notice).to.some(({ level }) => !reached.includes(level));
    },
  });
  const sent = yield* patientCalls(
    context,
    sendNotice,
    channels.map((channel, index) => ({
      step: channel.name,
      input: { notice, channel },
      ...(channel.fallback ? { standsBy: standingBy(channel, index) } : {}),
    })),
  );
  const receipts = channels.flatMap((channel, index) => {
    const end = sent[index];
    return end === undefined ? [] : [finalReceipt(notice, channel, end)];
  });
  yield* patientCalls(context, closeNotice, [{ step: "close", input: { notice, receipts } }]);
  return receipts;
}

function finalReceipt(
  notice: Notice,
  channel: Channel,
  { answer, attempts, at }: Endured<{ readonly detail: string }>,
): NoticeReceipt {
  if (answer === undefined) {
    const detail = "a fallback: everybody whom it is for had been reached";
    return receiptOf(notice, channel, { status: "not-needed", attempts, at, detail });
  }
  if (answer.ok) {
    const { detail } = answer.value;
    return receiptOf(notice, channel, { status: "delivered", attempts, at, detail });
  }
  const { class: of, code, message } = answer.failure;
  const end = of === "terminal" ? "" : "given up; ";
  const detail = `${end}${code}: ${message}`;
  return receiptOf(notice, channel, { status: "failed", attempts, at, detail });
}
