import { classifyError } from "../../azure/classify-error.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { concluded, toldOf } from "../../domain/readiness/readiness.js";
import { readinessMeasures } from "../../domain/run-measures.js";
import type { RunTelemetry } from "../../domain/telemetry.js";
import { readinessNotice } from "../../domain/readiness/notice-of-readiness.js";
import type { Activity } from "../../durable/activity-contract.js";
import type { StateStore } from "../../state/state-store.js";
import * as contract from "../readiness.contract.js";
import { checkAlerting, type AlertingPorts } from "./check-alerting.js";
import { checkBackups, type BackupPorts } from "./check-backups.js";
import { checkImages, type ImagePorts } from "./check-images.js";
import { checkRecoveryResources, type ResourcePorts } from "./check-recovery-resources.js";
import { checkReplication, type ReplicationPorts } from "./check-replication.js";
import { checkRights, type RightsPorts } from "./check-rights.js";
import { checkSecretParity, type SecretPorts } from "./check-secret-parity.js";
import { checkService, type ServicePorts } from "./check-service.js";
import { checkStandbyApp, type StandbyPorts } from "./check-standby-app.js";
import { checkTraffic, type TrafficPorts } from "./check-traffic.js";

type CheckPorts = RightsPorts &
  ResourcePorts &
  BackupPorts &
  SecretPorts &
  ReplicationPorts &
  TrafficPorts &
  StandbyPorts &
  ImagePorts &
  AlertingPorts &
  ServicePorts & { readonly store: StateStore; readonly telemetry: RunTelemetry };

/** Everything an evaluation does: its checks, its record, and what people are told of it. */
export function readinessActivities(ports: CheckPorts): readonly Activity[] {
  const { store, telemetry } = ports;
  return [
    contract.checkRights.implementedBy(classifyError, async ({ estate }) =>
      said(await checkRights(ports, estate)),
    ),
    contract.checkRecoveryResources.implementedBy(classifyError, async ({ estate }) =>
      said(await checkRecoveryResources(ports, estate)),
    ),
    contract.checkBackups.implementedBy(classifyError, async ({ environment, estate }, { now }) =>
      said(await checkBackups(ports, environment, estate, now())),
    ),
    contract.checkSecretParity.implementedBy(classifyError, async ({ estate }) =>
      said(await checkSecretParity(ports, estate)),
    ),
    contract.checkReplication.implementedBy(classifyError, async ({ estate }, { now }) =>
      said(await checkReplication(ports, estate, now())),
    ),
    contract.checkTraffic.implementedBy(classifyError, async ({ estate }) =>
      said(await checkTraffic(ports, estate)),
    ),
    contract.checkStandbyApp.implementedBy(classifyError, async ({ estate }) =>
      said(await checkStandbyApp(ports, estate)),
    ),
    contract.checkImages.implementedBy(classifyError, async ({ estate }) =>
      said(await checkImages(ports, estate)),
    ),
    contract.checkAlerting.implementedBy(classifyError, async ({ estate }) =>
      said(await checkAlerting(ports, estate)),
    ),
    contract.checkService.implementedBy(classifyError, async ({ environment, estate }, { now }) =>
      said(await checkService(ports, environment, estate, now)),
    ),

    contract.concludeReadiness.implementedBy(
      classifyError,
      async ({ environment, estate, results }, { now }) => {
        const at = now();
        const record = await store.readiness.change(environment, (standing) =>
          concluded(standing, results, { environment, estate, at }),
        );
        for (const measure of readinessMeasures(record)) telemetry.measure(measure);
        await telemetry.flush();
        const notice = readinessNotice(record, estate);
        const count = record.checks.flatMap(({ findings }) => findings).length;
        return {
          changed: true,
          detail: `${results.length} checks; ${count} findings in all`,
          ...(notice === undefined || record.pending === undefined
            ? {}
            : { tell: { notice, pending: record.pending } }),
        };
      },
    ),

    contract.rememberTold.implementedBy(classifyError, async ({ environment, pending }) => {
      await store.readiness.change(environment, (standing) => {
        if (standing === undefined) throw new Error("there is no record of readiness any more");
        return toldOf(standing, pending);
      });
      return { changed: true, detail: "remembered" };
    }),
  ];
}

const said = (results: readonly CheckResult[]) => {
  const count = results.flatMap(({ found }) => found).length;
  return { results: [...results], detail: `${results.length} checks, ${count} findings` };
};
