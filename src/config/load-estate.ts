import { readFileSync } from "node:fs";
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
  return parsed.success
    ? { ok: true, estate: parsed.data }
    : {
        ok: false,
        findings: findingsOf(parsed.error).map(
          ({ path, message }) => `${path === "" ? "(the whole)" : path}: ${message}`,
        ),
      };
}
