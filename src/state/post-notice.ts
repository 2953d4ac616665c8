import type { Channel } from "../domain/channel.js";
import {
  channelsOf,
  deliveryId,
  deliveryOrchestrator,
  type DeliveryOrder,
  type Notice,
} from "../domain/notice.js";
import type { Notices } from "./notices.js";

/** What it takes to have a notice delivered: to start an instance, and to know whether one was. */
export interface Deliveries {
  start(orchestrator: string, id: string, input: unknown): Promise<void>;
  state(id: string): Promise<{ readonly kind: string }>;
}

/**
 * Writes a notice to the outbox and has it delivered, once however often it is posted; true if this
 * call was the first. Waits for no receiver.
 */
export async function postNotice(
  outbox: Notices,
  deliveries: Deliveries,
  notice: Notice,
  channels: readonly Channel[],
): Promise<boolean> {
  const reached = channelsOf(notice, channels);
  if (reached.length === 0) return false;
  // A state store that is away must not keep people from being told, least of all of that.
  const written = await outbox.open(notice, reached).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const id = deliveryId(notice);
  const first = (await deliveries.state(id)).kind === "unknown";
  if (first) {
    const order: DeliveryOrder = { notice, channels: [...reached] };
    await deliveries.start(deliveryOrchestrator, id, order);
  }
  if (written !== undefined) throw written.error;
  return first;
}
