import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const LocalSettings = z.object({
  IsEncrypted: z.literal(false).optional(),
  Values: z.record(z.string(), z.string()).optional(),
});

/** The Values of local.settings.json; empty where there is no such file. */
export function readLocalSettings(appDirectory: string): Readonly<Record<string, string>> {
  const file = path.join(appDirectory, "local.settings.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return LocalSettings.parse(JSON.parse(text)).Values ?? {};
  } catch (error) {
    throw new Error(
      `cannot read ${file}: ${(error as Error).message}; it must hold {"IsEncrypted": false, "Values": {NAME: text}}`,
      { cause: error },
    );
  }
}
