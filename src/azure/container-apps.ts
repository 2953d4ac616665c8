import type {
  ContainerApp,
  ContainerAppsAPIClient,
  Revision,
  TrafficWeight,
} from "@azure/arm-appcontainers" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import type { Instant } from "../domain/instant.js";
import { instantOf } from "../domain/instant.js";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AppConfiguration } from "../domain/readiness/app-drift.js";
import { configurationOf } from "./app-configuration.js";
import { lookOnce, type OperationState } from "./arm-operation.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { unlessMissing } from "./unless-missing.js";
import { withVariables } from "./variables-of-an-app.js";
import { movedSecrets, refersTo, secretReadersOf } from "./vault-of-an-app.js";

/** A container app as ARM shows it. States are open sets: Azure adds to them. */
export interface ContainerAppView {
  readonly name: string;
  readonly location: string;
  readonly mode: string;
  readonly provisioningState: string;
  readonly runningStatus: string;
  /** Where its ingress answers; absent without ingress. */
  readonly fqdn: string | undefined;
  readonly latestRevision: string | undefined;
  readonly latestReadyRevision: string | undefined;
  /**
   * The plain variables of the revision that has the traffic; those that come from secrets are left
   * out. A newer revision that does not serve yet says nothing of what the app uses.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** How many replicas the latest template keeps running at least. */
  readonly minReplicas: number;
  readonly images: readonly string[];
  readonly traffic: readonly { revision: string | undefined; latest: boolean; weight: number }[];
}

export interface RevisionView {
  readonly name: string;
  readonly active: boolean;
  readonly createdAt: Instant | undefined;
  readonly trafficWeight: number;
  readonly replicas: number;
  readonly provisioningState: string;
  readonly runningState: string;
  readonly healthState: string;
  /** Its own address, which answers whatever share of the traffic it has. */
  readonly fqdn: string | undefined;
  /** What its containers are made from, those that only prepare the others included. */
  readonly images: readonly string[];
}

export interface ReplicaView {
  readonly name: string;
  readonly createdAt: Instant | undefined;
  readonly runningState: string;
  readonly ready: boolean;
  readonly restartCount: number;
}

/** Whom an app is when it asks for secrets: an identity of its own, or one assigned to it. */
export interface AppIdentity {
  readonly principalId: string;
  /** `system`, or the name of the user-assigned identity. */
  readonly name: string;
}

/** Which vault an app is to use instead of another. */
export interface VaultMove {
  /** Addresses as the app names the one and ARM the other. */
  readonly from: string;
  readonly to: string;
  readonly suffix: string;
}

/** Container Apps, as far as recoveries use it. Ids are full ARM ids. */
export interface ContainerApps {
  app(id: string): Promise<ContainerAppView>;
  /** How the app is configured, field by field, without the values of its secrets. */
  configuration(id: string): Promise<AppConfiguration>;
  revisions(id: string): Promise<readonly RevisionView[]>;
  /** Undefined if there is no such revision. */
  revision(id: string, name: string): Promise<RevisionView | undefined>;
  replicas(id: string, revision: string): Promise<readonly ReplicaView[]>;
  restart(id: string, revision: string): Promise<void>;
  activate(id: string, revision: string): Promise<void>;
  /** The only active one leaves the app without a backend until it is activated again. */
  deactivate(id: string, revision: string): Promise<void>;
  /** Sends all traffic to one revision. Means something in multiple-revision mode only. */
  startTrafficShift(id: string, revision: string): Promise<string>;
  /** Makes a new revision from an old one's template. A fresh suffix is the idempotency key. */
  startRollForward(id: string, from: string, suffix: string): Promise<string>;
  /**
   * The identities that the app reads secrets with: the one its code takes tokens for, and those that
   * its Key Vault references name.
   */
  secretReaders(id: string): Promise<readonly AppIdentity[]>;
  /**
   * Makes one new revision that uses another vault: `KEY_VAULT_URL`, and each secret that refers to
   * the old vault refers to the one of the same name. Everything else stays as it is.
   */
  startVaultMove(id: string, move: VaultMove): Promise<string>;
  /**
   * Makes one new revision in which some plain variables have other values, and which keeps so many
   * replicas at least where that is given. All else stays as it is.
   */
  startVariableChange(
    id: string,
    variables: Readonly<Record<string, string>>,
    suffix: string,
    minReplicas?: number,
  ): Promise<string>;
  operation(id: string, token: string): Promise<OperationState>;
  /** The last lines of the revision's first replica that has a log. */
  logTail(id: string, revision: string, lines: number): Promise<string>;
}

