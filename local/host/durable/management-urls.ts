const BASE = "/runtime/webhooks/durabletask";

export interface UrlContext {
  /** Scheme and host, `http://localhost:7071`. */
  readonly origin: string;
  readonly hubName: string;
  readonly systemKey: string;
}

/** The query that makes a management URL work for whoever holds it. */
function requiredQuery({ hubName, systemKey }: UrlContext): string {
  return `taskHub=${hubName}&connection=Storage&code=${systemKey}`;
}

/** The URLs by which one instance is watched and steered. `id` goes in as given: encoded, or a placeholder. */
function managementUrls(context: UrlContext, id: string) {
  const instance = `${context.origin}${BASE}/instances/${id}`;
  const query = requiredQuery(context);
  return {
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

/** As .NET encodes an id for a URL: in more places than JavaScript does, and a space as a plus. */
function encodeId(id: string): string {
  return encodeURIComponent(id)
    .replaceAll("%20", "+")
    .replaceAll("'", "%27")
    .replaceAll("~", "%7E");
}

/** What a start answers: all but rewind. */
export function startPayload(context: UrlContext, id: string): object {
  const { rewindPostUri: _, ...urls } = managementUrls(context, encodeId(id));
  return { id, ...urls };
}

/** The text that a durableClient input binding gets. */
export function clientBindingText(context: UrlContext, rpcBaseUrl: string): string {
  const start = `${context.origin}${BASE}/orchestrators/{functionName}[/{instanceId}]`;
  const code = `code=${context.systemKey}`;
  return JSON.stringify({
    taskHubName: context.hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${start}?${code}`,
      createAndWaitOnNewInstancePostUri: `${start}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: { id: "INSTANCEID", ...managementUrls(context, "INSTANCEID") },
    baseUrl: `${context.origin}${BASE}`,
    requiredQueryStringParameters: code,
    rpcBaseUrl,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  });
}
