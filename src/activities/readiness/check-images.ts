import type { ContainerApps } from "../../azure/container-apps.js";
import type { ContainerRegistries } from "../../azure/container-registries.js";
import type { Environment } from "../../domain/estate.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { imageReadiness } from "../image-readiness.js";
import { checked } from "./checked.js";

/** What the check of images looks with. */
export interface ImagePorts {
  readonly apps: ContainerApps;
  readonly registries: ContainerRegistries;
}

/** Whether new replicas could start in the other region while the primary one, and its registry, is down. */
export const checkImages = (
  ports: ImagePorts,
  estate: Environment,
): Promise<readonly CheckResult[]> =>
  checked(["recovery-images"], async () => {
    const { secondaryRegion: region } = estate;
    if (region === undefined) return [{ check: "recovery-images", found: [] }];
    const findings = await imageReadiness(ports, estate, region);
    const found = findings.flatMap(({ state, what, remedy = "" }) =>
      // What it begins with is the image or the registry that it is about.
      state === "ok" ? [] : [{ about: what.split(" ")[0] ?? "", level: state, what, remedy }],
    );
    return [{ check: "recovery-images", found }];
  });
