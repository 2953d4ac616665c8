import type { Environment, TrafficManager } from "./estate.js";

/** What an environment needs to be led to another region; an environment of one region lacks some of it. */
export interface RegionSides {
  readonly front: TrafficManager & { readonly secondaryEndpoint: string };
  readonly primary: { readonly region: string; readonly app: string };
  readonly secondary: { readonly region: string; readonly app: string; readonly vault: string };
}

/** Undefined for an environment of one region. */
export function regionSides(estate: Environment): RegionSides | undefined {
  const { trafficManager: front, containerApp, keyVault, primaryRegion, secondaryRegion } = estate;
  if (
    front?.secondaryEndpoint === undefined ||
    secondaryRegion === undefined ||
    containerApp.secondary === undefined ||
    keyVault.secondary === undefined
  ) {
    return undefined;
  }
  return {
    front: { ...front, secondaryEndpoint: front.secondaryEndpoint },
    primary: { region: primaryRegion, app: containerApp.primary },
    secondary: {
      region: secondaryRegion,
      app: containerApp.secondary,
      vault: keyVault.secondary,
    },
  };
}

/** The estate with its sides changed, for those whose users are led to the other region. */
export function turned(estate: Environment): Environment {
  const { primaryRegion, secondaryRegion } = estate;
  const change = <
    Sides extends { readonly primary: string; readonly secondary?: string | undefined },
  >(
    sides: Sides,
  ): Sides =>
    sides.secondary === undefined
      ? sides
      : { ...sides, primary: sides.secondary, secondary: sides.primary };
  return {
    ...estate,
    ...(secondaryRegion === undefined
      ? {}
      : { primaryRegion: secondaryRegion, secondaryRegion: primaryRegion }),
    containerApp: change(estate.containerApp),
    keyVault: change(estate.keyVault),
    redis: change(estate.redis),
    storage: change(estate.storage),
  };
}

/** Whether users could be led to another region at all. */
export const hasOtherRegion = (estate: Environment): boolean => regionSides(estate) !== undefined;

/** Whom to ask whether the primary region is down. */
export const witnessesOf = (estate: Environment, { front }: RegionSides) => ({
  region: estate.primaryRegion,
  subscription: estate.subscriptionId,
  app: estate.containerApp.primary,
  health: estate.containerApp.health,
  cache: estate.redis.primary,
  vault: estate.keyVault.primary,
  storage: { id: estate.storage.primary, container: estate.storage.containers[0] ?? "branding" },
  traffic: { profile: front.profile, type: front.endpointType, endpoint: front.primaryEndpoint },
});

/** What a person does where the service can lead nobody to another region. */
export const breakGlass = (estate: Environment): readonly string[] => [
  `Make the environment anew in ${estate.recoveryRegion} by its deployment templates: container app, cache, vault, storage account`,
  "Restore into it what is backed up: POST /api/restores for key-vault, redis and blobs; GET /api/backups says how old each set is",
  "Prove the new app by a write and a read, lead the users' domain to it, and enter what was made in the estate file",
  "Each step in full: docs/break-glass.md of this service",
];
