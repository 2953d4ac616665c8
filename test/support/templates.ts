import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(__dirname, "../../infra");

/** A resource as the compiler expands it; what only Azure can tell stays an expression in brackets. */
export interface PredictedResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly kind?: string;
  readonly sku?: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What the templates make of a parameter file, as it was recorded; `npm run templates` records it anew. */
export function madeBy(parameterFile: string): readonly PredictedResource[] {
  const text = readFileSync(path.join(folder, `${parameterFile}.snapshot.json`), "utf8");
  return (JSON.parse(text) as { predictedResources: PredictedResource[] }).predictedResources;
}

export const ofType = (
  resources: readonly PredictedResource[],
  type: string,
): readonly PredictedResource[] =>
  resources.filter((resource) => resource.type.toLowerCase() === type.toLowerCase());

/** Nobody deploys these: they take what the deployed ones leave at its default. */
const everyOption = "../test/infra/every-option";
const parametersIn = (place: string): string[] =>
  readdirSync(path.join(folder, place))
    .filter((file) => file.endsWith(".bicepparam"))
    .map((file) => path.posix.join(place, path.basename(file, ".bicepparam")));

/** Every parameter file, by its path from `infra` and without its ending. */
export const parameterFiles = [...parametersIn("."), ...parametersIn(everyOption)];

/** The text of every template and module, by its path. */
export const templateTexts: ReadonlyMap<string, string> = new Map(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".bicep"))
    .map((file) => [file, readFileSync(path.join(folder, file), "utf8")]),
);

const isThere = spawnSync("bicep", ["--version"]).status === 0;

/** A test that needs the compiler; where there is none, it says so by its name and is skipped. */
export function withBicep(
  name: string,
  test: (() => void) | (() => Promise<void>),
  timeout: number,
): void {
  if (isThere) it(name, test, timeout);
  else it.skip(`${name} (no bicep on the path)`, test);
}
