import { type AFDOriginUpdateParameters, CdnManagementClient } from "@azure/arm-cdn";
import {
  bothOrigins,
  CLASSIC,
  CLASSIC_ID,
  EDGE,
  EDGE_GROUP,
  edgeSeed,
  PRIMARY,
  PROFILE_ID,
  SECONDARY,
} from "./edge-seed.js";
import { arm, ARM, SUBSCRIPTION } from "./names.js";
import { runWithSdk } from "./sdk-program.js";
import { credentialOf, sdkOptions } from "./sdk-options.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, StorageCaller } from "./storage-seed.js";

let azure: SimulatorProcess;
let client: CdnManagementClient;
let token: string;

const VERSION = "2024-02-01";
const ORIGIN = [EDGE_GROUP, "mcp-assets", "branding", "storage"] as const;
const ENDPOINT = [EDGE_GROUP, "mcp-assets", "mcp-assets"] as const;
const CLASSIC_ENDPOINT = [EDGE_GROUP, "mcp-cdn", "mcp-branding"] as const;
const LOGO = "/branding/logo.svg";
const west = { hostName: SECONDARY, originHostHeader: SECONDARY };

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

const startWith = async (...change: Parameters<typeof edgeSeed>): Promise<void> => {
  const answer = await azure.steer("POST", "/reset", { seed: edgeSeed(...change) });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  token = await azure.tokenFor(ARM);
};

beforeEach(async () => {
  await startWith();
  const credential = credentialOf(() => token);
  client = new CdnManagementClient(credential, SUBSCRIPTION, sdkOptions(azure));
});

const get = (path: string, edge = EDGE): Promise<Reply> => azure.call("GET", edge + path);
const seen = async (path = LOGO, edge = EDGE): Promise<string> => {
  const { status, headers, text } = await get(path, edge);
  return `${status} ${headers["x-cache"] ?? ""} ${status === 200 ? text : ""}`.trim();
};
const order = async (fault: object): Promise<string> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json<{ id: string }>().id;
};
const effects = async (): Promise<string[]> => {
  const { entries } = (await azure.steer("GET", "/log?effects=true")).json<{
    entries: { effect: { kind: string; detail?: string } }[];
  }>();
  return entries.map(({ effect }) => `${effect.kind}: ${effect.detail ?? ""}`);
};
interface EdgeState {
  readonly servesFrom?: { readonly origin: string; readonly hostName: string };
  readonly origins: readonly { readonly name: string; readonly healthy: boolean }[];
  readonly kept: readonly string[];
}
const edgeState = async (): Promise<EdgeState | undefined> => {
  const { cdnProfiles } = (await azure.steer("GET", "/state")).json<{
    cdnProfiles: { endpoints: EdgeState[] }[];
  }>();
  return cdnProfiles[0]?.endpoints[0];
};
/** A change that is reported as done; the edge does not know yet. */
const update = async (change: AFDOriginUpdateParameters): Promise<void> => {
  const poller = await client.afdOrigins.beginUpdate(...ORIGIN, change);
  await azure.advance(11);
  await poller.poll();
  expect(poller.getOperationState().status).toBe("succeeded");
};

