import type { CdnProfile } from "../front-door/state.js";
import type { World } from "../world/world.js";

/** What the edge serves and from where, beside what Resource Manager has been told. */
export function edgeState(profile: CdnProfile, { edge, timeline, conditions }: World): unknown {
  const now = timeline.now();
  return {
    id: profile.id,
    stale: conditions.isEdgeStale(profile.id),
    endpoints: profile.endpoints.map((endpoint) => {
      const located = { profile, endpoint };
      const next = edge.next(located)?.origin;
      return {
        hostName: endpoint.hostName,
        customDomains: endpoint.customDomains,
        servesFrom: next && {
          origin: next.name,
          hostName: next.settings.hostName,
          originHostHeader: next.settings.originHostHeader,
        },
        origins: (edge.serving(located)?.origins ?? []).map((served) => ({
          name: served.name,
          hostName: served.settings.hostName,
          enabled: served.settings.enabled,
          healthy: edge.isHealthy(located, served),
          configured: endpoint.group.origins.find(({ id }) => id === served.id)?.settings.hostName,
        })),
        kept: [...endpoint.kept.values()]
          .filter(({ until }) => until > now)
          .map(({ path }) => path),
      };
    }),
  };
}
