import { loadEstate } from "../src/config/load-estate.js";
import { catalogue } from "../src/scenarios/catalogue.js";

/*
 * npm run check-estate [-- FILE]
 * Says whether an estate file can be used, before it is packaged and deployed.
 */
const file = process.argv[2] ?? process.env["ESTATE_FILE"] ?? "config/estate.json";
const loaded = loadEstate(file);
if (loaded.ok) {
  const environments = Object.keys(loaded.estate.environments);
  console.log(`${file} can be used: ${environments.join(", ")}; ${catalogue.length} scenario(s).`);
} else {
  console.error(`${file} cannot be used:`);
  for (const finding of loaded.findings) console.error(`  ${finding}`);
  process.exitCode = 1;
}