describe("a profile of Front Door", () => {
  it("is shown with its groups, origins, endpoints and routes", async () => {
    const profile = await client.profiles.get(EDGE_GROUP, "mcp-assets");
    const group = await client.afdOriginGroups.get(EDGE_GROUP, "mcp-assets", "branding");
    const origin = await client.afdOrigins.get(...ORIGIN);
    const listed = { groups: 0, origins: 0, endpoints: 0, profiles: [] as string[] };
    for await (const _ of client.afdOriginGroups.listByProfile(EDGE_GROUP, "mcp-assets")) {
      listed.groups += 1;
    }
    for await (const _ of client.afdOrigins.listByOriginGroup(
      ...(ORIGIN.slice(0, 3) as [string, string, string]),
    )) {
      listed.origins += 1;
    }
    for await (const { hostName } of client.afdEndpoints.listByProfile(EDGE_GROUP, "mcp-assets")) {
      expect(hostName).toBe("mcp-assets.azurefd.net");
      listed.endpoints += 1;
    }
    for await (const { name } of client.profiles.listByResourceGroup(EDGE_GROUP)) {
      listed.profiles.push(name ?? "");
    }
    const endpoint = await client.afdEndpoints.get(...ENDPOINT);
    const routes = client.routes.listByEndpoint(...ENDPOINT);
    const { value: route } = (await routes.next()) as { value: Record<string, unknown> };

    expect(profile).toMatchObject({
      id: PROFILE_ID,
      kind: "frontdoor",
      location: "Global",
      sku: { name: "Standard_AzureFrontDoor" },
      provisioningState: "Succeeded",
    });
    expect(group).toMatchObject({
      loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3 },
    });
    expect(origin).toMatchObject({
      id: `${PROFILE_ID}/originGroups/branding/origins/storage`,
      originGroupName: "branding",
      hostName: PRIMARY,
      originHostHeader: PRIMARY,
      enabledState: "Enabled",
      priority: 1,
      weight: 1000,
      provisioningState: "Succeeded",
    });
    expect(endpoint).toMatchObject({ enabledState: "Enabled", provisioningState: "Succeeded" });
    expect(route).toMatchObject({
      originGroup: { id: `${PROFILE_ID}/originGroups/branding` },
      cacheConfiguration: { queryStringCachingBehavior: "IgnoreQueryString" },
    });
    expect(listed).toEqual({
      groups: 1,
      origins: 1,
      endpoints: 1,
      profiles: ["mcp-assets", "mcp-cdn"],
    });
  });

  it.each([
    ["origin", () => client.afdOrigins.get(EDGE_GROUP, "mcp-assets", "branding", "other")],
    ["group", () => client.afdOriginGroups.get(EDGE_GROUP, "mcp-assets", "other")],
    ["endpoint", () => client.afdEndpoints.get(EDGE_GROUP, "mcp-assets", "other")],
    ["profile", () => client.profiles.get(EDGE_GROUP, "other")],
  ])("answers 404 for an unknown %s", async (_, read) => {
    await expect(read()).rejects.toMatchObject({ statusCode: 404, code: "ResourceNotFound" });
  });

  it("refuses what the CDN of old has, and the other way round", async () => {
    await expect(client.endpoints.get(...ENDPOINT)).rejects.toMatchObject({
      statusCode: 400,
      code: "BadRequest",
    });
    await expect(
      client.afdOriginGroups.get(EDGE_GROUP, "mcp-cdn", "branding"),
    ).rejects.toMatchObject({ statusCode: 400 });
  });
});

