import type { ApplicationTokens } from "../../domain/application-token.js";
import type { Identify } from "../caller.js";
import { keyHolder } from "../identity.js";
import { problem } from "../problem.js";
import { refuseUnread } from "../refusal.js";

/**
 * Who posts alerts. With the secure webhook on, Azure Monitor's action groups and nobody else, by
 * their token; else whoever holds a function key.
 */
export const alertSender =
  (tokens: ApplicationTokens | undefined): Identify =>
  async ({ headers }, warn) => {
    if (tokens === undefined) return { who: keyHolder(headers) };
    const verdict = await tokens.verify(headers.get("authorization"));
    switch (verdict.kind) {
      case "accepted":
        return { who: { name: "Azure Monitor's action groups", source: "entra", roles: [] } };
      case "forbidden": {
        const name = `application ${verdict.application}`;
        warn(`alert refused: ${name}: ${verdict.reason}`);
        return {
          who: { name, source: "entra", roles: [] },
          refusal: problem(403, "alerts are taken from Azure Monitor's action groups only"),
        };
      }
      case "unauthenticated":
        warn(`alert refused: ${verdict.reason}`);
        throw refuseUnread(
          problem(401, "the token of this alert is not accepted; this service's log says why"),
        );
      case "undecided":
        warn(`alert not taken for now: ${verdict.reason}`);
        throw refuseUnread(
          problem(503, "the token of this alert cannot be checked at the moment; send it again", {
            retryAfterSeconds: 5,
          }),
        );
    }
  };
