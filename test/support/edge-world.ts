import { backupAccount, stateAccount } from "../../local/stack/seed-from-estate.js";
import type { FrontDoor } from "../../src/domain/estate.js";
import { CLASSIC_ID, edgeSeed, PRIMARY, PROFILE_ID, SECONDARY } from "../simulator/edge-seed.js";
import { inRecovery } from "../simulator/storage-seed.js";

/** The edges of the seed: the same two accounts behind Front Door and behind the classic CDN. */
export const frontDoor: FrontDoor = { profile: PROFILE_ID, originGroup: "branding" };
export const classicCdn: FrontDoor = { profile: CLASSIC_ID, endpoint: "mcp-branding" };

/** The accounts in the east and in the west, by the addresses of their blobs. */
export const [east, west] = [`https://${PRIMARY}`, `https://${SECONDARY}`];

/** The seed of an edge, with the accounts of the service itself. */
export function edgeWorld(...change: Parameters<typeof edgeSeed>): unknown {
  const seed = edgeSeed(...change);
  const own = [stateAccount, backupAccount].map((name) => ({
    id: inRecovery(name),
    location: "westus",
    sku: "Standard_LRS",
  }));
  return { ...seed, storageAccounts: [...seed.storageAccounts, ...own] };
}
