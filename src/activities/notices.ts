import type { InvocationContext } from "@azure/functions";
import { classifyError } from "../azure/classify-error.js";
import type { NoticeChannels } from "../azure/notice-channels.js";
import { linkedTo, receiptOf } from "../domain/notice.js";
import type { NoticeReceipt } from "../domain/notice-receipt.js";
import type { Activity } from "../durable/activity-contract.js";
import { postNotice, type Deliveries } from "../state/post-notice.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./notices.contract.js";

/** Hands a run's notices over. Its function needs a durable client as an extra input. */
export function postingActivity(
  store: StateStore,
  deliveriesOf: (invocation: InvocationContext) => Deliveries,
  address: string | undefined,
): Activity {
  const { name } = contract.postNotice;
  // Made anew for each call, because the client comes with the invocation.
  const via = (deliveries: Deliveries): Activity =>
    contract.postNotice.implementedBy(classifyError, async ({ notice: told, channels }) => {
      const notice =
        address === undefined || told.run === undefined
          ? told
          : linkedTo(told, `${address}/api/recoveries/${told.run}`);
      const changed = await postNotice(store.notices, deliveries, notice, channels);
      return { changed, detail: changed ? "posted" : "posted before, or meant for nobody" };
    });
  return {
    name,
    handler: (input, invocation, witness) =>
      via(deliveriesOf(invocation)).handler(input, invocation, witness),
  };
}

/** What a delivery does: an attempt on one channel, and its end. */
export function deliveryActivities(
  store: StateStore,
  channels: NoticeChannels,
): readonly Activity[] {
  return [
    contract.sendNotice.implementedBy(
      classifyError,
      async ({ notice, channel }, { caller, now, log }) => {
        // People are told also while the state store is away; a receiver knows a repeat by its id.
        const standing = await store.notices.receipts(notice).catch(() => undefined);
        const known = standing?.find((receipt) => receipt.channel === channel.name);
        if (known?.status === "delivered") return { changed: false, detail: known.detail };

        const keep = async (status: NoticeReceipt["status"], detail: string): Promise<void> => {
          if (standing === undefined) return;
          const { attempt: attempts } = caller;
          const at = now();
          const receipt = receiptOf(notice, channel, { status, attempts, at, detail });
          await store.notices.keep(notice, [receipt]).catch(() => {
            log("receipt not kept", { notice: notice.id, channel: channel.name, status });
          });
        };
        try {
          const detail = await channels.send(channel, notice);
          await keep("delivered", detail);
          return { changed: true, detail };
        } catch (error) {
          const failure = classifyError(error);
          if (failure !== null) {
            const status = failure.class === "terminal" ? "failed" : "pending";
            await keep(status, `${failure.code}: ${failure.message}`);
          }
          throw error;
        }
      },
    ),

    contract.closeNotice.implementedBy(classifyError, async ({ notice, receipts }) => {
      await store.notices.keep(notice, receipts);
      return { detail: "receipts written" };
    }),
  ];
}