describe("an origin that is updated", () => {
  it("is what it is to be at once, done a while later, and served by later still", async () => {
    const before = await seen();
    const poller = await client.afdOrigins.beginUpdate(...ORIGIN, west);
    const during = await client.afdOrigins.get(...ORIGIN);
    const early = poller.getOperationState().status;
    await azure.advance(11);
    const resumed = await client.afdOrigins.beginUpdate(...ORIGIN, west, {
      resumeFrom: poller.toString(),
    });
    const done = resumed.getResult();
    const accepted = await seen("/branding/theme.css");
    const state = await edgeState();
    await azure.advance(121);
    const propagated = await seen("/public/logo.svg");

    expect(before).toBe("200 TCP_MISS logo.svg of east");
    expect(during).toMatchObject({ hostName: SECONDARY, provisioningState: "Updating" });
    expect(early).toBe("running");
    expect(done).toMatchObject({ ...west, provisioningState: "Succeeded" });
    // Reported as done, and still the old one.
    expect(accepted).toBe("200 TCP_MISS theme.css of east");
    expect(state).toMatchObject({
      servesFrom: { hostName: PRIMARY },
      origins: [{ configured: SECONDARY }],
    });
    expect(propagated).toBe("200 TCP_MISS logo.svg of west");
    expect(await effects()).toEqual([`origin-updated: ${SECONDARY}, enabled, priority 1`]);
  });

  it("is the same when it is asked for twice, and has changed once", async () => {
    await update(west);
    await update(west);

    expect(await effects()).toHaveLength(1);
  });

  it("takes no second change while one is under way", async () => {
    await client.afdOrigins.beginUpdate(...ORIGIN, west);

    await expect(client.afdOrigins.beginUpdate(...ORIGIN, west)).rejects.toMatchObject({
      statusCode: 409,
      code: "Conflict",
    });
  });

  const patch = (properties: object): Promise<Reply> =>
    azure.call("PATCH", arm(`${PROFILE_ID}/originGroups/branding/origins/storage`, VERSION), {
      token,
      body: { properties },
    });

  it.each([
    ["a URL as host name", { hostName: `https://${SECONDARY}` }, 400, "hostName"],
    ["a priority that there is not", { priority: 6 }, 400, "priority"],
    ["too much weight", { weight: 1001 }, 400, "weight"],
    ["an unknown state", { enabledState: "Off" }, 400, "enabledState"],
    ["an unknown member", { colour: "red" }, 400, "colour"],
    ["a private link", { sharedPrivateLinkResource: {} }, 501, "sharedPrivateLinkResource"],
  ])("refuses %s", async (_, properties, status, named) => {
    const answer = await patch(properties);

    expect(answer.status).toBe(status);
    expect(answer.text).toContain(named);
    expect(await effects()).toEqual([]);
  });

  it("needs a role that may write", async () => {
    await startWith({ mayChange: false });

    const { hostName } = await client.afdOrigins.get(...ORIGIN);

    expect(hostName).toBe(PRIMARY);
    await expect(client.afdOrigins.beginUpdate(...ORIGIN, west)).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthorizationFailed",
    });
    await expect(
      client.afdEndpoints.beginPurgeContent(...ENDPOINT, { contentPaths: ["/*"] }),
    ).rejects.toMatchObject({ statusCode: 403 });
  });
});

