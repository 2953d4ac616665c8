import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { Refusal } from "../server/refusal.js";
import type { Azurite } from "./azurite.js";

/** A request as it goes on to the process that keeps the blobs. */
export interface Onward {
  readonly method: string;
  /** Path and query below the account. */
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Readable;
}

/** What is between a client and the front alone: a client that closes must not make the front open anew each time. */
const OF_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "te", "upgrade"]);

/** Path-style, which is how one Azurite serves many accounts. */
export function sendOnward(
  account: string,
  { method, target, headers, body }: Onward,
  azurite: Azurite,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const onward = httpsRequest(
      {
        host: azurite.host,
        port: azurite.port,
        agent: azurite.agent,
        method,
        path: `/${account}${target}`,
        headers: { ...withoutConnection(headers), host: `${azurite.host}:${azurite.port}` },
      },
      resolve,
    );
    onward.on("error", (error) => {
      reject(new Refusal(503, "ServerBusy", `Azurite cannot be reached: ${error.message}`));
    });
    if (body === undefined) {
      onward.end();
      return;
    }
    body.on("error", () => onward.destroy());
    body.pipe(onward);
  });
}

function withoutConnection(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name.toLowerCase())),
  );
}
