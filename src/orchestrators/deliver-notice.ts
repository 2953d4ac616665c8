import type { OrchestrationContext } from "durable-functions";
import { closeNotice, sendNotice } from "../activities/notices.contract.js";
import type { Channel } from "../domain/estate.js";
import { DeliveryOrder, receiptOf, type Notice } from "../domain/notice.js";
import type { NoticeReceipt } from "../domain/notice-receipt.js";
import type { Durable } from "../durable/durable.js";
import { patientCalls, type Endured } from "../durable/patient-calls.js";

/**
 * Somebody has to be told: try every channel until it has taken the notice, refuses it, or six hours
 * have gone by. An instance of its own, so that a dead receiver holds up nothing else.
 */
export function* deliverNotice(context: OrchestrationContext): Durable<readonly NoticeReceipt[]> {
  const { notice, channels } = DeliveryOrder.parse(context.df.getInput());
  const sent = yield* patientCalls(
    context,
    sendNotice,
    channels.map((channel) => ({ step: channel.name, input: { notice, channel } })),
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
  if (answer.ok) {
    const { detail } = answer.value;
    return receiptOf(notice, channel, { status: "delivered", attempts, at, detail });
  }
  const { class: of, code, message } = answer.failure;
  const end = of === "terminal" ? "" : "given up; ";
  const detail = `${end}${code}: ${message}`;
  return receiptOf(notice, channel, { status: "failed", attempts, at, detail });
}