describe("the edge", () => {
  it("has its host header for the origin, and storage nothing under another", async () => {
    await update({ hostName: SECONDARY });
    await azure.advance(121);
    const mismatch = await get(LOGO);
    await update({ originHostHeader: "" });
    await azure.advance(121);
    const own = await get(LOGO);

    expect([mismatch.status, mismatch.headers["x-ms-error-code"]]).toEqual([400, "InvalidUri"]);
    expect([own.status, own.headers["x-ms-error-code"]]).toEqual([400, "InvalidUri"]);
  });

  it("is moved by no host header alone", async () => {
    await update({ originHostHeader: SECONDARY });
    await azure.advance(121);

    expect((await get(LOGO)).status).toBe(400);
  });

  it("serves an account's copy in the other region while the first is down", async () => {
    await startWith({ sku: "Standard_RAGRS" });
    const copy = PRIMARY.replace(".", "-secondary.");
    await order({ name: "region-down", region: "eastus", planes: ["data"] });
    const down = await get(LOGO);
    await update({ hostName: copy });
    await azure.advance(121);
    const header = await get(LOGO);
    await update({ originHostHeader: copy });
    await azure.advance(121);

    expect(down.status).toBe(502);
    expect([header.status, header.headers["x-ms-error-code"]]).toEqual([400, "InvalidUri"]);
    expect(await seen()).toBe("200 TCP_MISS logo.svg of east");
  });

  it("follows an account that fails over to another region", async () => {
    await startWith({ sku: "Standard_GRS" });
    await order({ name: "region-down", region: "eastus", planes: ["data"] });
    const down = await get(LOGO);
    await new StorageCaller(azure).arm("POST", `${accountId("mcpstorage")}/failover`);
    await azure.advance(3601);

    expect(down.status).toBe(502);
    expect(await seen()).toBe("200 TCP_MISS logo.svg of east");
  });

  it("asks as the group's identity, or as anybody", async () => {
    const asIdentity = await seen();
    await startWith({ group: { identity: undefined } });
    const open = await seen("/public/logo.svg");
    const closed = await get(LOGO);

    expect(asIdentity).toBe("200 TCP_MISS logo.svg of east");
    expect(open).toBe("200 TCP_MISS logo.svg of east");
    expect(closed.status).toBe(401);
  });

  it("serves nothing where no origin is enabled", async () => {
    await update({ enabledState: "Disabled" });
    const before = await seen();
    await azure.advance(121);
    const after = await get("/branding/theme.css");

    expect(before).toBe("200 TCP_MISS logo.svg of east");
    expect(after.status).toBe(503);
    expect((await edgeState())?.servesFrom).toBeUndefined();
  });

  it("answers for custom domains, and for no host that nobody has", async () => {
    expect(await seen(LOGO, "https://assets.example.com")).toBe("200 TCP_MISS logo.svg of east");
    expect((await get(LOGO, "https://other.azurefd.net")).status).toBe(421);
  });

  it("passes HEAD, parts and conditions on, and keeps nothing of them", async () => {
    const head = await azure.call("HEAD", EDGE + LOGO);
    const part = await azure.call("GET", EDGE + LOGO, { headers: { range: "bytes=0-3" } });
    const same = await azure.call("GET", EDGE + LOGO, {
      headers: { "if-none-match": head.headers["etag"] ?? "" },
    });
    const put = await azure.call("PUT", EDGE + LOGO, { body: "x" });

    expect([head.status, head.text, head.headers["x-cache"]]).toEqual([200, "", "CONFIG_NOCACHE"]);
    expect([part.status, part.text]).toEqual([206, "logo"]);
    expect(same.status).toBe(304);
    expect(put.status).toBe(501);
    expect((await edgeState())?.kept).toEqual([]);
  });

  const write = async (text: string): Promise<void> => {
    const answer = await new StorageCaller(azure).blob("PUT", `https://${PRIMARY}${LOGO}`, text);
    expect(answer.status).toBe(201);
  };

  it("keeps an answer for three days, whatever the query, until a purge has reached it", async () => {
    await seen();
    await write("new");
    const busted = await seen(`${LOGO}?n=1`);
    const poller = await client.afdEndpoints.beginPurgeContent(...ENDPOINT, {
      contentPaths: ["/branding/*"],
      domains: ["mcp-assets.azurefd.net"],
    });
    await azure.advance(11);
    await poller.poll();
    const done = poller.isDone();
    const reported = await seen();
    await azure.advance(50);
    const purged = await seen();
    await write("newer");
    await azure.advance(71 * 3600);
    const third = await seen();
    await azure.advance(2 * 3600);
    const fourth = await seen();

    expect(busted).toBe("200 TCP_HIT logo.svg of east");
    expect([done, reported]).toEqual([true, "200 TCP_HIT logo.svg of east"]);
    expect(purged).toBe("200 TCP_MISS new");
    expect(third).toBe("200 TCP_HIT new");
    expect(fourth).toBe("200 TCP_MISS newer");
    expect(await effects()).toContain("edge-purged: /branding/*");
  });

  it("keeps by query where the route says so, and nothing where the route keeps nothing", async () => {
    await startWith({ endpoint: { queryStrings: "UseQueryString" } });
    await seen();
    await write("new");
    const busted = [await seen(), await seen(`${LOGO}?n=1`), await seen(`${LOGO}?n=1`)];
    await startWith({ endpoint: { queryStrings: null } });
    const never = [await seen(), await seen()];

    expect(busted).toEqual(["200 TCP_HIT logo.svg of east", "200 TCP_MISS new", "200 TCP_HIT new"]);
    expect(never).toEqual(Array(2).fill("200 CONFIG_NOCACHE logo.svg of east"));
  });

  it("refuses to purge what is no path, or a domain of somebody else", async () => {
    const purge = (body: object): Promise<Reply> =>
      azure.call("POST", arm(`${PROFILE_ID}/afdEndpoints/mcp-assets/purge`, VERSION), {
        token,
        body,
      });

    expect((await purge({ contentPaths: ["branding/*"] })).status).toBe(400);
    expect((await purge({ contentPaths: [] })).status).toBe(400);
    expect((await purge({ contentPaths: ["/*"], domains: ["other.example.com"] })).status).toBe(
      400,
    );
    expect(await effects()).toEqual([]);
  });
});

