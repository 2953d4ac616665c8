import { createHmac } from "node:crypto";
import { terminal } from "../domain/failure.js";
import type { JsonPost } from "./json-post.js";

/** A message as it goes to a receiver that the estate names. */
interface SignedMessage {
  /** By this a receiver tells a repeat from news. */
  readonly id: string;
  readonly body: string;
}

/** Shorter keys can be guessed from what was signed with them. */
const shortestKey = 32;

/** Posts JSON to any receiver, signed with HMAC-SHA256; docs/notifications.md says how to verify. */
export async function sendSigned(
  post: JsonPost,
  key: string,
  url: string,
  { id, body }: SignedMessage,
): Promise<string> {
  if (key.length < shortestKey) {
    throw terminal(
      "no-signing-key",
      `NOTIFICATION_WEBHOOK_KEY is shorter than ${shortestKey} characters`,
    );
  }
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex");
  return post.send(url, body, {
    "x-notice-id": id,
    "x-timestamp": timestamp,
    "x-signature-256": `sha256=${signature}`,
  });
}
