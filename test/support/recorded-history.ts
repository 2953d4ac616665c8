import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { compareVersions } from "../../local/host/durable/version-rule.js";
import { atVersion, currentVersion, type Replayed } from "./replay-driver.js";

/*
 * The orders of steps that runs in flight depend on, by the version that they were begun on:
 * test/histories/<version>/<name>.json has what changed with that version. The versions in
 * released.json have been deployed somewhere, so their orders stay.
 */

interface Recorded {
  readonly folder: string;
  readonly current: string;
  readonly released: readonly string[];
  readonly update: boolean;
}

/** Drives an orchestrator on every version that runs may be on, and holds it to the order of each. */
export const keepsToHistory = historiesOf(
  ((folder: string) => ({
    folder,
    current: currentVersion,
    released: JSON.parse(readFileSync(path.join(folder, "released.json"), "utf8")) as string[],
    update: process.env["UPDATE_HISTORIES"] === "1",
  }))(path.join(__dirname, "../histories")),
);

export function historiesOf({ folder, current, released, update }: Recorded) {
  const fileOf = (version: string, name: string): string =>
    path.join(folder, version, `${name}.json`);
  const versions = readdirSync(folder, { withFileTypes: true })
    .flatMap((each) => (each.isDirectory() ? [each.name] : []))
    .sort(compareVersions);
  const newest = versions.at(-1) ?? current;
  if (compareVersions(newest, current) > 0) {
    throw new Error(`there are histories of ${newest}, but host.json has ${current}: raise it`);
  }

  /** What runs on a version go by: recorded with it, or with the last one before that had a change. */
  const orderOn = (version: string, name: string): unknown => {
    const from = versions.findLast(
      (each) => compareVersions(each, version) <= 0 && existsSync(fileOf(each, name)),
    );
    return from && JSON.parse(readFileSync(fileOf(from, name), "utf8"));
  };

  const record = (name: string, order: unknown, outline: readonly string[]): void => {
    // A path that nobody has tested before may be recorded; another order of a known one may not.
    if (order !== undefined && released.includes(current)) return;
    mkdirSync(path.join(folder, current), { recursive: true });
    if (!versions.includes(current)) versions.push(current);
    writeFileSync(fileOf(current, name), `${JSON.stringify(outline, null, 2)}\n`);
  };

  return async <Run extends Pick<Replayed, "outline">>(
    name: string,
    begin: () => Promise<Run>,
  ): Promise<Run> => {
    for (const version of versions.filter((each) => each !== current)) {
      const order = orderOn(version, name);
      if (order === undefined) continue;
      const { outline } = await atVersion(version, begin);
      same(outline, order, `${name}: ${branch(version, current)}`);
    }
    const run = await atVersion(current, begin);
    const order = orderOn(current, name);
    if (update && !isDeepStrictEqual(order, run.outline)) record(name, order, run.outline);
    const advice = released.includes(current) ? bump(current) : unreleased(current);
    same(run.outline, orderOn(current, name), `${name}: ${advice}`);
    return run;
  };
}

function same(outline: readonly string[], order: unknown, advice: string): void {
  try {
    expect(outline).toEqual(order);
  } catch (error) {
    throw new Error(`${advice}\n\n${(error as Error).message}`, { cause: error });
  }
}

const how = "CONTRIBUTING.md, Changing the order of steps, goes through it";

const bump = (current: string): string =>
  `the order of steps has changed, and runs on the released version ${current} are in flight with the old one. Raise defaultVersion in host.json, keep the old order where startedBefore(<the new version>), then UPDATE_HISTORIES=1. ${how}.`;

const branch = (version: string, current: string): string =>
  `a run that was begun on ${version} would not find its old order of steps again. Keep it where startedBefore("${current}"). ${how}.`;

const unreleased = (current: string): string =>
  `the order of steps is not the recorded one. Where that is meant, UPDATE_HISTORIES=1 writes it down: no run is in flight on ${current}, which is not released yet. ${how}.`;
