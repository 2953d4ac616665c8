import { probeHealth } from "../../src/activities/container-app.contract.js";
import { compareVaults } from "../../src/activities/key-vault-failure.contract.js";
import * as side from "../../src/activities/standby.contract.js";
import { milliseconds } from "../../src/domain/duration.js";
import { accountPatient, hostNameOf, other, type AccountTraits } from "./account-patient.js";
import { production } from "./cache-patient.js";
import { regionPatient, type RegionTraits } from "./region-patient.js";
import { stub } from "./replay-driver.js";

/** A region that is well again while users are in the other one, and all goes well unless a field says otherwise. */
export interface HomecomingTraits extends Partial<Omit<RegionTraits, "well" | "account">> {
  readonly accounts?: Partial<AccountTraits>;
  /** The steps in which the primary app is not well. */
  readonly unwellIn?: readonly ("soak" | "verify-app" | "soak-afterwards")[];
  /** Whether the primary app can be asked, and whether the other one says what it uses. */
  readonly hasIngress?: boolean;
  readonly saysWhatItUses?: boolean;
  /** Secrets that are still another value at home in the end. */
  readonly secretsLeft?: number;
}

export function homecomingPatient(traits: HomecomingTraits = {}) {
  const { accounts, unwellIn = [], hasIngress = true, saysWhatItUses = true, ...others } = traits;
  const { secretsLeft = 0, ...more } = others;
  const region = regionPatient({
    verdicts: ["up"],
    on: ["secondary"],
    ...more,
    vault: { used: "secondary", condition: "healthy", ...more.vault },
    cache: { heals: "already", active: "secondary", standby: "none", ...more.cache },
  });
  const account = accountPatient({ used: "secondary", condition: "healthy", ...accounts });
  const observed = account.stubs.filter(({ name }) => name === "observeAccount");
  const own = [
    stub(side.observeSide, ({ app }) => ({
      ...(hasIngress ? { fqdn: "app.example" } : {}),
      ...{ serving: ["app--v41"], ready: 2, minReplicas: 2, images: ["mcp:1"] },
      ...{ answers: true, healthy: true, detail: "2 replicas" },
      ...(app === production.containerApp.secondary && saysWhatItUses
        ? {
            vault: "https://mcp-server-prod-kv-dr.vault.azure.net/",
            storage: `https://${hostNameOf(other)}`,
          }
        : {}),
    })),
    stub(probeHealth, (_input, { step }) => {
      const healthy = !unwellIn.some((id) => id === step);
      const detail = healthy ? "HTTP 200, healthy" : "HTTP 503, unhealthy";
      return { healthy, latency: milliseconds(9), detail };
    }),
    stub(compareVaults, (_input, { step }) => ({
      ...{ done: 3, toBring: step.startsWith("check-secrets") ? secretsLeft : 1 },
      ...{ newerThere: [...(more.vault?.newerAtHome ?? [])], left: [], detail: "compared" },
    })),
  ];
  return { ...region, stubs: [...account.stubs, ...region.stubs, ...observed, ...own] };
}
