import { ContainerAppsAPIClient, restorePoller, type Revision } from "@azure/arm-appcontainers";
import { API_VERSION, APP, APP_ID, ARM, arm, FQDN, GROUP, SUBSCRIPTION } from "./names.js";
import { credentialOf, sdkOptions } from "./sdk-options.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

interface ArmError {
  readonly error: { readonly code: string; readonly message: string };
}

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
  token = await azure.tokenFor(ARM);
});

describe("the identity endpoint", () => {
  const ask = (query: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${azure.env["IDENTITY_ENDPOINT"] ?? ""}?${query}`, { headers });

  it("answers in both of its versions", async () => {
    const secret = azure.env["IDENTITY_HEADER"] ?? "";
    const newer = await ask(`api-version=2019-08-01&resource=${ARM}/`, {
      "x-identity-header": secret,
    });
    const older = await ask(`api-version=2017-09-01&resource=${ARM}/`, { secret });

    expect(await newer.json()).toMatchObject({
      token_type: "Bearer",
      resource: `${ARM}/`,
      expires_on: expect.stringMatching(/^\d{10}$/) as string,
    });
    expect(await older.json()).toMatchObject({
      expires_on: expect.stringMatching(/^\d+\/\d+\/\d{4} .* \+00:00$/) as string,
    });
  });

  it.each([
    ["a wrong header", "api-version=2019-08-01&resource=https://management.azure.com", "no", 401],
    ["an unknown version", "api-version=2020-01-01&resource=https://management.azure.com", "", 400],
    ["an unknown resource", "api-version=2019-08-01&resource=https://example.com", "", 400],
    ["no resource", "api-version=2019-08-01", "", 400],
    [
      "another client id",
      "api-version=2019-08-01&resource=https://management.azure.com&client_id=11111111-1111-1111-1111-111111111111",
      "",
      400,
    ],
  ])("refuses %s", async (_case, query, header, status) => {
    const secret = header === "" ? (azure.env["IDENTITY_HEADER"] ?? "") : header;

    const answer = await ask(query, { "x-identity-header": secret });

    expect(answer.status).toBe(status);
  });
});

describe("Resource Manager", () => {
  const code = async (
    method: string,
    url: string,
    call?: Parameters<SimulatorProcess["call"]>[2],
  ): Promise<string> => {
    const { status, json } = await azure.call(method, url, { token, ...call });
    return `${status} ${json<ArmError>().error.code}`;
  };

  it("demands a token for itself, in force and signed", async () => {
    const other = await azure.tokenFor("https://storage.azure.com");

    expect(await code("GET", arm(APP_ID), { token: undefined })).toBe("401 AuthenticationFailed");
    expect(await code("GET", arm(APP_ID), { token: other })).toBe(
      "401 InvalidAuthenticationTokenAudience",
    );
    expect(await code("GET", arm(APP_ID), { token: `${token.slice(0, -9)}AAAAAAAAA` })).toBe(
      "401 InvalidAuthenticationToken",
    );
    await azure.advance(25 * 3600);
    expect(await code("GET", arm(APP_ID))).toBe("401 ExpiredAuthenticationToken");
  });

  it("says what is wrong with a path in its own codes", async () => {
    const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`;
    const elsewhere = "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/x";

    expect(await code("GET", ARM + APP_ID)).toBe("400 MissingApiVersionParameter");
    expect(await code("GET", arm(APP_ID, "2019-01-01"))).toBe("400 NoRegisteredProviderFound");
    expect(await code("GET", arm(`${APP_ID}-2`))).toBe("404 ResourceNotFound");
    expect(await code("GET", arm(`${APP_ID}/revisions/none`))).toBe("404 RevisionNotFound");
    expect(await code("GET", arm(`${elsewhere}/providers/Microsoft.App/containerApps/a`))).toBe(
      "404 SubscriptionNotFound",
    );
    expect(await code("GET", arm(`${group}/providers/Microsoft.Nothing/things/a`))).toBe(
      "404 InvalidResourceNamespace",
    );
    expect(await code("GET", arm(`${group}/providers/Microsoft.App/things/a`))).toBe(
      "404 InvalidResourceType",
    );
    expect(await code("DELETE", arm(`${APP_ID}/revisions/none`))).toBe("501 NotSimulated");
  });

  it("compares ids without regard to case and puts request ids on its answers", async () => {
    const { status, headers } = await azure.call("GET", arm(APP_ID.toUpperCase()), {
      token,
      headers: { "x-ms-correlation-request-id": "11111111-2222-3333-4444-555555555555" },
    });

    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "x-ms-request-id": expect.any(String) as string,
      "x-ms-correlation-request-id": "11111111-2222-3333-4444-555555555555",
    });
  });

  it("lists subscriptions and the resource groups that the caller may read", async () => {
    const subscriptions = await azure.call("GET", arm("/subscriptions", "2022-12-01"), { token });
    const groups = await azure.call(
      "GET",
      arm(`/subscriptions/${SUBSCRIPTION}/resourceGroups`, "2022-09-01"),
      { token },
    );

    expect(subscriptions.json()).toMatchObject({ value: [{ subscriptionId: SUBSCRIPTION }] });
    expect(groups.json<{ value: { name: string }[] }>().value.map(({ name }) => name)).toEqual([
      GROUP,
    ]);
  });

  it("lets nobody do what no role allows", async () => {
    const other = `/subscriptions/${SUBSCRIPTION}/resourceGroups/mcp-dr`;

    expect(await code("GET", arm(`${other}/providers/Microsoft.App/containerApps`))).toBe(
      "403 AuthorizationFailed",
    );
    const { json } = await azure.call("GET", arm(other, "2022-09-01"), { token });
    expect(json<ArmError>().error.message).toContain(
      "'Microsoft.Resources/subscriptions/resourceGroups/read'",
    );
  });

  it.each([
    ["another content type", "<x/>", { "content-type": "text/xml" }, "415 UnsupportedMediaType"],
    ["what is not JSON", "{", { "content-type": "application/json" }, "400 InvalidRequestContent"],
    ["no body", undefined, {}, "400 MissingRequestBody"],
    ["an unknown member", { properties: { colour: "red" } }, {}, "400 InvalidRequestContent"],
    [
      "an unknown value",
      { properties: { configuration: { activeRevisionsMode: "Some" } } },
      {},
      "400 InvalidRequestContent",
    ],
    [
      "the mode of preview versions",
      { properties: { configuration: { activeRevisionsMode: "Labels" } } },
      {},
      "400 InvalidRequestContent",
    ],
    ["another location", { location: "westus" }, {}, "409 InvalidResourceLocation"],
  ])("refuses a body with %s", async (_case, body, headers, expected) => {
    const headersOf = headers as Record<string, string>;

    expect(await code("PATCH", arm(APP_ID), { body, headers: headersOf })).toBe(expected);
  });

  it("is served at an endpoint of its own too", async () => {
    const own = await azure.tokenFor(azure.direct);

    const { status, text } = await azure.call(
      "GET",
      `${azure.direct}${APP_ID}?api-version=${API_VERSION}`,
      { token: own },
    );

    expect(status).toBe(200);
    expect(text).toContain('"name":"mcp-server"');
  });
});

