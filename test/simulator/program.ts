import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program on PATH; undefined where this machine does not have it. */
export function findOnPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