describe("origins on both accounts", () => {
  const probed = {
    healthProbe: { path: "/branding/theme.css", intervalSeconds: 30 },
    loadBalancing: { sampleSize: 4, successfulSamplesRequired: 3 },
  };
  const name = async (): Promise<string | undefined> => (await edgeState())?.servesFrom?.origin;

  it("are left by the probes once enough of them have failed, and come back the same way", async () => {
    await startWith({ origins: bothOrigins, group: probed, endpoint: { queryStrings: null } });
    await azure.advance(300);
    const first = await seen();
    const fault = await order({ name: "storage-unavailable", resource: accountId("mcpstorage") });
    const failing = await get(LOGO);
    await azure.advance(29);
    const [one, early] = [await name(), (await get(LOGO)).status];
    await azure.advance(61);
    const moved = await seen();
    await azure.steer("DELETE", `/faults/${fault}`);
    const still = await name();
    await azure.advance(130);
    const back = await seen();

    expect(first).toContain("of east");
    expect([failing.status, failing.headers["x-ms-error-code"]]).toEqual([503, "ServerBusy"]);
    expect([one, early]).toEqual(["east", 503]);
    expect(moved).toContain("of west");
    expect(still).toBe("west");
    expect(back).toContain("of east");
  });

  it("are all taken as well where none is", async () => {
    await startWith({ origins: bothOrigins, group: probed, endpoint: { queryStrings: null } });
    for (const region of ["eastus", "westus"]) {
      await order({ name: "region-down", region, planes: ["data"] });
    }
    await azure.advance(300);

    const answer = await get(LOGO);

    expect(answer.status).toBe(502);
    expect(await name()).toBe("east");
    expect((await edgeState())?.origins.map(({ healthy }) => healthy)).toEqual([false, false]);
  });

  it("go by priority without probes, and by weight where that is the same", async () => {
    await startWith({ origins: bothOrigins });
    const first = await name();
    const weights = [3, 1].map((weight, index) => ({
      ...bothOrigins[index],
      priority: 1,
      weight: weight * 100,
    }));
    await startWith({ origins: weights, endpoint: { queryStrings: null } });
    const taken = await Promise.all(Array.from({ length: 100 }, () => seen()));

    expect(first).toBe("east");
    expect(taken.filter((one) => one.endsWith("east"))).toHaveLength(75);
  });
});

