import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { mayDo, rolesFor, type Identity, type Permission } from "../domain/identity.js";
import { identityOf, type PlatformAuthentication } from "./identity.js";
import { problem } from "./problem.js";
import { refuseUnread } from "./refusal.js";

/** Who calls, and the answer if that is not enough to go on. */
export interface Caller {
  readonly who: Identity;
  readonly refusal?: HttpResponseInit;
}

/** Finds out who calls; throws a refusal if nobody can tell. */
export type Identify = (
  request: HttpRequest,
  warn: (message: string) => void,
) => Caller | Promise<Caller>;

/** Callers by the platform's word, one role of a permission being enough. */
export const permitted =
  (permission: Permission, platform: PlatformAuthentication): Identify =>
  ({ headers }, warn) => {
    const who = identityOf(headers, platform);
    if (who === undefined) {
      throw refuseUnread(problem(401, "sign in: the platform vouches for nobody in this request"));
    }
    if (mayDo(who, permission)) return { who };
    const wanted = rolesFor(permission).join(" or ");
    const has = who.roles.length === 0 ? "no role" : who.roles.join(", ");
    warn(`refused: ${who.name} has ${has}, not ${wanted}`);
    return {
      who,
      refusal: problem(403, `this takes the role ${wanted}; ${who.name} has ${has}`),
    };
  };
