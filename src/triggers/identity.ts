import type { HttpRequest } from "@azure/functions";
import { z } from "zod";
import { AppRole, holderOfKey, type Identity } from "../domain/identity.js";
import { problem } from "./problem.js";
import { refuseUnread } from "./refusal.js";

/** Who stands before the function app and proves names: nobody, or the platform by Entra. */
export type PlatformAuthentication = "none" | "entra";

/**
 * Who sent a request; undefined if the platform should have said so and did not. While the platform
 * does not authenticate, anybody may write its header, so it is not looked at.
 */
export function identityOf(
  headers: HttpRequest["headers"],
  platform: PlatformAuthentication,
): Identity | undefined {
  return platform === "entra"
    ? principalOf(headers.get("x-ms-client-principal"))
    : keyHolder(headers);
}

const printable = /^[\x20-\x7e\xa0-\xff]{1,100}$/;

/** Whoever holds a function key, by the name that it gives itself. */
export function keyHolder(headers: HttpRequest["headers"]): Identity {
  const claimed = headers.get("x-operator");
  if (claimed === null) return holderOfKey;
  const name = claimed.trim();
  if (!printable.test(name)) {
    throw refuseUnread(problem(400, "x-operator must be 1 to 100 printable characters"));
  }
  return { name, source: "claimed", roles: [] };
}

/*
 * What App Service authentication writes (Microsoft Learn, "Work with user identities in Azure App
 * Service authentication"). It renames some claims and leaves others: app roles come as `roles`
 * whatever `role_typ` says (AzureAD/microsoft-identity-web issue 1983), so each is looked for
 * under every name it has.
 */
const ClientPrincipal = z.object({
  auth_typ: z.literal("aad"),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
  name_typ: z.string().nullish(),
  role_typ: z.string().nullish(),
});
type ClientPrincipal = z.infer<typeof ClientPrincipal>;

const xmlsoap = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
/** Sign-in names come first: they are one person's at a time, display names are not. */
const signInNames = ["preferred_username", "upn", `${xmlsoap}/upn`, `${xmlsoap}/emailaddress`];
const applications = ["azp", "appid"];
const objectIds = ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
const roleTypes = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];

function principalOf(header: string | null): Identity | undefined {
  if (header === null) return undefined;
  const parsed = ClientPrincipal.safeParse(decode(header));
  if (!parsed.success) return undefined;
  const name = nameOf(parsed.data);
  if (name === undefined) return undefined;
  const { role_typ, claims } = parsed.data;
  const types = [...roleTypes, role_typ];
  const roles = AppRole.options.filter((role) =>
    claims.some(({ typ, val }) => types.includes(typ) && val === role),
  );
  return { name, source: "entra", roles };
}

function nameOf({ claims, name_typ }: ClientPrincipal): string | undefined {
  const first = (types: readonly (string | null | undefined)[]): string | undefined =>
    types
      .flatMap((type) => claims.filter(({ typ, val }) => typ === type && val !== ""))
      .map(({ val }) => val)[0];
  const application = first(applications);
  return (
    first(signInNames) ??
    first([name_typ]) ??
    // An application that signs in for itself has no name, and no person's token lacks one.
    (application === undefined ? first(objectIds) : `application ${application}`)
  );
}

function decode(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, "base64").toString("utf8"));
  } catch {
    return undefined;
  }
}
