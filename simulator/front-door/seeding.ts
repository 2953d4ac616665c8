import { keyOf } from "../arm/resource-id.js";
import { SUFFIX } from "../blobs/site.js";
import { nameIn } from "../storage-accounts/state.js";
import { nameFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import {
  classicHost,
  type SeedCdnProfile,
  type SeedFrontDoor,
  type SeedOrigin,
} from "./seed-schema.js";
import type { CdnProfile, Endpoint, Origin, OriginGroup } from "./state.js";

const GLOBAL = { region: "global", operation: undefined, provisioningState: "Succeeded" } as const;

export function seedEdge(
  {
    frontDoors,
    cdnProfiles,
  }: {
    readonly frontDoors: readonly SeedFrontDoor[];
    readonly cdnProfiles: readonly SeedCdnProfile[];
  },
  world: Pick<World, "cdnProfiles">,
): void {
  for (const profile of [...frontDoors.map(frontDoorOf), ...cdnProfiles.map(classicOf)]) {
    world.cdnProfiles.set(keyOf(profile.id), profile);
  }
}

function frontDoorOf({ id, sku, originGroups, endpoints }: SeedFrontDoor): CdnProfile {
  const groups = originGroups.map(
    ({ name, identity, healthProbe, loadBalancing, origins }): OriginGroup => ({
      id: `${id}/originGroups/${name}`,
      name,
      probe: healthProbe,
      ...loadBalancing,
      identity,
      origins: origins.map((origin) => originOf(origin, `${id}/originGroups/${name}`, "own")),
    }),
  );
  return {
    id,
    name: lastOf(id),
    kind: "front-door",
    sku,
    groups,
    endpoints: endpoints.map(({ name, hostName, customDomains, originGroup, queryStrings }) => ({
      ...GLOBAL,
      id: `${id}/afdEndpoints/${name}`,
      name,
      hostName: hostName ?? `${name.toLowerCase()}-${nameFrom(16, id, name)}.z01.azurefd.net`,
      customDomains,
      group: groupNamed(groups, originGroup),
      settings: {
        enabled: true,
        queryStrings: queryStrings ?? undefined,
        originHostHeader: undefined,
      },
      kept: new Map(),
    })),
    served: new Map(),
  };
}

function classicOf({ id, endpoints }: SeedCdnProfile): CdnProfile {
  const made = endpoints.map((seed): Endpoint => {
    const endpointId = `${id}/endpoints/${seed.name}`;
    // As the portal makes it: of a single origin the host header is said at the endpoint.
    const single = seed.origins.length === 1;
    const origins = seed.origins.map((origin) =>
      originOf(origin, endpointId, single ? "none" : "own"),
    );
    return {
      ...GLOBAL,
      id: endpointId,
      name: seed.name,
      hostName: classicHost(seed.name),
      customDomains: seed.customDomains,
      group: {
        id: endpointId,
        name: seed.name,
        probe: undefined,
        sampleSize: 1,
        successfulSamplesRequired: 1,
        identity: undefined,
        origins,
      },
      settings: {
        enabled: true,
        queryStrings: seed.queryStrings,
        originHostHeader:
          seed.originHostHeader ?? (single ? origins[0]?.settings.hostName : undefined),
      },
      kept: new Map(),
    };
  });
  return {
    id,
    name: lastOf(id),
    kind: "classic",
    sku: "Standard_Microsoft",
    groups: made.map(({ group }) => group),
    endpoints: made,
    served: new Map(),
  };
}

/** An origin; `header` says what its host header is where the seed does not say: an account's own host or none. */
function originOf(seed: SeedOrigin, owner: string, header: "own" | "none"): Origin {
  const { name, storageAccount, enabled, priority, weight } = seed;
  const own = storageAccount === undefined ? undefined : `${nameIn(storageAccount)}${SUFFIX}`;
  return {
    ...GLOBAL,
    id: `${owner}/origins/${name}`,
    name,
    settings: {
      hostName: seed.hostName ?? own ?? "",
      originHostHeader: seed.originHostHeader ?? (header === "own" ? own : undefined),
      httpPort: 80,
      httpsPort: 443,
      enabled,
      priority,
      weight,
      enforceCertificateNameCheck: true,
    },
  };
}

function groupNamed(groups: readonly OriginGroup[], name: string): OriginGroup {
  const found = groups.find((group) => keyOf(group.name) === keyOf(name));
  if (found) return found;
  throw new Error(
    `an endpoint of the seed names the origin group ${name}, which its profile has not`,
  );
}

function lastOf(id: string): string {
  return id.split("/").at(-1) ?? "";
}
