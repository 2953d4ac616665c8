import { readFileSync } from "node:fs";
import { query } from "jsonpath-rfc9535";
import { probedItems } from "../domain/checklist.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Estate } from "../domain/estate.js";
import { findingsOf } from "../domain/findings.js";

export type LoadedEstate =
  | { readonly ok: true; readonly estate: Estate }
  | { readonly ok: false; readonly findings: readonly string[] };

/** Reads and checks the estate file; what is wrong comes back as lines that name path and remedy. */
export function loadEstate(file: string): LoadedEstate {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {
      ok: false,
      findings: [
        `${file}: cannot be read; set ESTATE_FILE to the estate file that travels in the package`,
      ],
    };
  }
  return parseEstate(text, file);
}

export function parseEstate(text: string, file: string): LoadedEstate {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, findings: [`${file}: is not JSON: ${(error as Error).message}`] };
  }
  const parsed = Estate.safeParse(json);
  if (parsed.success) {
    const findings = pathFindings(parsed.data);
    return findings.length === 0 ? { ok: true, estate: parsed.data } : { ok: false, findings };
  }
  return {
    ok: false,
    findings: findingsOf(parsed.error).map(
      ({ path, message }) => `${path === "" ? "(the whole)" : path}: ${message}`,
    ),
  };
}

/** JSON paths that the library which follows them cannot read. */
function pathFindings({ environments }: Estate): readonly string[] {
  return EnvironmentName.options.flatMap((name) =>
    probedItems.flatMap((item) =>
      (environments[name]?.checklist.items[item] ?? []).flatMap((probe, index) => {
        const path = probe.kind === "http" ? probe.expect.jsonPath : undefined;
        if (path === undefined || isJsonPath(path)) return [];
        const where = `environments.${name}.checklist.items.${item}.${index}.expect.jsonPath`;
        return [`${where}: "${path}" is no JSON path (RFC 9535); write one such as $.status`];
      }),
    ),
  );
}

function isJsonPath(path: string): boolean {
  try {
    query({}, path);
    return true;
  } catch {
    return false;
  }
}
