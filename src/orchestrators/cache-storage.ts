import type { Environment } from "../domain/estate.js";

/** The accounts that an environment's caches may exchange files with. */
export const cacheStorageOf = ({
  storage: { primary, secondary },
  redis: { staging },
}: Environment): {
  primary: string;
  secondary?: string | undefined;
  staging?: string | undefined;
} => ({
  primary,
  secondary,
  staging,
});