describe("container apps", () => {
  let client: ContainerAppsAPIClient;

  beforeEach(() => {
    const credential = credentialOf(() => token);
    client = new ContainerAppsAPIClient(credential, SUBSCRIPTION, sdkOptions(azure));
  });

  const revisions = async (): Promise<Record<string, Revision>> => {
    const found: Record<string, Revision> = {};
    for await (const revision of client.containerAppsRevisions.listRevisions(GROUP, APP)) {
      found[revision.name ?? ""] = revision;
    }
    return found;
  };
  const template = async (
    suffix: string,
    image = "mcpregistry.azurecr.io/mcp-server:1.5.0",
  ): Promise<{ location: string; template: object }> => {
    const { location, template: current } = await client.containerApps.get(GROUP, APP);
    const containers = current?.containers?.map((container) => ({ ...container, image }));
    return { location, template: { containers, revisionSuffix: suffix } };
  };

  it("keep the traffic on the old revision until the new one is ready", async () => {
    const poller = client.containerApps.update(GROUP, APP, await template("v150"), {
      updateIntervalInMs: 10,
    });
    await poller.submitted();
    await azure.advance(31);
    const updated = await poller;

    expect(updated).toMatchObject({
      provisioningState: "Succeeded",
      latestRevisionName: "mcp-server--v150",
      latestReadyRevisionName: "mcp-server--v142",
    });
    expect(await revisions()).toMatchObject({
      "mcp-server--v142": { active: true, trafficWeight: 100 },
      "mcp-server--v150": { active: true, trafficWeight: 0, provisioningState: "Provisioning" },
    });
    await azure.advance(50);
    expect(await revisions()).toMatchObject({
      "mcp-server--v142": { active: false, trafficWeight: 0, runningState: "Stopped" },
      "mcp-server--v150": { active: true, trafficWeight: 100, runningState: "Running" },
    });
    expect(await client.containerApps.get(GROUP, APP)).toMatchObject({
      latestReadyRevisionName: "mcp-server--v150",
      template: { scale: { minReplicas: 2 } },
    });
  });

  it("can be polled by another client from what the first one serialized", async () => {
    const poller = client.containerApps.update(GROUP, APP, await template("v150"));
    await poller.submitted();
    const checkpoint = await poller.serialize();
    const resumed = restorePoller(client, checkpoint, client.containerApps.update.bind(client));

    expect((await resumed.poll()).status).toBe("running");
    await azure.advance(31);

    expect(await resumed.poll()).toMatchObject({ status: "succeeded", result: { name: APP } });
    expect(checkpoint.length).toBeGreaterThan(1000);
    const { entries } = (await azure.steer("GET", "/log?effects=true")).json<{
      entries: unknown[];
    }>();
    expect(entries).toHaveLength(1);
  });

  it("take one change at a time", async () => {
    const { location, tags } = await client.containerApps.get(GROUP, APP);
    const first = client.containerApps.update(GROUP, APP, { location, tags: { ...tags, a: "b" } });
    await first.submitted();

    const second = client.containerApps.update(GROUP, APP, { location, tags: {} });

    await expect(second.submitted()).rejects.toMatchObject({
      statusCode: 409,
      code: "ContainerAppOperationInProgress",
    });
    await azure.advance(11);
    expect((await client.containerApps.get(GROUP, APP)).tags).toEqual({ a: "b" });
    expect(Object.keys(await revisions())).toHaveLength(3);
  });

  it("refuse a suffix that exists or is not well formed", async () => {
    for (const suffix of ["v141", "v142", "9a", "a--b", "A", "x".repeat(60)]) {
      const poller = client.containerApps.update(GROUP, APP, await template(suffix));
      await expect(poller.submitted()).rejects.toMatchObject({ statusCode: 400 });
    }
  });

  it("make a revision again under the suffix that is stored, unless a fresh one is sent", async () => {
    const { location, template: current } = await client.containerApps.get(GROUP, APP);
    const containers = current?.containers?.map((one) => ({ ...one, image: "other:1" })) ?? [];

    const poller = client.containerApps.update(GROUP, APP, { location, template: { containers } });

    await expect(poller.submitted()).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("revision with suffix v142 already exists") as string,
    });
  });

  it("replace replicas one after the other when a revision restarts", async () => {
    const replicas = async (): Promise<string[]> => {
      const listed = await client.containerAppsRevisionReplicas.listReplicas(
        GROUP,
        APP,
        "mcp-server--v142",
      );
      return listed.value.map(({ name }) => name ?? "");
    };
    const before = await replicas();

    await client.containerAppsRevisions.restartRevision(GROUP, APP, "mcp-server--v142");
    await azure.advance(24);
    const during = await replicas();
    await azure.advance(24);
    const after = await replicas();

    expect(before).toHaveLength(2);
    expect(during.filter((name) => before.includes(name))).toHaveLength(1);
    expect(after).toHaveLength(2);
    expect(after.filter((name) => before.includes(name))).toHaveLength(0);
  });

  it("hand the traffic to an activated revision in single mode and keep the latest template", async () => {
    await client.containerAppsRevisions.activateRevision(GROUP, APP, "mcp-server--v141");
    const during = await revisions();
    await azure.advance(61);
    const after = await revisions();

    expect(during).toMatchObject({
      "mcp-server--v141": { active: true, trafficWeight: 0 },
      "mcp-server--v142": { active: true, trafficWeight: 100 },
    });
    expect(after).toMatchObject({
      "mcp-server--v141": { active: true, trafficWeight: 100 },
      "mcp-server--v142": { active: false, trafficWeight: 0 },
    });
    expect(await client.containerApps.get(GROUP, APP)).toMatchObject({
      latestRevisionName: "mcp-server--v142",
      template: { containers: [{ image: "mcpregistry.azurecr.io/mcp-server:1.4.2" }] },
    });
  });

  it("report no effect when a revision is activated that is active", async () => {
    await client.containerAppsRevisions.activateRevision(GROUP, APP, "mcp-server--v142");

    const { entries } = (await azure.steer("GET", "/log")).json<{ entries: object[] }>();
    expect(entries.at(-1)).toMatchObject({ mutating: true, status: 200 });
    expect(entries.at(-1)).not.toHaveProperty("effect");
  });

  it("split traffic by weights that add up to 100 in multiple mode", async () => {
    const { location, configuration } = await client.containerApps.get(GROUP, APP);
    const withTraffic = (traffic: object[]): Parameters<typeof client.containerApps.update>[2] => ({
      location,
      configuration: {
        activeRevisionsMode: "Multiple",
        ingress: { ...configuration?.ingress, traffic },
      },
    });
    await client.containerAppsRevisions.activateRevision(GROUP, APP, "mcp-server--v141");
    const named = [
      { revisionName: "mcp-server--v141", weight: 30 },
      { revisionName: "mcp-server--v142", weight: 60 },
    ];

    const short = client.containerApps.update(GROUP, APP, withTraffic(named));
    await expect(short.submitted()).rejects.toMatchObject({ statusCode: 400 });
    const whole = client.containerApps.update(
      GROUP,
      APP,
      withTraffic([...named, { latestRevision: true, weight: 10 }]),
    );
    await whole.submitted();
    await azure.advance(61);

    expect(await revisions()).toMatchObject({
      "mcp-server--v141": { active: true, trafficWeight: 30 },
      "mcp-server--v142": { active: true, trafficWeight: 70 },
    });
  });

  it("accept a revision with a variable named twice and never make it ready", async () => {
    const { location, template: current } = await client.containerApps.get(GROUP, APP);
    const env = [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
    ];
    const containers = current?.containers?.map((container) => ({ ...container, env })) ?? [];
    const poller = client.containerApps.update(GROUP, APP, {
      location,
      template: { containers, revisionSuffix: "twice" },
    });
    await poller.submitted();
    await azure.advance(3600);

    expect(await revisions()).toMatchObject({
      "mcp-server--twice": { runningState: "Processing", trafficWeight: 0 },
      "mcp-server--v142": { trafficWeight: 100 },
    });
  });

  it("hide the values of secrets and refuse secrets without one", async () => {
    const { location } = await client.containerApps.get(GROUP, APP);
    const poller = client.containerApps.update(GROUP, APP, {
      location,
      configuration: { secrets: [{ name: "key", value: "s3cret" }] },
    });
    await poller.submitted();
    await azure.advance(11);

    const { configuration } = await client.containerApps.get(GROUP, APP);
    const { value } = await client.containerApps.listSecrets(GROUP, APP);
    const echoed = client.containerApps.update(GROUP, APP, {
      location,
      ...(configuration && { configuration }),
    });

    expect(configuration?.secrets).toEqual([{ name: "key" }]);
    expect(value).toMatchObject([{ name: "key", value: "s3cret" }]);
    await expect(echoed.submitted()).rejects.toMatchObject({
      statusCode: 400,
      code: "ContainerAppSecretInvalid",
    });
  });

  it("stop and start as a whole", async () => {
    const stop = client.containerApps.stop(GROUP, APP, { updateIntervalInMs: 10 });
    await stop.submitted();
    await azure.advance(61);
    expect(await stop).toMatchObject({ runningStatus: "Stopped" });

    const start = client.containerApps.start(GROUP, APP, { updateIntervalInMs: 10 });
    await start.submitted();
    await azure.advance(91);
    expect(await start).toMatchObject({ runningStatus: "Running", provisioningState: "Succeeded" });
    expect((await revisions())["mcp-server--v142"]).toMatchObject({ trafficWeight: 100 });
  });

  it("are created by PUT with a status to poll", async () => {
    const { environmentId, location } = await client.containerApps.get(GROUP, APP);
    const poller = client.containerApps.createOrUpdate(
      GROUP,
      "second",
      {
        location,
        ...(environmentId !== undefined && { environmentId }),
        configuration: { ingress: { external: true, targetPort: 80 } },
        template: { containers: [{ name: "main", image: "registry/app:1" }] },
      },
      { updateIntervalInMs: 10 },
    );
    await poller.submitted();
    await azure.advance(31);

    expect(await poller).toMatchObject({ name: "second", provisioningState: "Succeeded" });
    const names: string[] = [];
    for await (const app of client.containerApps.listByResourceGroup(GROUP)) {
      names.push(app.name ?? "");
    }
    expect(names).toEqual([APP, "second"]);
  });
});