export function containerApps(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): ContainerApps {
  const sdk = lazily(() => import("@azure/arm-appcontainers"));
  const clients = new Map<string, () => Promise<ContainerAppsAPIClient>>();
  // The SDK's retries are off, also for reads: it would wait out a Retry-After inside an activity,
  // and repeat a mutation where no claim sees it. Repeating is the orchestrator's decision alone.
  const client = (subscription: string): Promise<ContainerAppsAPIClient> => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { ContainerAppsAPIClient } = await sdk();
      return new ContainerAppsAPIClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentials: { scopes: [`${settings.armAudience}/.default`] },
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = (id: string) => {
    const parts = parseResourceId(id);
    if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
    return parts;
  };
  const getApp = async (id: string): Promise<ContainerApp> => {
    const { subscription, group, name } = place(id);
    return (await client(subscription)).containerApps.get(group, name, limit());
  };
  const submit = async (
    id: string,
    change: Pick<ContainerApp, "configuration" | "template">,
    location: string,
  ): Promise<string> => {
    const { subscription, group, name } = place(id);
    const azure = await client(subscription);
    const poller = azure.containerApps.update(group, name, { location, ...change }, limit());
    await poller.submitted();
    return poller.serialize();
  };

  return {
    async app(id) {
      const app = await getApp(id);
      const serving = servingIn(app);
      if (serving === undefined || serving === app.latestRevisionName) return viewOf(app);
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const revision = await unlessMissing(() =>
        azure.containerAppsRevisions.getRevision(group, name, serving, limit()),
      );
      return viewOf(app, revision?.template);
    },

    configuration: async (id) => configurationOf(id, await getApp(id)),

    async revisions(id) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const found: RevisionView[] = [];
      for await (const revision of azure.containerAppsRevisions.listRevisions(
        group,
        name,
        limit(),
      )) {
        found.push(revisionViewOf(revision));
      }
      return found;
    },

    async revision(id, revision) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      return unlessMissing(async () =>
        revisionViewOf(
          await azure.containerAppsRevisions.getRevision(group, name, revision, limit()),
        ),
      );
    },

    async replicas(id, revision) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const { value } = await azure.containerAppsRevisionReplicas.listReplicas(
        group,
        name,
        revision,
        limit(),
      );
      return value.map((replica) => ({
        name: replica.name ?? "",
        createdAt: replica.createdTime && instantOf(replica.createdTime),
        runningState: replica.runningState ?? "Unknown",
        ready: replica.containers?.every(({ ready }) => ready === true) ?? false,
        restartCount: Math.max(
          0,
          ...(replica.containers ?? []).map(({ restartCount }) => restartCount ?? 0),
        ),
      }));
    },

    async restart(id, revision) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      await azure.containerAppsRevisions.restartRevision(group, name, revision, limit());
    },

    async activate(id, revision) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      await azure.containerAppsRevisions.activateRevision(group, name, revision, limit());
    },

    async deactivate(id, revision) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      await azure.containerAppsRevisions.deactivateRevision(group, name, revision, limit());
    },

    async startTrafficShift(id, revision) {
      const app = await getApp(id);
      // Labels belong to people and their test addresses; they stay, without traffic.
      const labeled = (app.configuration?.ingress?.traffic ?? []).flatMap(
        ({ label, revisionName }): TrafficWeight[] =>
          label === undefined || revisionName === undefined || revisionName === revision
            ? []
            : [{ label, revisionName, weight: 0 }],
      );
      const label = app.configuration?.ingress?.traffic?.find(
        ({ revisionName }) => revisionName === revision,
      )?.label;
      const all: TrafficWeight = {
        revisionName: revision,
        weight: 100,
        ...(label === undefined ? {} : { label }),
      };
      const traffic: TrafficWeight[] = [all, ...labeled];
      return submit(id, { configuration: { ingress: { traffic } } }, app.location);
    },

    async startRollForward(id, from, suffix) {
      const { subscription, group, name } = place(id);
      const app = await getApp(id);
      const good = await (
        await client(subscription)
      ).containerAppsRevisions.getRevision(group, name, from, limit());
      if (good.template?.containers === undefined) {
        throw terminal("no-template", `revision ${from} has no template to roll forward with`);
      }
      // A merge patch keeps what it does not name, so what the good template lacks is named empty.
      const template = {
        initContainers: [],
        volumes: [],
        ...good.template,
        revisionSuffix: suffix,
      };
      return submit(id, { template }, app.location);
    },

    async secretReaders(id) {
      return secretReadersOf(await getApp(id));
    },

    async startVaultMove(id, move) {
      const app = await getApp(id);
      const template = withVariables(app, { KEY_VAULT_URL: move.to }, move.suffix);
      if (!refersTo(app, move.from)) return submit(id, { template }, app.location);
      // The list is replaced whole, and ARM shows it without values.
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const { value: known } = await azure.containerApps.listSecrets(group, name, limit());
      const secrets = movedSecrets(app, known, move);
      return submit(id, { template, configuration: { secrets } }, app.location);
    },

    async startVariableChange(id, variables, suffix, minReplicas) {
      const app = await getApp(id);
      const told = withVariables(app, variables, suffix);
      const { scale } = told;
      // Never fewer than it has: all users may be about to come.
      const least = Math.max(minReplicas ?? 0, scale?.minReplicas ?? 0);
      const template =
        minReplicas === undefined
          ? told
          : {
              ...told,
              scale: {
                ...scale,
                minReplicas: least,
                maxReplicas: Math.max(scale?.maxReplicas ?? 10, least),
              },
            };
      return submit(id, { template }, app.location);
    },

    async operation(id, token) {
      const { subscription } = place(id);
      const azure = await client(subscription);
      const { restorePoller } = await sdk();
      const poller = restorePoller(
        azure,
        token,
        azure.containerApps.update.bind(azure.containerApps),
      );
      return lookOnce(poller, limit());
    },

    async logTail(id, revision, lines) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const [{ token }, { value: replicas }] = await Promise.all([
        azure.containerApps.getAuthToken(group, name, limit()),
        azure.containerAppsRevisionReplicas.listReplicas(group, name, revision, limit()),
      ]);
      const endpoint = replicas
        .flatMap(({ containers }) => containers ?? [])
        .find(({ logStreamEndpoint }) => logStreamEndpoint !== undefined)?.logStreamEndpoint;
      if (endpoint === undefined || token === undefined) {
        throw terminal("no-log-stream", `no replica of ${revision} offers a log stream`);
      }
      const url = new URL(endpoint);
      url.search = new URLSearchParams({
        follow: "false",
        output: "text",
        tailLines: String(lines),
      }).toString();
      const answer = await fetch(url, {
        headers: { authorization: `Bearer ${token}` },
        signal: limit().abortSignal,
      });
      if (!answer.ok) {
        throw Object.assign(new Error(`the log stream answered ${answer.status}`), {
          statusCode: answer.status,
        });
      }
      return answer.text();
    },
  };
}

