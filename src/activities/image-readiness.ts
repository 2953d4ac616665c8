import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { ContainerRegistries, RegistryView } from "../azure/container-registries.js";
import { days } from "../domain/duration.js";
import type { Environment } from "../domain/estate.js";
import { type ImageReference, parseImage } from "../domain/image-reference.js";
import { shortNameOf } from "../domain/resource-id.js";
import { knownGoodRevisions, servingRevisions } from "./container-app.js";

/** Whether something of a recovery would work right now, and what to do where it would not. */
export interface ImageFinding {
  readonly state: "ok" | "degraded" | "not-ready";
  readonly what: string;
  readonly remedy?: string;
}

/** An image that a recovery needs, and how much it is needed. */
interface NeededImage {
  readonly image: string;
  readonly of: string;
  /** What it means that it cannot be had. */
  readonly without: "degraded" | "not-ready";
}

/**
 * Whether the images that a recovery makes replicas from can be pulled in a region while the primary
 * one is down: those of the revision that serves, and of the one that a recovery would go back to.
 */
export async function imageReadiness(
  { apps, registries }: { readonly apps: ContainerApps; readonly registries: ContainerRegistries },
  { containerApp, images }: Pick<Environment, "containerApp" | "images">,
  region: string,
): Promise<readonly ImageFinding[]> {
  if (images === undefined) {
    return [
      {
        state: "degraded",
        what: "nobody can tell whether the app's images outlive its region",
        remedy: "name the registry as images.registry in the estate",
      },
    ];
  }
  return orUnknown(`the images of ${shortNameOf(containerApp.primary)}`, async () => {
    const [home, recovery, needed] = await Promise.all([
      registries.registry(images.registry),
      images.recoveryRegistry === undefined
        ? undefined
        : registries.registry(images.recoveryRegistry),
      neededImages(apps, containerApp.primary),
    ]);
    const place = placeOfImages(images, { home, recovery }, region);
    const kept = [home, recovery].flatMap((registry) =>
      registry === undefined ? [] : [retentionOf(registry, images.retention)],
    );
    if ("state" in place) return [place, ...kept];
    const found = await Promise.all(
      needed.map((each) => foundIn(registries, each, { home, place, region })),
    );
    return [...found.flat(), ...kept];
  });
}

/** The registry that serves images in a region, or why there is none. */
function placeOfImages(
  { registry, recoveryRegistry }: NonNullable<Environment["images"]>,
  seen: { readonly home: RegistryView | undefined; readonly recovery: RegistryView | undefined },
  region: string,
): RegistryView | ImageFinding {
  const [named, place] =
    recoveryRegistry === undefined ? [registry, seen.home] : [recoveryRegistry, seen.recovery];
  const name = shortNameOf(named);
  if (place === undefined) {
    return {
      state: "not-ready",
      what: `there is no registry ${name}`,
      remedy: "make it, or correct images in the estate",
    };
  }
  if (place.regions.includes(region)) return place;
  return {
    state: "not-ready",
    what: `${name} serves images from ${place.regions.join(", ")} alone; without that no new replica starts in ${region}`,
    remedy:
      place.sku === "Premium"
        ? `az acr replication create --registry ${name} --location ${region}`
        : `make ${name} Premium and replicate it to ${region}, or name a registry there as images.recoveryRegistry`,
  };
}

async function neededImages(apps: ContainerApps, id: string): Promise<readonly NeededImage[]> {
  const [app, revisions] = await Promise.all([apps.app(id), apps.revisions(id)]);
  const serving = servingRevisions(app, revisions);
  const [knownGood] = knownGoodRevisions(revisions, serving);
  const needed = new Map<string, NeededImage>();
  const need = (name: string, without: NeededImage["without"]): void => {
    for (const image of revisions.find((each) => each.name === name)?.images ?? []) {
      if (!needed.has(image)) needed.set(image, { image, of: name, without });
    }
  };
  for (const name of serving) need(name, "not-ready");
  if (knownGood !== undefined) need(knownGood.name, "degraded");
  return [...needed.values()];
}

interface Place {
  readonly home: RegistryView | undefined;
  readonly place: RegistryView;
  readonly region: string;
}

async function foundIn(
  registries: ContainerRegistries,
  { image, of, without }: NeededImage,
  { home, place, region }: Place,
): Promise<readonly ImageFinding[]> {
  const { host, repository, reference } = parseImage(image);
  if (![home?.loginServer, place.loginServer].includes(host)) {
    const what = `${image} of ${of} comes from ${host}; whether it can be had while a region is down is not known`;
    return [{ state: "degraded", what, remedy: copyOf(place, image) }];
  }
  return orUnknown(`${image} in ${place.name}`, async () => {
    const there = await registries.digest(place.loginServer, repository, reference);
    if (there === undefined) {
      const what = `${image} of ${of} is not in ${place.name}, from which ${region} pulls`;
      return [{ state: without, what, remedy: copyOf(place, image) }];
    }
    if (await differs(registries, { host, repository, reference }, place.loginServer, there)) {
      const what = `${repository}:${reference} of ${of} is another image in ${place.name} than in the registry that it came from`;
      return [{ state: "degraded", what, remedy: `${copyOf(place, image)} --force` }];
    }
    return [{ state: "ok", what: `${image} of ${of} can be pulled in ${region}` }];
  });
}

/** Whether a tag means something else where it came from; where that cannot be seen, it is not held against it. */
async function differs(
  registries: ContainerRegistries,
  { host, repository, reference }: ImageReference,
  loginServer: string,
  digest: string,
): Promise<boolean> {
  if (host === loginServer) return false;
  const original = await registries.digest(host, repository, reference).catch((error: unknown) => {
    if (classifyError(error) === null) throw error;
    return undefined;
  });
  return original !== undefined && original !== digest;
}

const copyOf = ({ name }: RegistryView, image: string): string =>
  `az acr import --name ${name} --source ${image}`;

function retentionOf({ name, retentionDays }: RegistryView, wanted: number): ImageFinding {
  const wantedDays = wanted / days(1);
  if (retentionDays === undefined) {
    return { state: "ok", what: `${name} keeps images without a tag for ever` };
  }
  const what = `${name} keeps images without a tag for ${retentionDays} days`;
  if (retentionDays >= wantedDays) return { state: "ok", what };
  return {
    state: "degraded",
    what: `${what}; ${wantedDays} are wanted`,
    remedy: `az acr config retention update --registry ${name} --status enabled --days ${wantedDays} --type UntaggedManifests`,
  };
}

/** What cannot be looked at is no proof that anything is wrong, and none that it works. */
async function orUnknown(
  what: string,
  look: () => Promise<readonly ImageFinding[]>,
): Promise<readonly ImageFinding[]> {
  try {
    return await look();
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    const { code, message } = failure;
    return [
      {
        state: "degraded",
        what: `${what} cannot be looked at: ${message} (${code})`,
        remedy: /http-40[13]|Authorization|Forbidden/.test(code)
          ? "give the service's identity the roles Reader and AcrPull at the registries"
          : "look again; what stays unreachable will not help in a recovery",
      },
    ];
  }
}
