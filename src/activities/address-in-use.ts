import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";

/** The container apps of an estate, by their ids. */
export interface AppSides {
  readonly app: string;
  readonly standby?: string | undefined;
}

/** What the estate's app says of a resource that it uses. */
interface AddressInUse {
  /** Undefined where no app says it. */
  readonly address: string | undefined;
  readonly by: "app" | "standby" | "nobody";
}

/**
 * The address that a variable of the app names. The standby is asked where there is no primary app
 * to be read; that it serves is not known then. An app that is away for a while is waited for: a
 * backup must not take the wrong side because of it.
 */
export async function addressInUse(
  apps: ContainerApps,
  { app, standby }: AppSides,
  variable: string,
): Promise<AddressInUse> {
  const variables = await variablesOf(apps, app);
  if (variables !== undefined) return { address: variables[variable], by: "app" };
  const others = standby === undefined ? undefined : await variablesOf(apps, standby);
  return others === undefined
    ? { address: undefined, by: "nobody" }
    : { address: others[variable], by: "standby" };
}

/** Whether a side is known by what was said: the standby alone cannot vouch for its own side. */
export const isObserved = ({ by }: AddressInUse, side: "primary" | "secondary"): boolean =>
  by === "app" || (by === "standby" && side === "primary");

/** Why a side is only taken to be in use; `what` is the kind of resource. */
export function whyAssumed({ address, by }: AddressInUse, what: string): string {
  if (by === "nobody") return "no app can be read";
  const who = by === "app" ? "the app" : "the primary app cannot be read, and the standby";
  return address === undefined
    ? `${who} does not say which ${what} it uses`
    : `${who} names ${address}`;
}

async function variablesOf(
  apps: ContainerApps,
  app: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await apps.app(app)).variables;
  } catch (error) {
    if (classifyError(error)?.class === "terminal") return undefined;
    throw error;
  }
}
