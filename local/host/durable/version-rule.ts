import type { DurableConfig } from "../host-json.js";

/** Whether this host may run an instance of the given version, as `versionMatchStrategy` of host.json says. */
export function mayRun(
  version: string | null,
  config: Pick<DurableConfig, "defaultVersion" | "versionMatchStrategy">,
): boolean {
  const own = config.defaultVersion;
  if (own === undefined || own === "") return true;
  switch (config.versionMatchStrategy) {
    case "None":
      return true;
    case "Strict":
      return version === own;
    case "CurrentOrOlder":
      return version === null || compareVersions(version, own) <= 0;
  }
}

/** Compares part by part, numerically where both parts are numbers: 1.10 is newer than 1.9. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [x = "0", y = "0"] = [left[index], right[index]];
    const difference =
      /^\d+$/.test(x) && /^\d+$/.test(y) ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (difference !== 0) return difference;
  }
  return 0;
}
