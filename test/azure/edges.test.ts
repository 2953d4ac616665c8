import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { accountId } from "../simulator/storage-seed.js";
import { bothOrigins, PRIMARY, PROFILE_ID, SECONDARY } from "../simulator/edge-seed.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { classicCdn, edgeWorld, frontDoor } from "../support/edge-world.js";
import { sampleEstate } from "../support/estates.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

beforeAll(async () => {
  azure = await simulatedAzure(edgeWorld());
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(() => azure.control.reset(edgeWorld()));

const requests = async () =>
  (await azure.control.log())
    .filter(({ mutating, service }) => mutating && service === "arm")
    .map(({ operation }) => operation);
/** Follows an operation to its end, with the token that each look gives. */
const follow = async (place: typeof frontDoor, begun: string): Promise<unknown> => {
  const running = await ports.edges.operation(place, begun);
  expect(running).toMatchObject({ state: "running" });
  await azure.control.advance(11);
  return ports.edges.operation(place, running.state === "running" ? running.token : begun);
};

describe("an edge", () => {
  it("of Front Door is its group's origins, and the endpoints with a route to it", async () => {
    expect(await ports.edges.edge(frontDoor)).toEqual({
      origins: [
        {
          name: "storage",
          hostName: PRIMARY,
          hostHeader: PRIMARY,
          enabled: true,
          state: "Succeeded",
        },
      ],
      endpoints: [{ name: "mcp-assets", hostName: "mcp-assets.azurefd.net", state: "Succeeded" }],
    });
  });

  it("of Front Door has no endpoint that leads to another group", async () => {
    const [front] = (edgeWorld() as { frontDoors: { originGroups: object[] }[] }).frontDoors;
    const other = {
      name: "other",
      origins: [{ name: "storage", storageAccount: accountId("mcpstorage") }],
    };
    const originGroups = [...front!.originGroups, other];
    await azure.control.reset({
      ...(edgeWorld() as object),
      frontDoors: [{ ...front, originGroups }],
    });

    const view = await ports.edges.edge({ ...frontDoor, originGroup: "other" });

    expect(view).toMatchObject({ origins: [{ name: "storage" }], endpoints: [] });
  });

  it("of the classic CDN is an endpoint, whose host header counts for its only origin", async () => {
    expect(await ports.edges.edge(classicCdn)).toEqual({
      origins: [{ name: "storage", hostName: PRIMARY, enabled: true, state: "Succeeded" }],
      endpoints: [
        {
          name: "mcp-branding",
          hostName: "mcp-branding.azureedge.net",
          hostHeader: PRIMARY,
          state: "Succeeded",
        },
      ],
    });
    expect(await ports.edges.edge({ ...classicCdn, origin: "another" })).toMatchObject({
      origins: [],
    });
  });

  it("that does not exist is none", async () => {
    expect(await ports.edges.edge({ ...frontDoor, originGroup: "nothing" })).toBeUndefined();
    expect(await ports.edges.edge({ ...classicCdn, endpoint: "nothing" })).toBeUndefined();
    expect(
      await ports.edges.edge({ ...frontDoor, profile: PROFILE_ID.replace("mcp-assets", "none") }),
    ).toBeUndefined();
  });
});

describe.each([
  ["Front Door", frontDoor],
  ["the classic CDN", classicCdn],
])("an origin of %s", (_, place) => {
  const operation = place === frontDoor ? "afdOrigins.update" : "cdnOrigins.update";

  it("gets another host name and host header by one request, and all else stays", async () => {
    const hosts = { hostName: SECONDARY, hostHeader: SECONDARY };
    const begun = await ports.edges.startOriginChange(place, "storage", hosts);
    const during = await ports.edges.edge(place);
    const done = await follow(place, begun);

    expect(during?.origins).toEqual([
      { name: "storage", ...hosts, enabled: true, state: "Updating" },
    ]);
    expect(done).toEqual({ state: "succeeded" });
    expect((await ports.edges.edge(place))?.origins).toMatchObject([{ state: "Succeeded" }]);
    expect(await requests()).toEqual([operation]);
  });

  it("is disabled and enabled, and keeps its host", async () => {
    const off = await ports.edges.startOriginChange(place, "storage", { enabled: false });
    await follow(place, off);
    const disabled = await ports.edges.edge(place);
    const on = await ports.edges.startOriginChange(place, "storage", { enabled: true });
    await follow(place, on);

    expect(disabled?.origins).toMatchObject([{ hostName: PRIMARY, enabled: false }]);
    expect((await ports.edges.edge(place))?.origins).toMatchObject([{ enabled: true }]);
  });

  it("tells that its change has failed, in Azure's words", async () => {
    await azure.control.fault({ name: "operation-failed", times: 1, match: { operation } });
    const hosts = { hostName: SECONDARY, hostHeader: SECONDARY };
    const begun = await ports.edges.startOriginChange(place, "storage", hosts);

    expect(await follow(place, begun)).toMatchObject({
      state: "failed",
      message: expect.stringContaining("could not be updated") as string,
    });
    expect((await ports.edges.edge(place))?.origins).toMatchObject([{ state: "Failed" }]);
  });

  it("takes no second change while one is under way, and that is a matter of waiting", async () => {
    await ports.edges.startOriginChange(place, "storage", { enabled: false });

    await expect(
      ports.edges.startOriginChange(place, "storage", { enabled: true }),
    ).rejects.toMatchObject({ failure: { class: "busy" } });
  });

  it("has an endpoint that forgets what it keeps", async () => {
    const [endpoint] = (await ports.edges.edge(place))!.endpoints;
    const begun = await ports.edges.startPurge(place, endpoint!.name);

    expect(await follow(place, begun)).toEqual({ state: "succeeded" });
    expect(await requests()).toEqual([
      place === frontDoor ? "afdEndpoints.purgeContent" : "cdnEndpoints.purgeContent",
    ]);
  });
});

it("an endpoint of the classic CDN gets another host header", async () => {
  const begun = await ports.edges.startHeaderChange(classicCdn, "mcp-branding", SECONDARY);

  expect(await follow(classicCdn, begun)).toEqual({ state: "succeeded" });
  expect((await ports.edges.edge(classicCdn))?.endpoints).toMatchObject([
    { hostHeader: SECONDARY },
  ]);
});

it("both origins of a group are shown", async () => {
  await azure.control.reset(edgeWorld({ origins: bothOrigins }));

  expect((await ports.edges.edge(frontDoor))?.origins).toMatchObject([
    { name: "east", hostName: PRIMARY },
    { name: "west", hostName: SECONDARY },
  ]);
});

describe("a public file", () => {
  const host = "mcp-assets.azurefd.net";

  it("is asked for without the edge keeping it, and fetched with its hash", async () => {
    const head = await ports.publicAssets.head(host, "/branding/logo.svg");
    const whole = await ports.publicAssets.fetch(host, "/branding/logo.svg", 1_000);
    const part = await ports.publicAssets.fetch(host, "/branding/logo.svg", 3);
    const gets = (await azure.control.log()).filter(({ service }) => service === "edge");

    expect(head).toMatchObject({ status: 200, etag: expect.stringMatching(/^"0x/) as string });
    expect(whole).toMatchObject({ status: 200, etag: head.etag, bytes: "logo.svg of east".length });
    expect(whole.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(part.bytes).toBeGreaterThan(3);
    expect(gets.map(({ operation }) => operation)).toEqual(["edge.head", "edge.get", "edge.get"]);
  });

  it("that is not there, or whose host is not, is an answer too", async () => {
    const missing = await ports.publicAssets.head(host, "/branding/none.svg");
    const nowhere = await ports.publicAssets.fetch("nowhere.azurefd.net", "/a/b", 10);

    expect(missing).toMatchObject({ status: 404, detail: "HTTP 404" });
    expect(nowhere).toMatchObject({
      bytes: 0,
      detail: expect.stringMatching(/^no answer: /) as string,
    });
  });
});

it("the local stack has an estate's endpoint of the classic CDN, which leads to its branding", async () => {
  const estate = sampleEstate();
  const { production } = estate.environments;
  production!.frontDoor = { profile: production!.frontDoor!.profile, endpoint: "mcp-branding" };
  await azure.control.reset(seedFromEstate(estate));

  const host = "mcp-branding.azureedge.net";
  const answer = await ports.publicAssets.fetch(host, "/branding/tenants.json", 1_000);

  expect(answer).toMatchObject({ status: 200, bytes: expect.any(Number) as number });
});
