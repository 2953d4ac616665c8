import { seconds } from "../../src/domain/duration.js";
import type { ChannelOf } from "../../src/domain/channel.js";
import { Environment } from "../../src/domain/estate.js";
import { noticeOf } from "../../src/domain/notice-of.js";
import type { Notice } from "../../src/domain/notice.js";
import { checkpointAfter } from "./checkpoints.js";
import { runOf, sampleEstate } from "./estates.js";

/** The first notice of a run of production. */
export const startedNotice = (run: string = runOf("container-app-failure")): Notice =>
  noticeOf(
    { kind: "started" },
    {
      run,
      checkpoint: checkpointAfter(seconds(6)),
      contacts: Environment.parse(sampleEstate().environments.production).contacts,
      before: [],
    },
  );

/** A channel that reaches everybody, unless told otherwise. */
export const channelTo = (
  url: string,
  more: Partial<ChannelOf<"webhook">> = {},
): ChannelOf<"webhook"> => ({
  kind: "webhook",
  name: "on-call",
  url,
  levels: ["primary", "secondary", "escalation"],
  fallback: false,
  ...more,
});
