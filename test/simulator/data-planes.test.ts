import { smallSeed } from "../../simulator/seeds/small.js";
import { ACCOUNT, APP, APP_ID, ARM, arm, FQDN, WORKSPACE } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
});

describe("the recovered application", () => {
  const health = (host = FQDN): Promise<Reply> => azure.call("GET", `https://${host}/health`);

  it("says that it is healthy, and where it is not", async () => {
    const before = await health();
    await azure.steer("POST", "/faults", { name: "app-unhealthy", resource: APP_ID });
    const after = await health();

    expect([before.status, before.json()]).toMatchObject([200, { status: "healthy" }]);
    expect([after.status, after.json()]).toMatchObject([
      503,
      { status: "unhealthy", checks: { server: { status: "unhealthy" } } },
    ]);
  });

  it("answers at the name of an active revision, not of an inactive one", async () => {
    const domain = FQDN.slice(FQDN.indexOf("."));

    expect((await health(`mcp-server--v142${domain}`)).status).toBe(200);
    expect((await health(`mcp-server--v141${domain}`)).status).toBe(503);
    expect((await health(`nothing${domain}`)).status).toBe(404);
  });

  it("is gone while the app is stopped", async () => {
    const token = await azure.tokenFor(ARM);
    await azure.call("POST", arm(`${APP_ID}/stop`), { token });
    await azure.advance(61);

    expect((await health()).status).toBe(404);
  });
});

describe("log streams", () => {
  interface Replicas {
    readonly value: {
      readonly properties: { readonly containers: { readonly logStreamEndpoint: string }[] };
    }[];
  }

  const streamOf = async (): Promise<{ url: string; token: string }> => {
    const control = await azure.tokenFor(ARM);
    const grant = await azure.call("POST", arm(`${APP_ID}/getAuthToken`), { token: control });
    const listed = await azure.call("GET", arm(`${APP_ID}/revisions/mcp-server--v142/replicas`), {
      token: control,
    });
    const [replica] = listed.json<Replicas>().value;
    return {
      url: replica?.properties.containers[0]?.logStreamEndpoint ?? "",
      token: grant.json<{ properties: { token: string } }>().properties.token,
    };
  };

  it("show what the replica did", async () => {
    await azure.steer("POST", "/faults", { name: "restart-does-not-help", resource: APP_ID });
    await azure.call("GET", `https://${FQDN}/health`);
    await azure.call("GET", `https://${FQDN}/health`);
    const { url, token } = await streamOf();

    const { status, text } = await azure.call("GET", `${url}?output=text&tailLines=2`, { token });

    expect(status).toBe(200);
    expect(text.trimEnd().split("\n")).toEqual([
      expect.stringContaining("stdout GET /health 503"),
      expect.stringContaining("stderr error: no worker accepts requests"),
    ]);
  });

  it("accept their own tokens only, for an hour", async () => {
    const { url, token } = await streamOf();

    const other = await azure.call("GET", url, { token: await azure.tokenFor(ARM) });
    const many = await azure.call("GET", `${url}?tailLines=301`, { token });
    await azure.advance(3601);
    const late = await azure.call("GET", url, { token });

    expect([other.status, many.status, late.status]).toEqual([401, 400, 401]);
  });
});

