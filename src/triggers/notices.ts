import { linkedTo, type Notice } from "../domain/notice.js";
import { postNotice, type Deliveries } from "../state/post-notice.js";
import { linksOf, type Endpoint } from "./endpoint.js";

/** As much of an endpoint as telling takes. */
type Teller = Pick<Endpoint, "request" | "store" | "estate" | "log"> & {
  readonly runs: Deliveries;
};

/**
 * Tells the contacts of an environment from a trigger: the same outbox as a run's, and no waiting
 * for a receiver. It fails if the notice could not be handed over; whoever called then calls again.
 */
export async function tell(
  { request, store, runs, estate, log }: Teller,
  notice: Notice,
): Promise<void> {
  const { notifications } = estate.environments[notice.environment] ?? {};
  if (notifications === undefined) {
    log(`nobody is told (${notice.subject}): ${notice.environment} names no notifications`);
    return;
  }
  const linked =
    notice.run === undefined ? notice : linkedTo(notice, linksOf(request, notice.run).run);
  await postNotice(store.notices, runs, linked, notifications.channels);
}
