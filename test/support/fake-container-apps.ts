import type {
  ContainerApps,
  ContainerAppView,
  ReplicaView,
  RevisionView,
  VaultMove,
} from "../../src/azure/container-apps.js";
import type { OperationState } from "../../src/azure/arm-operation.js";

/** A container app as ARM would show it: two revisions, all well unless one field says otherwise. */
export class FakeContainerApps implements ContainerApps {
  view: ContainerAppView = {
    name: "mcp",
    location: "eastus",
    mode: "Single",
    provisioningState: "Succeeded",
    runningStatus: "Running",
    fqdn: "mcp.example.azurecontainerapps.io",
    latestRevision: "mcp--new",
    latestReadyRevision: "mcp--new",
    variables: {},
    minReplicas: 2,
    images: ["mcpregistry.azurecr.io/mcp-server:1.4.1"],
    traffic: [{ revision: undefined, latest: true, weight: 100 }],
  };
  all: RevisionView[] = [
    revision({ name: "mcp--new", createdAt: "2026-11-20T00:00:00.000Z" }),
    revision({
      name: "mcp--old",
      createdAt: "2026-11-01T00:00:00.000Z",
      active: false,
      trafficWeight: 0,
      replicas: 0,
      provisioningState: "Deprovisioned",
      runningState: "Stopped",
      healthState: "None",
    }),
  ];
  replicasNow: ReplicaView[] = [];
  state: OperationState = { state: "succeeded" };
  /** Thrown by each mutation, before it does anything. */
  refusal: Error | undefined;
  readonly acts: string[] = [];

  app = () => Promise.resolve(this.view);
  configuration = () => Promise.reject(new Error("no template is kept here"));
  revisions = () => Promise.resolve(this.all);
  revision = (_id: string, name: string) =>
    Promise.resolve(this.all.find((one) => one.name === name));
  replicas = () => Promise.resolve(this.replicasNow);
  operation = () => Promise.resolve(this.state);
  logTail = (_id: string, name: string) => Promise.resolve(`log of ${name}`);
  restart = (_id: string, name: string) => this.#act(`restart ${name}`, undefined);
  deactivate = (_id: string, name: string) => this.#act(`deactivate ${name}`, undefined);
  activate = (_id: string, name: string) => this.#act(`activate ${name}`, undefined);
  startTrafficShift = (_id: string, name: string) => this.#act(`shift ${name}`, "poller");
  startRollForward = (_id: string, from: string, suffix: string) =>
    this.#act(`roll ${from} ${suffix}`, "poller");
  secretReaders = () => Promise.resolve([{ principalId: "app", name: "mcp-server" }]);
  startVaultMove = (_id: string, { to, suffix }: VaultMove) =>
    this.#act(`move to ${to} ${suffix}`, "poller");
  startVariableChange = (
    _id: string,
    variables: Readonly<Record<string, string>>,
    suffix: string,
  ) => this.#act(`set ${JSON.stringify(variables)} ${suffix}`, "poller");

  #act<T>(act: string, result: T): Promise<T> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.acts.push(act);
    return Promise.resolve(result);
  }
}

export const revision = (traits: Partial<RevisionView>): RevisionView => ({
  name: "mcp--new",
  active: true,
  createdAt: "2026-11-20T00:00:00.000Z",
  trafficWeight: 100,
  replicas: 2,
  provisioningState: "Provisioned",
  runningState: "Running",
  healthState: "Healthy",
  fqdn: `${traits.name ?? "mcp--new"}.example.azurecontainerapps.io`,
  images: ["mcpregistry.azurecr.io/mcp-server:1.4.1"],
  ...traits,
});