describe("log queries", () => {
  interface Result {
    readonly tables: readonly [{ readonly rows: unknown[][] }];
  }

  const ask = async (
    query: string,
    more: { timespan?: string; workspace?: string; token?: string } = {},
  ): Promise<Reply> => {
    const { timespan = "PT1H", workspace = WORKSPACE } = more;
    return azure.call("POST", `https://api.loganalytics.io/v1/workspaces/${workspace}/query`, {
      token: more.token ?? (await azure.tokenFor("https://api.loganalytics.io")),
      body: { query, timespan },
    });
  };
  const rows = async (query: string): Promise<unknown[][]> =>
    (await ask(query)).json<Result>().tables[0].rows;

  it("see the users' requests and, after a fault, their failures", async () => {
    await azure.steer("POST", "/faults", { name: "app-unhealthy", resource: APP_ID });
    await azure.advance(300);

    const requests = await rows(
      `AppRequests | where AppRoleName == "${APP}" and TimeGenerated > ago(6m)
       | summarize all = count(), failed = countif(Success == false)`,
    );
    const exceptions = await rows("AppExceptions | summarize count() by ExceptionType");

    // Four of the five minutes are ingested: 24 requests, every one of which failed.
    expect(requests).toEqual([[expect.any(Number), expect.any(Number)]]);
    expect(Number(requests[0]?.[1])).toBeGreaterThanOrEqual(23);
    expect(Number(requests[0]?.[1])).toBeLessThanOrEqual(25);
    expect(exceptions).toEqual([["ServiceUnavailable", requests[0]?.[1]]]);
  });

  it("see probes as rows once they are ingested", async () => {
    await azure.call("GET", `https://${FQDN}/health`);
    const query = `AppRequests | where Name == "GET /health" | project ResultCode, Url`;

    const before = await rows(query);
    await azure.advance(65);
    const after = await rows(query);

    expect(before).toEqual([]);
    expect(after).toEqual([["200", `https://${FQDN}/health`]]);
  });

  it("see under which component the application reports, and nothing of an app without one", async () => {
    await azure.advance(300);
    const of = `AppRequests | summarize by _ResourceId`;
    const [app] = smallSeed.containerApps ?? [];
    const { component, ...silent } = app!;

    const reported = await rows(of);
    await azure.steer("POST", "/reset", { seed: { ...smallSeed, containerApps: [silent] } });
    await azure.advance(300);
    const unreported = await rows(of);

    expect(reported).toEqual([[component?.toLowerCase()]]);
    expect(unreported).toEqual([]);
    expect(await rows("ContainerAppConsoleLogs_CL | count")).not.toEqual([[0]]);
  });

  it("see what the platform and the containers wrote", async () => {
    const token = await azure.tokenFor(ARM);
    await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/restart`), { token });
    await azure.advance(300);

    const system = await rows(
      `union isfuzzy=true ContainerAppSystemLogs_CL, ContainerAppSystemLogs
       | where RevisionName_s == "mcp-server--v142" | summarize n = count() by Reason_s
       | order by Reason_s asc`,
    );
    const console = await rows(
      `ContainerAppConsoleLogs_CL | where Log_s has "listening" | project RevisionName_s, Stream_s`,
    );

    expect(system).toEqual([
      ["ContainerStarted", 2],
      ["ContainerTerminated", 2],
      ["RevisionRestart", 1],
    ]);
    expect(console).toEqual([
      ["mcp-server--v142", "stdout"],
      ["mcp-server--v142", "stdout"],
    ]);
  });

  it.each([
    ["a table that does not exist", "Requests | take 1", "SemanticError"],
    ["a column that does not exist", "AppRequests | where Nothing == 1", "SemanticError"],
    ["an operator that is not simulated", "AppRequests | render timechart", "SyntaxError"],
    ["a query that breaks off", "AppRequests | where", "SyntaxError"],
    ["a comparison of unlike things", 'AppRequests | where Success == "no"', "SemanticError"],
  ])("answer 400 to %s", async (_case, query, reason) => {
    const { status, json } = await ask(query);

    expect([status, json()]).toMatchObject([
      400,
      { error: { code: "BadArgumentError", innererror: { code: reason } } },
    ]);
  });

  it("check token, workspace and time span", async () => {
    const other = await ask("AppRequests", { token: await azure.tokenFor(ARM) });
    const unknown = await ask("AppRequests", { workspace: "11111111-1111-1111-1111-111111111111" });
    const timeless = await ask("AppRequests", { timespan: "an hour" });

    expect([other.status, unknown.status, timeless.status]).toEqual([401, 404, 400]);
  });
});

describe("blobs", () => {
  const blob = `${ACCOUNT}/state/incidents/one.json`;
  let token: string;

  const put = (url: string, body: string, headers: Record<string, string> = {}): Promise<Reply> =>
    azure.call("PUT", url, {
      token,
      body,
      headers: {
        "x-ms-version": "2026-10-06",
        "x-ms-blob-type": "BlockBlob",
        "content-type": "application/json",
        ...headers,
      },
    });
  const plain = (
    method: string,
    url: string,
    headers: Record<string, string> = {},
  ): Promise<Reply> =>
    azure.call(method, url, { token, headers: { "x-ms-version": "2026-10-06", ...headers } });

  beforeEach(async () => {
    token = await azure.tokenFor("https://storage.azure.com");
    await plain("PUT", `${ACCOUNT}/state?restype=container`);
  });

  it("are kept byte for byte with their metadata, and conditions hold", async () => {
    const first = await put(blob, '{"a":"ä"}', { "if-none-match": "*", "x-ms-meta-run": "r1" });
    const again = await put(blob, "{}", { "if-none-match": "*" });
    const stale = await put(blob, "{}", { "if-match": '"0x0"' });
    const read = await plain("GET", blob);

    expect([first.status, again.status, stale.status]).toEqual([201, 409, 412]);
    expect(read.text).toBe('{"a":"ä"}');
    expect(read.headers).toMatchObject({
      "x-ms-meta-run": "r1",
      etag: first.headers["etag"],
      "content-type": "application/json",
    });
  });

  it("are guarded by leases that end with the simulated clock", async () => {
    await put(blob, "{}");
    const lease = await plain("PUT", `${blob}?comp=lease`, {
      "x-ms-lease-action": "acquire",
      "x-ms-lease-duration": "60",
    });

    const during = await put(blob, "{}");
    await azure.advance(61);
    const after = await put(blob, "{}");

    expect([lease.status, during.status, after.status]).toEqual([201, 412, 201]);
  });

  it("are listed, deleted and gone after a reset", async () => {
    await put(blob, "{}");
    const list = `${ACCOUNT}/state?restype=container&comp=list&prefix=incidents/`;

    const listed = await plain("GET", list);
    const removed = await plain("DELETE", blob);
    await put(blob, "{}");
    await azure.steer("POST", "/reset", {});
    const after = await plain("GET", list);

    expect(listed.text).toContain("<Name>incidents/one.json</Name>");
    expect(removed.status).toBe(202);
    expect([after.status, after.headers["x-ms-error-code"]]).toEqual([404, "ContainerNotFound"]);
  });

  it("demand a token for storage and a role on the account", async () => {
    const anonymous = await azure.call("GET", blob);
    const control = await azure.call("GET", blob, { token: await azure.tokenFor(ARM) });
    const shared = await azure.call("GET", blob, { headers: { authorization: "SharedKey a:b" } });
    const roleAssignments = smallSeed.roleAssignments.filter(
      ({ roleDefinitionId }) => !roleDefinitionId.startsWith("ba92f5b4"),
    );
    await azure.steer("POST", "/reset", { seed: { ...smallSeed, roleAssignments } });
    const unauthorized = await plain("GET", blob);

    expect([anonymous.status, anonymous.headers["x-ms-error-code"]]).toEqual([
      401,
      "NoAuthenticationInformation",
    ]);
    expect(anonymous.headers["www-authenticate"]).toContain("resource_id=https://storage.azure");
    expect(control.status).toBe(401);
    expect(shared.status).toBe(403);
    expect([unauthorized.status, unauthorized.headers["x-ms-error-code"]]).toEqual([
      403,
      "AuthorizationPermissionMismatch",
    ]);
  });

  it("take the accounts of another seed", async () => {
    const [account] = smallSeed.storageAccounts ?? [];
    const other = { ...account, id: account?.id.replace("mcpdrstate", "otheraccount") };
    await azure.steer("POST", "/reset", { seed: { ...smallSeed, storageAccounts: [other] } });

    const there = await plain(
      "PUT",
      "https://otheraccount.blob.core.windows.net/abc?restype=container",
    );
    const gone = await plain("GET", blob);

    expect([there.status, gone.status]).toEqual([201, 421]);
  });
});

describe("telemetry", () => {
  const key = "00000000-0000-0000-0000-0000000000e1";
  const url = "https://eastus-1.in.applicationinsights.azure.com/v2.1/track";
  const [component] = smallSeed.components!;
  const publisher = "3913510d-42f4-4e42-8a64-420c390055eb";
  const line = (text: string, more: object = {}) => ({
    name: "Microsoft.ApplicationInsights.Message",
    time: new Date(Date.now() - 1_000).toISOString(),
    iKey: key,
    tags: { "ai.operation.id": "abc" },
    data: { baseType: "MessageData", baseData: { ver: 2, message: text, ...more } },
  });
  const post = async (body: string, token?: string, more: Record<string, string> = {}) =>
    azure.call("POST", url, {
      token,
      body,
      headers: { "content-type": "application/json", ...more },
    });
  const seeded = (roles: readonly string[]) =>
    azure.steer("POST", "/reset", {
      seed: {
        ...smallSeed,
        components: [{ ...component!, instrumentationKey: key }],
        roleAssignments: [
          ...smallSeed.roleAssignments,
          ...roles.map((roleDefinitionId) => ({
            ...{ roleDefinitionId, scope: component!.id },
            principalId: smallSeed.identities[0]!.principalId,
          })),
        ],
      },
    });
  const tokenOf = () => azure.tokenFor("https://monitor.azure.com");

  it("is taken in from whoever may send it, and answers queries once it is ingested", async () => {
    await seeded([publisher]);
    const now = Date.parse((await azure.steer("GET", "/clock")).json<{ now: string }>().now);
    const [one, two] = [line("one"), line("two", { severityLevel: "Warning" })].map((each) => ({
      ...each,
      time: new Date(now).toISOString(),
    }));
    const query = async () => {
      const answer = await azure.call(
        "POST",
        `https://api.loganalytics.io/v1/workspaces/${WORKSPACE}/query`,
        {
          token: await azure.tokenFor("https://api.loganalytics.io"),
          body: {
            query:
              "AppTraces | order by Message asc | project Message, SeverityLevel, OperationId, _ResourceId",
            timespan: "PT1H",
          },
        },
      );
      return answer.json<{ tables: [{ rows: unknown[][] }] }>().tables[0].rows;
    };

    const lines = await post(`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`, await tokenOf());
    const before = await query();
    await azure.advance(300);

    expect([lines.status, lines.json()]).toEqual([
      200,
      { itemsReceived: 2, itemsAccepted: 2, errors: [] },
    ]);
    expect(before).toEqual([]);
    const id = component!.id.toLowerCase();
    expect(await query()).toEqual([
      ["one", 0, "abc", id],
      ["two", 2, "abc", id],
    ]);
  });

  it("is refused without a token, without the role, at the old path, and where it is not valid", async () => {
    await seeded([]);
    const without = [
      await post(JSON.stringify([line("a")])),
      await post(JSON.stringify([line("a")]), await azure.tokenFor(ARM)),
      await post(JSON.stringify([line("a")]), await tokenOf()),
    ];
    await seeded([publisher]);
    const stranger = { ...line("a"), iKey: "00000000-0000-0000-0000-0000000000e2" };
    const partly = await post(JSON.stringify([line("a"), line(""), stranger]), await tokenOf());
    const none = await post(JSON.stringify([line("")]), await tokenOf());
    const unread = await post("{", await tokenOf());
    const old = await azure.call("POST", url.replace("v2.1", "v2"), { body: [line("a")] });

    expect(without.map(({ status }) => status)).toEqual([401, 401, 403]);
    expect(partly.status).toBe(206);
    expect(partly.json()).toMatchObject({
      ...{ itemsReceived: 3, itemsAccepted: 1 },
      errors: [
        { index: 1, statusCode: 400, message: expect.stringContaining("message") as string },
        { index: 2, statusCode: 400, message: "Invalid instrumentation key" },
      ],
    });
    expect([none.status, unread.status, old.status]).toEqual([400, 400, 400]);
  });
});
