import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

/** What every application was made from, the newest last. */
const tags = ["1.4.0", "1.4.1"];
const repository = "mcp-server";

/** Where the images of an environment come from; one that names no registry has another team's. */
export function imageOf({ images }: Environment, tag: string): string {
  const name = images === undefined ? "mcpregistry" : parseResourceId(images.registry)?.name;
  return `${(name ?? "").toLowerCase()}.azurecr.io/${repository}:${tag}`;
}

/**
 * The registries of the estate with the images that its apps are made from. One that has no other
 * beside it is replicated to the recovery side.
 */
export function seededRegistries(environments: readonly Environment[]) {
  const registries = new Map<string, { id: string; location: string; replications: string[] }>();
  for (const { images, primaryRegion, secondaryRegion, recoveryRegion } of environments) {
    if (images === undefined) continue;
    const other = secondaryRegion ?? recoveryRegion;
    const { registry, recoveryRegistry } = images;
    const replications = recoveryRegistry === undefined ? [other] : [];
    registries.set(registry.toLowerCase(), { id: registry, location: primaryRegion, replications });
    if (recoveryRegistry === undefined) continue;
    const beside = { id: recoveryRegistry, location: other, replications: [] };
    registries.set(recoveryRegistry.toLowerCase(), beside);
  }
  const all = [...registries.values()];
  return {
    resourceGroups: all.map(({ id, location }) => {
      const { subscription = "", group = "" } = parseResourceId(id) ?? {};
      return [`/subscriptions/${subscription}/resourceGroups/${group}`, location] as const;
    }),
    registries: all.map((registry) => ({
      ...registry,
      images: tags.map((tag) => ({ repository, tag })),
    })),
  };
}
