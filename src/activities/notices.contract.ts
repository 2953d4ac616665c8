import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { hours, minutes, seconds } from "../domain/duration.js";
import { Channel } from "../domain/channel.js";
import { DeliveryOrder, Notice } from "../domain/notice.js";
import { NoticeReceipt } from "../domain/notice-receipt.js";
import { persistently, type Patience } from "../domain/patience.js";

/** A recovery does not wait to tell of itself; what is lost here is missed in the record. */
const briefly: Patience = {
  transient: { first: seconds(1), longest: seconds(5), within: seconds(15) },
  busy: { first: seconds(1), longest: seconds(5), within: seconds(15) },
};

/** People have to hear of it, also of what is hours old by then. */
const untilHeard = { first: seconds(5), longest: minutes(10), within: hours(6) };

/** Put a notice into the outbox and have it delivered. Waits for no receiver. */
export const postNotice = declareActivity({
  name: "postNotice",
  input: DeliveryOrder,
  output: z.strictObject({ ...mutated }),
  patience: briefly,
});

/** One attempt to deliver a notice on one channel. */
export const sendNotice = declareActivity({
  name: "sendNotice",
  input: z.strictObject({ notice: Notice, channel: Channel }),
  output: z.strictObject({ ...mutated }),
  patience: { transient: untilHeard, busy: untilHeard },
});

/** Write down how the delivery of a notice has ended. */
export const closeNotice = declareActivity({
  name: "closeNotice",
  input: z.strictObject({ notice: Notice, receipts: z.array(NoticeReceipt) }),
  output: z.strictObject({ ...observed }),
  patience: persistently,
});
