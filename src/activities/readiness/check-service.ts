import type { ControlPlane } from "../../azure/control-plane.js";
import { classifyError } from "../../azure/classify-error.js";
import type { EnvironmentName } from "../../domain/environment-name.js";
import type { Environment } from "../../domain/estate.js";
import type { Instant } from "../../domain/instant.js";
import type { CheckResult, Found } from "../../domain/readiness/readiness.js";
import {
  channelFinding,
  checklistFinding,
  clockFinding,
} from "../../domain/readiness/service-findings.js";
import type { StateStore } from "../../state/state-store.js";
import { checked } from "./checked.js";

/** What the checks of this service itself look with. */
export interface ServicePorts {
  readonly store: Pick<StateStore, "readiness">;
  readonly controlPlane: Pick<ControlPlane, "time">;
  /** Whether what a channel keeps out of the estate is set. */
  readonly hasSecret: (setting: string) => boolean;
}

/** Whether this service can remember, tells the right time, and can tell people. */
export async function checkService(
  { store, controlPlane, hasSecret }: ServicePorts,
  environment: EnvironmentName,
  estate: Environment,
  now: () => Instant,
): Promise<readonly CheckResult[]> {
  const results = await Promise.all([
    checked(["state-store"], async () => [
      { check: "state-store", found: await storeFindings(store, environment, now()) },
    ]),
    checked(["clock"], async () => {
      const before = Date.parse(now());
      const azure = Date.parse(await controlPlane.time(estate.subscriptionId));
      return [clockFinding((before + Date.parse(now())) / 2 - azure)];
    }),
  ]);
  return [...results.flat(), channelFinding(estate, hasSecret), checklistFinding(estate)];
}

async function storeFindings(
  store: Pick<StateStore, "readiness">,
  environment: EnvironmentName,
  at: Instant,
): Promise<Found[]> {
  try {
    await store.readiness.probe(`${environment} ${at}`);
    return [];
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    return [
      {
        about: "state-store",
        level: "not-ready",
        what: `the state store cannot be written and read: ${failure.code}; no recovery could be started`,
        remedy:
          "see the state account of this service, its network rules and the role Storage Blob Data Contributor of this service there",
      },
    ];
  }
}