describe("the classic CDN", () => {
  const logo = "/public/logo.svg";
  const classicOrigin = [...CLASSIC_ENDPOINT, "storage"] as const;
  const ended = async (poller: { poll(): unknown; isDone(): boolean }): Promise<boolean> => {
    await azure.advance(11);
    await poller.poll();
    return poller.isDone();
  };

  it("shows its endpoint and origin, and serves what is open to anybody", async () => {
    const endpoint = await client.endpoints.get(...CLASSIC_ENDPOINT);
    const origin = await client.origins.get(...classicOrigin);

    expect(endpoint).toMatchObject({
      id: `${CLASSIC_ID}/endpoints/mcp-branding`,
      hostName: "mcp-branding.azureedge.net",
      originHostHeader: PRIMARY,
      resourceState: "Running",
      origins: [{ name: "storage", hostName: PRIMARY }],
    });
    expect(origin).toMatchObject({ hostName: PRIMARY, enabled: true });
    expect(await seen(logo, CLASSIC)).toBe("200 TCP_MISS logo.svg of east");
    expect((await get(LOGO, CLASSIC)).status).toBe(401);
  });

  it("moves only once both the origin and the host header have been changed", async () => {
    const header = await ended(
      await client.endpoints.beginUpdate(...CLASSIC_ENDPOINT, { originHostHeader: SECONDARY }),
    );
    await azure.advance(121);
    const headerAlone = await get(logo, CLASSIC);
    const poller = await client.origins.beginUpdate(...classicOrigin, { hostName: SECONDARY });
    const moved = await ended(poller);
    await azure.advance(121);
    const both = await seen(logo, CLASSIC);

    expect([header, moved]).toEqual([true, true]);
    expect(poller.getResult()).toMatchObject({ hostName: SECONDARY });
    expect([headerAlone.status, headerAlone.headers["x-ms-error-code"]]).toEqual([
      400,
      "InvalidUri",
    ]);
    expect(both).toBe("200 TCP_MISS logo.svg of west");
    expect(await effects()).toEqual([
      `cdn-endpoint-updated: host header ${SECONDARY}`,
      `origin-updated: ${SECONDARY}, enabled, priority 1`,
    ]);
  });

  it("is purged by path", async () => {
    await seen(logo, CLASSIC);
    await seen("/public/theme.css", CLASSIC);
    const done = await ended(
      await client.endpoints.beginPurgeContent(...CLASSIC_ENDPOINT, { contentPaths: [logo] }),
    );
    await azure.advance(50);

    expect(done).toBe(true);
    expect(await seen(logo, CLASSIC)).toContain("TCP_MISS");
    expect(await seen("/public/theme.css", CLASSIC)).toContain("TCP_HIT");
  });
});

describe("faults", () => {
  it("keep an operation from ending, and the edge from learning of it", async () => {
    const fault = await order({
      name: "stuck-operation",
      match: { operation: "afdOrigins.update" },
    });
    const poller = await client.afdOrigins.beginUpdate(...ORIGIN, west);
    await azure.advance(3600);
    await poller.poll();
    const stuck = [poller.isDone(), await seen()];
    await azure.steer("DELETE", `/faults/${fault}`);
    await poller.poll();
    await azure.advance(121);

    expect(stuck).toEqual([false, "200 TCP_MISS logo.svg of east"]);
    expect(poller.isDone()).toBe(true);
    expect(await seen("/branding/theme.css")).toBe("200 TCP_MISS theme.css of west");
  });

  it("let an operation fail, and the edge as it is until it is asked for again", async () => {
    const failing = { name: "operation-failed", match: { operation: "afdOrigins.update" }, nth: 1 };
    await order(failing);
    const poller = await client.afdOrigins.beginUpdate(...ORIGIN, west);
    await azure.advance(11);

    await expect(poller.poll()).rejects.toThrow("InternalServerError");
    await azure.advance(300);
    expect((await client.afdOrigins.get(...ORIGIN)).provisioningState).toBe("Failed");
    expect(await seen()).toBe("200 TCP_MISS logo.svg of east");
    await update(west);
    await azure.advance(121);
    expect(await seen("/branding/theme.css")).toBe("200 TCP_MISS theme.css of west");
    expect(await effects()).toHaveLength(2);
  });

  it("refuse an update, or lose its answer", async () => {
    await order({ name: "throttle", match: { operation: "afdOrigins.update" }, nth: 1 });
    await order({ name: "lost-answer", match: { operation: "afdOrigins.update" } });
    await expect(client.afdOrigins.beginUpdate(...ORIGIN, west)).rejects.toMatchObject({
      statusCode: 429,
    });
    const refused = await effects();
    await expect(client.afdOrigins.beginUpdate(...ORIGIN, west)).rejects.toThrow();

    expect(refused).toEqual([]);
    expect(await client.afdOrigins.get(...ORIGIN)).toMatchObject(west);
  });

  it("make the edge stand still, for changes and purges, as long as they last", async () => {
    await seen();
    const fault = await order({ name: "edge-stale", resource: PROFILE_ID });
    await update(west);
    await client.afdEndpoints.beginPurgeContent(...ENDPOINT, { contentPaths: ["/*"] });
    await azure.advance(3600);
    const stale = [await seen(), await seen("/branding/theme.css")];
    await azure.steer("DELETE", `/faults/${fault}`);
    const after = [await seen(), await seen("/branding/theme.css")];

    expect(stale).toEqual(["200 TCP_HIT logo.svg of east", "200 TCP_MISS theme.css of east"]);
    expect(after).toEqual(["200 TCP_MISS logo.svg of west", "200 TCP_MISS theme.css of west"]);
  });

  it("strike what goes through the edge, too", async () => {
    await order({ name: "server-error", status: 503, match: { service: "edge" }, times: 1 });

    const answers = [await get(LOGO), await get(LOGO)];

    expect(answers.map(({ status }) => status)).toEqual([503, 200]);
    expect(answers[0]?.headers["content-type"]).toBe("text/html");
  });

  it("take the role from the edge's identity", async () => {
    await order({ name: "role-missing", role: "Storage Blob Data Reader" });

    const answer = await get(LOGO);

    expect([answer.status, answer.headers["x-ms-error-code"]]).toEqual([
      403,
      "AuthorizationPermissionMismatch",
    ]);
  });

  it("must name a profile to make its edge stand still", async () => {
    const answer = await azure.steer("POST", "/faults", {
      name: "edge-stale",
      resource: `${PROFILE_ID}x`,
    });

    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("profile")]);
  });
});

