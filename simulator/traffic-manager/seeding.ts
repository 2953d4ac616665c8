import { z } from "zod";
import { keyOf, parseResourceId } from "../arm/resource-id.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { World } from "../world/world.js";
import { draftOf } from "./draft.js";
import { checkProfile, PROFILE_TYPE } from "./rules.js";
import { EndpointProperties, ProfileProperties } from "./schema.js";
import type { TrafficProfile } from "./state.js";

/** A profile of the seed: the properties of a PUT, and `containerApp` in place of a target that only ARM knows. */
export const SeedTrafficProfile = z.strictObject({
  id: z.string().refine((id) => keyOf(parseResourceId(id)?.type ?? "") === keyOf(PROFILE_TYPE), {
    error: `must be a resource id of type ${PROFILE_TYPE}`,
  }),
  ...ProfileProperties.shape,
  endpoints: z.array(
    z.strictObject({
      name: z.string().min(1),
      type: z.enum(["ExternalEndpoints", "NestedEndpoints"]).default("ExternalEndpoints"),
      containerApp: z.string().startsWith("/subscriptions/").optional(),
      ...EndpointProperties.shape,
    }),
  ),
});
export type SeedTrafficProfile = z.infer<typeof SeedTrafficProfile>;

/** Profiles that nest others come after these. */
export function seedTrafficProfiles(
  seeds: readonly SeedTrafficProfile[],
  world: Pick<World, "trafficManagerProfiles" | "containerApps" | "environments">,
): void {
  const waiting = [...seeds];
  while (waiting.length > 0) {
    const index = waiting.findIndex(({ endpoints }) =>
      endpoints.every(
        ({ targetResourceId }) =>
          !waiting.some(({ id }) => keyOf(id) === keyOf(targetResourceId ?? "")),
      ),
    );
    const [next] = waiting.splice(Math.max(0, index), 1);
    if (next) add(next, world);
  }
}

function add(
  { id, endpoints, ...properties }: SeedTrafficProfile,
  world: Pick<World, "trafficManagerProfiles" | "containerApps" | "environments">,
): void {
  const draft = draftOf(
    {
      location: "global",
      properties: {
        ...properties,
        endpoints: endpoints.map(({ name, type, containerApp, ...endpoint }) => ({
          name,
          type,
          properties: {
            ...endpoint,
            ...(containerApp !== undefined && { target: hostOf(containerApp, world) }),
          },
        })),
      },
    },
    undefined,
  );
  checkProfile({ id, ...draft }, world.trafficManagerProfiles);
  const profile: TrafficProfile = {
    id,
    name: id.split("/").at(-1) ?? "",
    ...draft,
    probesFrom: 0,
    releases: [],
    statuses: [],
    queries: [],
  };
  world.trafficManagerProfiles.set(keyOf(id), profile);
}

function hostOf(
  id: string,
  { containerApps, environments }: Pick<World, "containerApps" | "environments">,
): string {
  const app = containerApps.get(keyOf(id));
  const domain = environments.get(app?.environmentKey ?? "")?.defaultDomain;
  if (app === undefined || domain === undefined) {
    throw new Error(
      `a Traffic Manager endpoint of the seed names the app ${id}, which it does not list`,
    );
  }
  return fqdnOf(app, domain);
}
