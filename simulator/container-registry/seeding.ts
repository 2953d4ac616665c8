import { createHash } from "node:crypto";
import { z } from "zod";
import { seededId } from "../world/seeded-id.js";
import { regionOf } from "../world/names.js";
import { type Manifest, type Registry, SKU_NAMES } from "./state.js";

/** A registry and what was pushed into it. */
export const SeedRegistry = z
  .strictObject({
    id: seededId("Microsoft.ContainerRegistry/registries").refine(
      (id) => /\/[a-zA-Z0-9]{5,50}$/.test(id),
      { error: "must end in a name of 5 to 50 letters and digits" },
    ),
    location: z.string().min(1),
    sku: z.enum(SKU_NAMES).default("Premium"),
    /** Days that a manifest without a tag is kept; without it the policy is off. */
    retentionDays: z.int().min(0).max(365).optional(),
    /** Regions that it is replicated to, its own left out. */
    replications: z.array(z.string().min(1)).default([]),
    images: z
      .array(
        z.strictObject({
          repository: z
            .string()
            .regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, "must be the name of a repository"),
          tag: z.string().regex(/^\w[\w.-]{0,127}$/, "must be a tag"),
          /** Tells builds of one tag apart: the same everywhere unless it is said. */
          build: z.string().default("1"),
        }),
      )
      .default([]),
  })
  .refine(
    ({ sku, replications, retentionDays }) =>
      sku === "Premium" || (replications.length === 0 && retentionDays === undefined),
    { error: "has replications or a retention, which only a Premium registry can have" },
  );
type SeedRegistry = z.infer<typeof SeedRegistry>;

export function seedRegistry(seed: SeedRegistry): Registry {
  const images = new Map<string, Manifest[]>();
  for (const image of seed.images) {
    const known = images.get(image.repository) ?? [];
    images.set(image.repository, [...known, manifestOf(image)]);
  }
  return {
    id: seed.id,
    name: (seed.id.split("/").at(-1) ?? "").toLowerCase(),
    region: regionOf(seed.location),
    sku: seed.sku,
    // What the seed holds was made long ago.
    createdAt: 0,
    replications: seed.replications.map((location) => ({
      region: regionOf(location),
      endpointEnabled: true,
    })),
    images,
    tags: {},
    adminUserEnabled: false,
    retention: {
      status: seed.retentionDays === undefined ? "disabled" : "enabled",
      days: seed.retentionDays ?? 7,
      updatedAt: 0,
    },
  };
}

/** A manifest follows from what it is of: a copy in another registry has the same digest. */
function manifestOf({
  repository,
  tag,
  build,
}: {
  readonly repository: string;
  readonly tag: string;
  readonly build: string;
}): Manifest {
  const part = (what: string, size: number): object => ({
    mediaType: `application/vnd.docker.${what}`,
    size,
    digest: digestOf([repository, tag, build, what].join("\n")),
  });
  const content = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: part("container.image.v1+json", 1469),
    layers: [part("image.rootfs.diff.tar.gzip", 28_566_134)],
  });
  return { tag, digest: digestOf(content), content };
}

export const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";

const digestOf = (text: string): string =>
  `sha256:${createHash("sha256").update(text).digest("hex")}`;