it("the client in a process of its own hands an operation on, and sees through the edge what is served", async () => {
  const seen = await runWithSdk(
    azure,
    `
    const { CdnManagementClient } = load("@azure/arm-cdn");
    const make = () => new CdnManagementClient(credential, "${SUBSCRIPTION}");
    const update = [...${JSON.stringify(ORIGIN)}, ${JSON.stringify(west)}];
    const started = await make().afdOrigins.beginUpdate(...update);
    const token = started.toString();
    await advance(11);
    const resumed = await make().afdOrigins.beginUpdate(...update, { resumeFrom: token });
    const { provisioningState } = await resumed.pollUntilDone();
    const purge = await make().afdEndpoints.beginPurgeContent(
      ...${JSON.stringify(ENDPOINT)}, { contentPaths: ["/*"] });
    await advance(121);
    await purge.pollUntilDone();
    const answer = await fetch("${EDGE}${LOGO}");
    return [provisioningState, await answer.text()];`,
  );

  expect(seen).toEqual(["Succeeded", "logo.svg of west"]);
  expect(await effects()).toHaveLength(2);
});

it("a seed is refused with the path of what is wrong", async () => {
  const seed = edgeSeed({
    origins: [{ name: "none" }, { name: "lost", storageAccount: accountId("missing") }],
    endpoint: { originGroup: "other" },
  });

  const answer = await azure.steer("POST", "/reset", { seed });
  const later = await azure.steer("POST", "/reset", {
    seed: edgeSeed({
      origins: [{ name: "lost", storageAccount: accountId("missing") }],
      endpoint: { originGroup: "other", customDomains: ["mcp-assets.azurefd.net"] },
    }),
  });

  expect(answer.status).toBe(400);
  expect(answer.text).toContain("frontDoors.0.originGroups.0.origins.0: needs storageAccount or");
  expect(later.text).toContain("originGroups.0.origins.0.storageAccount: names no account");
  expect(later.text).toContain("endpoints.0.originGroup: names no origin group");
  expect(later.text).toContain("the second to have the host name mcp-assets.azurefd.net");
});