/**
 * The revision that has most of the traffic: the one that is named, or the latest that is ready. In
 * single-revision mode Azure keeps the one before it until a new one is.
 */
function servingIn({
  configuration,
  latestReadyRevisionName: ready,
}: ContainerApp): string | undefined {
  const [most] = [...(configuration?.ingress?.traffic ?? [])].sort(
    (one, other) => (other.weight ?? 0) - (one.weight ?? 0),
  );
  // Azure writes "" where no revision is ready yet.
  return [most?.revisionName, ready].find((name) => name !== undefined && name !== "");
}

/** An app as ARM shows it; its variables are those of the latest revision, or of a given one. */
function viewOf(app: ContainerApp, template = app.template): ContainerAppView {
  return {
    name: app.name ?? "",
    location: app.location,
    mode: app.configuration?.activeRevisionsMode ?? "Single",
    provisioningState: app.provisioningState ?? "Unknown",
    runningStatus: app.runningStatus ?? "Unknown",
    fqdn: app.configuration?.ingress?.fqdn,
    latestRevision: app.latestRevisionName,
    latestReadyRevision: app.latestReadyRevisionName,
    variables: Object.fromEntries(
      (template?.containers ?? [])
        .flatMap(({ env }) => env ?? [])
        .flatMap(({ name, value }) =>
          name === undefined || value === undefined ? [] : [[name, value] as const],
        ),
    ),
    minReplicas: template?.scale?.minReplicas ?? 0,
    images: (template?.containers ?? []).flatMap(({ image }) => image ?? []),
    traffic: (app.configuration?.ingress?.traffic ?? []).map((part) => ({
      revision: part.revisionName,
      latest: part.latestRevision ?? false,
      weight: part.weight ?? 0,
    })),
  };
}

function revisionViewOf(revision: Revision): RevisionView {
  return {
    name: revision.name ?? "",
    active: revision.active ?? false,
    createdAt: revision.createdTime && instantOf(revision.createdTime),
    trafficWeight: revision.trafficWeight ?? 0,
    replicas: revision.replicas ?? 0,
    provisioningState: revision.provisioningState ?? "Unknown",
    runningState: revision.runningState ?? "Unknown",
    healthState: revision.healthState ?? "None",
    fqdn: revision.fqdn,
    images: [
      ...(revision.template?.initContainers ?? []),
      ...(revision.template?.containers ?? []),
    ].flatMap(({ image }) => image ?? []),
  };
}
