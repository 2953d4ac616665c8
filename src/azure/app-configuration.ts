import type { ContainerApp, ContainerAppProbe, ScaleRule } from "@azure/arm-appcontainers" with {
  "resolution-mode": "import",
};
import { hostOf } from "../domain/address.js";
import type { AppConfiguration } from "../domain/readiness/app-drift.js";

/** How an app is configured. Values of variables come along, for it is by them that an app is told addresses. */
export function configurationOf(id: string, app: ContainerApp): AppConfiguration {
  const { template, configuration } = app;
  const { ingress } = configuration ?? {};
  return {
    id,
    name: app.name ?? "",
    provisioningState: app.provisioningState ?? "Unknown",
    runningStatus: app.runningStatus ?? "Unknown",
    latestReadyRevision: app.latestReadyRevisionName,
    minReplicas: template?.scale?.minReplicas ?? 0,
    maxReplicas: template?.scale?.maxReplicas ?? 10,
    scaleRules: (template?.scale?.rules ?? []).map(scaleRuleOf),
    ingress: {
      fqdn: ingress?.fqdn ?? "none",
      visibility:
        ingress === undefined ? "none" : ingress.external === true ? "external" : "internal",
      "target port": String(ingress?.targetPort ?? "automatic"),
      transport: (ingress?.transport ?? "auto").toLowerCase(),
      "plain HTTP": ingress?.allowInsecure === true ? "allowed" : "redirected",
      domains: (ingress?.customDomains ?? [])
        .map(({ name }) => name)
        .sort()
        .join(", "),
    },
    containers: (template?.containers ?? []).map(({ name, image, env, probes }) => ({
      name: name ?? "",
      image: image ?? "",
      variables: (env ?? []).map((variable) => ({
        name: variable.name ?? "",
        ...(variable.value === undefined ? {} : { value: variable.value }),
        ...(variable.secretRef === undefined ? {} : { secret: variable.secretRef }),
      })),
      probes: Object.fromEntries((probes ?? []).map((probe) => [probe.type ?? "", probeOf(probe)])),
    })),
    secrets: (configuration?.secrets ?? []).map(({ name, keyVaultUrl }) => ({
      name: name ?? "",
      ...(keyVaultUrl === undefined || keyVaultUrl === ""
        ? {}
        : { refersTo: secretIn(keyVaultUrl), vault: hostOf(keyVaultUrl) }),
    })),
  };
}

function probeOf(probe: ContainerAppProbe): string {
  const { httpGet, tcpSocket, periodSeconds, timeoutSeconds, failureThreshold } = probe;
  const asked =
    httpGet === undefined
      ? `tcp ${tcpSocket?.port ?? ""}`
      : `${(httpGet.scheme ?? "HTTP").toLowerCase()} ${httpGet.port} ${httpGet.path ?? "/"}`;
  return `${asked} every ${periodSeconds ?? 10} s within ${timeoutSeconds ?? 1} s, ${failureThreshold ?? 3} failures`;
}

/** Its metadata say when it scales; its authentication names secrets, which are compared apart. */
function scaleRuleOf({ name, http, tcp, azureQueue, custom }: ScaleRule): string {
  const of = { http, tcp, azureQueue, custom };
  const metadata = custom?.metadata ?? http?.metadata ?? tcp?.metadata ?? {};
  const kind = Object.entries(of).find(([, rule]) => rule !== undefined)?.[0] ?? "unknown";
  const type = custom?.type ?? azureQueue?.queueName ?? "";
  const sorted = Object.entries(metadata)
    .map(([key, value]) => `${key} ${value}`)
    .sort();
  return [name, kind, type, ...sorted].filter((part) => part !== "").join(" ");
}

/** The name in the address of a vault's secret; the vault is each side's own. */
const secretIn = (keyVaultUrl: string): string =>
  URL.canParse(keyVaultUrl) ? (new URL(keyVaultUrl).pathname.split("/")[2] ?? "") : keyVaultUrl;
