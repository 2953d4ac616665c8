import { existsSync } from "node:fs";
import path from "node:path";

/** The checkout this file belongs to, whether it runs compiled or from source. */
export const repository: string = (() => {
  let folder = __dirname;
  while (!existsSync(path.join(folder, "host.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("there is no host.json above this program");
    folder = parent;
  }
  return folder;
})();

/** Where a compiled program lies; child processes run compiled code. */
export const compiled = (file: string): string => path.join(repository, "dist", file);
