import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import type { Channel } from "../domain/channel.js";
import { ClassifiedError } from "../domain/failure.js";
import { channelsOf, Notice, receiptOf } from "../domain/notice.js";
import { laterReceipt, NoticeReceipt } from "../domain/notice-receipt.js";
import { jsonDocuments } from "./json-document.js";

const Posted = z.strictObject({
  version: z.literal(1),
  notice: Notice,
  /** One for each channel that reaches a recipient. */
  receipts: z.array(NoticeReceipt),
});

/** The outbox: every notice that was posted, and what became of it. */
export interface Notices {
  /** Writes a notice unless it is there already. */
  open(notice: Notice, channels: readonly Channel[]): Promise<void>;
  receipts(notice: Notice): Promise<readonly NoticeReceipt[]>;
  /** Takes in what became of a notice; what is known better already stays. */
  keep(notice: Notice, receipts: readonly NoticeReceipt[]): Promise<void>;
  /** The receipts of all notices of a run, oldest notice first. */
  ofRun(run: string): Promise<readonly NoticeReceipt[]>;
}

const folderOf = (runOrEnvironment: string): string => `notices/${runOrEnvironment}/`;
const nameOf = ({ run, environment, id }: Notice): string =>
  `${folderOf(run ?? environment)}${id}.json`;

export function notices(blobs: BlobContainer): Notices {
  const documents = jsonDocuments(blobs, Posted);
  return {
    async open(notice, channels) {
      const receipts = channelsOf(notice, channels).map((channel) =>
        receiptOf(notice, channel, {
          status: "pending",
          attempts: 0,
          at: notice.at,
          detail: "not sent yet",
        }),
      );
      await documents.create(nameOf(notice), { version: 1, notice, receipts });
    },
    receipts: async (notice) => (await documents.read(nameOf(notice)))?.value.receipts ?? [],
    async keep(notice, receipts) {
      const name = nameOf(notice);
      for (let turn = 1; turn <= 5; turn++) {
        const standing = await documents.read(name);
        const kept = { version: 1 as const, notice, receipts: [...receipts] };
        const written =
          standing === undefined
            ? await documents.create(name, kept)
            : await documents.replace(
                name,
                { ...standing.value, receipts: merged(standing.value.receipts, receipts) },
                standing,
              );
        if (written !== undefined) return;
      }
      throw new ClassifiedError({
        class: "busy",
        code: "receipt-race",
        message: "the notice's receipts were written again and again by others",
      });
    },
    async ofRun(run) {
      const found = await Promise.all(
        (await blobs.list(folderOf(run))).map(({ name }) =>
          // A run must be able to end whatever lies in its outbox.
          documents.read(name).catch((error: unknown) => {
            if (error instanceof ClassifiedError) return undefined;
            throw error;
          }),
        ),
      );
      return found
        .flatMap((posted) => posted?.value.receipts ?? [])
        .sort((one, other) => one.noticeAt.localeCompare(other.noticeAt));
    },
  };
}

function merged(
  standing: readonly NoticeReceipt[],
  news: readonly NoticeReceipt[],
): NoticeReceipt[] {
  const byChannel = new Map(standing.map((receipt) => [receipt.channel, receipt]));
  for (const receipt of news) {
    const known = byChannel.get(receipt.channel);
    byChannel.set(receipt.channel, known === undefined ? receipt : laterReceipt(known, receipt));
  }
  return [...byChannel.values()];
}
