import { z } from "zod";

/** The app roles of this service's registration in Entra, spelled as they stand in tokens. */
export const AppRole = z.enum(["operator", "approver", "reader", "auditor"]);
export type AppRole = z.infer<typeof AppRole>;

/** How a name came to be known: proven by Entra, claimed by a key's holder, or not at all. */
export const IdentitySource = z.enum(["entra", "claimed", "key"]);
export type IdentitySource = z.infer<typeof IdentitySource>;

/** Who sent a request. Only Entra's identities have roles. */
export const Identity = z.strictObject({
  name: z.string(),
  source: IdentitySource,
  roles: z.array(AppRole),
});
export type Identity = z.infer<typeof Identity>;

/** Who said something, as records name him. */
export const Person = z.strictObject({ name: z.string(), source: IdentitySource });
export type Person = z.infer<typeof Person>;

export const personOf = ({ name, source }: Identity): Person => ({ name, source });

/** Whoever calls with a function key and does not say who it is. */
export const holderOfKey: Identity = {
  name: "holder of the function key",
  source: "key",
  roles: [],
};

/** What an address asks of its caller. */
export type Permission = "operate" | "approve" | "read" | "report";

const granting: Readonly<Record<Permission, readonly AppRole[]>> = {
  operate: ["operator"],
  approve: ["approver"],
  read: AppRole.options,
  report: ["reader", "auditor", "operator"],
};

/** The roles that give a permission; one of them is enough. */
export const rolesFor = (permission: Permission): readonly AppRole[] => granting[permission];

/** Roles bind proven identities. Without them the function key itself is the permission. */
export const mayDo = ({ source, roles }: Identity, permission: Permission): boolean =>
  source !== "entra" || roles.some((role) => granting[permission].includes(role));

/**
 * Whether two names are one person's: whoever asked for something never approves it. A key says
 * nothing about its holder.
 */
export function samePerson(one: Person, other: Person): "yes" | "no" | "unknown" {
  if (one.source === "key" || other.source === "key") return "unknown";
  return fold(one.name) === fold(other.name) ? "yes" : "no";
}

const fold = (name: string): string => name.normalize("NFKC").trim().toLowerCase();

/** A person in words; a claim is called one, so that nobody takes it for a proof. */
export const describePerson = ({ name, source }: Person): string =>
  source === "claimed" ? `${name} (claimed)` : name;
