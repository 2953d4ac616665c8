import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { definitionsFile, permissionsPage, withTables } from "./role-texts.js";

/*
 * npm run roles
 * Writes what src/domain/service-roles.ts says into the templates and into docs/permissions.md.
 */
const root = path.join(__dirname, "../..");
const page = path.join(root, permissionsPage);
writeFileSync(path.join(root, definitionsFile.path), definitionsFile.text());
writeFileSync(page, withTables(readFileSync(page, "utf8")));
