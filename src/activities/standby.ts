import type { AppProof } from "../azure/app-proof.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps, ContainerAppView } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import { sameHost } from "../domain/address.js";
import { seconds } from "../domain/duration.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { servingRevisions } from "./container-app.js";
import { ensure } from "./ensure.js";
import * as contract from "./standby.contract.js";

/** ARM shows an accepted change at once or after a few seconds. */
const changeSettling = seconds(5);

/** What is done with the app of one side as a whole. */
export function standbyActivities({
  apps,
  health,
  proof,
  store,
}: {
  readonly apps: ContainerApps;
  readonly health: HealthProbe;
  readonly proof: AppProof;
  readonly store: StateStore;
}): readonly Activity[] {
  return [
    contract.observeSide.implementedBy(classifyError, async ({ app: id, rule }) => {
      const [app, revisions] = await Promise.all([apps.app(id), apps.revisions(id)]);
      const serving = servingRevisions(app, revisions);
      const [replicas, probe] = await Promise.all([
        Promise.all(serving.map((revision) => apps.replicas(id, revision))),
        app.fqdn === undefined ? undefined : health.probe(app.fqdn, rule),
      ]);
      const ready = replicas.flat().filter((replica) => replica.ready).length;
      const { minReplicas, images, variables } = app;
      const { KEY_VAULT_URL: vault, STORAGE_ACCOUNT_URL: storage } = variables;
      const says = probe === undefined ? "it has no ingress" : probe.detail;
      return {
        ...(app.fqdn === undefined ? {} : { fqdn: app.fqdn }),
        serving,
        ready,
        minReplicas,
        images: [...images],
        answers: probe?.status !== undefined,
        healthy: probe?.healthy ?? false,
        ...(vault === undefined ? {} : { vault }),
        ...(storage === undefined ? {} : { storage }),
        detail: `${app.name}: ${ready} of at least ${minReplicas} replicas ready of ${images.join(", ")}; ${says}`,
      };
    }),

    contract.startSideChange.implementedBy(classifyError, (wanted, context) => {
      const { app: id, variables, minReplicas, suffix } = wanted;
      const revision = `${nameOf(id)}--${suffix}`;
      const what = [
        ...Object.entries(variables).map(([name, value]) => `${name} ${value}`),
        `${minReplicas} replicas at least`,
      ].join(", ");
      return ensure(store, context, contract.startSideChange, {
        resource: id,
        plan: () => ({ changed: true, revision, detail: `would make ${revision}: ${what}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          if ((await apps.revision(id, revision)) !== undefined) {
            return { changed: false, revision, detail: `${revision} exists` };
          }
          const app = await apps.app(id);
          return isSo(app, variables, minReplicas)
            ? { changed: false, detail: `${app.name} does so already: ${what}` }
            : undefined;
        },
        act: async () => ({
          changed: true,
          revision,
          operation: await apps.startVariableChange(id, variables, suffix, minReplicas),
          detail: `making ${revision}: ${what}`,
        }),
      });
    }),

    contract.proveSide.implementedBy(classifyError, async ({ fqdn, path, id }) =>
      proof.prove(fqdn, path.replace("{id}", encodeURIComponent(id)), `written by ${id}`),
    ),
  ];
}

/** Two spellings of one address are one; a new revision for a slash at the end would help nobody. */
const isSo = (
  { variables: told, minReplicas: kept }: ContainerAppView,
  variables: Readonly<Record<string, string>>,
  minReplicas: number,
): boolean =>
  kept >= minReplicas &&
  Object.entries(variables).every(([name, value]) => {
    const now = told[name];
    return now !== undefined && (now === value || sameHost(now, value));
  });

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;
