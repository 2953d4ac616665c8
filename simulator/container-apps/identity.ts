import { isObject } from "../arm/merge-patch.js";
import { keyOf } from "../arm/resource-id.js";
import type { Identity } from "../identity/tokens.js";
import { guidFrom } from "../world/names.js";
import type { Envelope } from "./schema.js";

/** What identities of apps are looked up in. */
interface Directory {
  readonly identities: readonly Identity[];
}

interface Principal {
  readonly principalId: string;
  readonly clientId: string;
}

/** The app's own identity, where it has one. */
export function systemAssigned(app: {
  readonly id: string;
  readonly envelope: Envelope;
}): string | undefined {
  return app.envelope.identity?.type.includes("SystemAssigned") === true
    ? guidFrom(keyOf(app.id), "principal")
    : undefined;
}

/** The identities that are assigned to an app, by resource id as it was sent. */
export function userAssigned(
  { identity }: Envelope,
  directory: Directory,
): ReadonlyMap<string, Principal> {
  const assigned = identity?.userAssignedIdentities;
  if (!isObject(assigned)) return new Map();
  return new Map(Object.keys(assigned).map((id) => [id, principalOf(id, directory)]));
}

/** Whom the code of an app takes tokens as: AZURE_CLIENT_ID names one of several identities. */
export function tokenPrincipal(
  app: { readonly id: string; readonly envelope: Envelope },
  clientId: string | undefined,
  directory: Directory,
): string | undefined {
  const own = systemAssigned(app);
  const assigned = [...userAssigned(app.envelope, directory).values()];
  if (clientId === undefined) return own;
  return assigned.find((one) => keyOf(one.clientId) === keyOf(clientId))?.principalId;
}

/** The principal that a Key Vault reference names: `system`, or the id of an identity of the app. */
export function referencedPrincipal(
  app: { readonly id: string; readonly envelope: Envelope },
  identity: string,
  directory: Directory,
): string | undefined {
  if (identity.toLowerCase() === "system") return systemAssigned(app);
  const found = [...userAssigned(app.envelope, directory)].find(
    ([id]) => keyOf(id) === keyOf(identity),
  );
  return found?.[1].principalId;
}

function principalOf(id: string, { identities }: Directory): Principal {
  const known = identities.find(({ resourceId }) => keyOf(resourceId) === keyOf(id));
  return {
    principalId: known?.principalId ?? guidFrom(id, "principal"),
    clientId: known?.clientId ?? guidFrom(id, "client"),
  };
}
