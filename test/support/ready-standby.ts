import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { sampleEstate } from "./estates.js";

interface SeededVault {
  readonly id: string;
  readonly secrets: readonly { readonly name: string; readonly connectionStringOf?: string }[];
}

/** The estate's Azure with a standby in production that has its secrets already, and so is well. */
export function seedWithReadyStandby(): unknown {
  const estate = sampleEstate();
  const { keyVault, redis } = estate.environments.production!;
  const seed = seedFromEstate(estate) as { readonly keyVaults: readonly SeededVault[] };
  const active = seed.keyVaults.find(({ id }) => id === keyVault.primary);
  const secrets = (active?.secrets ?? []).map((secret) =>
    secret.connectionStringOf === undefined
      ? secret
      : { ...secret, connectionStringOf: redis.secondary },
  );
  return {
    ...seed,
    keyVaults: seed.keyVaults.map((vault) =>
      vault.id === keyVault.secondary ? { ...vault, secrets } : vault,
    ),
  };
}
