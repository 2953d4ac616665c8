import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { referencePage, referenceText } from "./estate-reference-text.js";

/*
 * npm run estate-reference
 * Writes docs/estate-reference.md from the schema of the estate and the sample.
 */
const root = path.join(__dirname, "../..");
const sample = JSON.parse(
  readFileSync(path.join(root, "config/estate.sample.json"), "utf8"),
) as object;
writeFileSync(path.join(root, referencePage), referenceText(sample));
