import type { Source } from "./sources.js";

/** How one service of a region looks from here; what stands in another region says nothing of this one. */
export interface RegionLook {
  readonly service: string;
  readonly isApp: boolean;
  readonly seen: "answers" | "silent" | "elsewhere";
}

/**
 * What our own looks at a region amount to. The app is what users miss: while it answers the region is not
 * down, and while more answer than are silent its silence is its own. A vault may answer from the paired region.
 */
export function ownProbe(looks: readonly RegionLook[]): Source {
  const names = (seen: RegionLook["seen"]): string[] =>
    looks.filter((look) => look.seen === seen).map(({ service }) => service);
  const [silent, answering] = [names("silent"), names("answers")];
  const appIsSilent = looks.some(({ isApp, seen }) => isApp && seen === "silent");
  const isDown = appIsSilent && silent.length >= 2 && silent.length > answering.length;
  const isUp = answering.length > silent.length;
  return {
    kind: "own-probe",
    says: isDown ? "failed" : isUp ? "well" : "unknown",
    detail: [
      ...(silent.length === 0 ? [] : [`no answer from ${silent.join(", ")}`]),
      ...(answering.length === 0 ? [] : [`${answering.join(", ")} answered`]),
    ].join("; "),
  };
}

/**
 * Whether a region is down. That this service alone cannot connect is a finding about the service, so
 * somebody else has to say so too. What answers us is up, whatever one of the others says; against two of
 * them, such as where a part of the region is down, it is for a person to say.
 */
export function regionVerdict(sources: readonly Source[]): "down" | "up" | "unclear" {
  const saying = (says: Source["says"]): readonly Source["kind"][] =>
    sources.filter((source) => source.says === says).map(({ kind }) => kind);
  const failed = saying("failed");
  if (saying("well").includes("own-probe")) return new Set(failed).size >= 2 ? "unclear" : "up";
  return failed.includes("own-probe") && new Set(failed).size >= 2 ? "down" : "unclear";
}