describe("deleting an app", () => {
  it("takes its time, answers 202 until it is done, and leaves nothing", async () => {
    const first = await azure.call("DELETE", arm(APP_ID), { token });
    const during = await azure.call("GET", arm(APP_ID), { token });
    const busy = await azure.call("DELETE", arm(APP_ID), { token });
    await azure.advance(31);
    const polled = await azure.call("GET", first.headers["location"] ?? "", { token });
    const after = await azure.call("GET", arm(APP_ID), { token });
    const again = await azure.call("DELETE", arm(APP_ID), { token });
    const answers = [first, during, busy, polled, after, again];

    expect(answers.map(({ status }) => status)).toEqual([202, 200, 409, 200, 404, 204]);
    expect(during.json()).toMatchObject({ properties: { provisioningState: "Deleting" } });
    expect((await azure.call("GET", `https://${FQDN}/health`)).status).toBe(404);
  });
});

describe("labels and limits of revisions", () => {
  const configure = (configuration: object): Promise<Reply> =>
    azure.call("PATCH", arm(APP_ID), {
      token,
      body: { location: "eastus", properties: { configuration } },
    });
  const traffic = (label: string): object => ({
    activeRevisionsMode: "Multiple",
    ingress: {
      traffic: [
        { revisionName: "mcp-server--v142", weight: 100, label },
        { latestRevision: true, weight: 0, label: "blue" },
      ],
    },
  });

  it("a label has a host name of its own", async () => {
    await configure(traffic("green"));
    await azure.advance(11);
    const at = async (label: string): Promise<number> =>
      (await azure.call("GET", `https://${FQDN.replace(".", `---${label}.`)}/health`)).status;

    expect([await at("green"), await at("blue"), await at("red")]).toEqual([200, 200, 404]);
  });

  it("two entries cannot have the same label", async () => {
    const refused = await configure(traffic("blue"));

    expect([refused.status, refused.json()]).toMatchObject([
      400,
      { error: { code: "ContainerAppInvalidFields" } },
    ]);
  });

  it("inactive revisions beyond the limit are forgotten, oldest first", async () => {
    await configure({ maxInactiveRevisions: 1 });

    const listed = await azure.call("GET", arm(`${APP_ID}/revisions`), { token });
    const names = listed.json<{ value: { name: string }[] }>().value.map(({ name }) => name);
    expect(names.sort()).toEqual(["mcp-server--v141", "mcp-server--v142"]);
  });
});
