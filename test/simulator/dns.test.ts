import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { decode, encode, type Packet } from "dns-packet";
import { APP_ID, ARM, arm, FQDN } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { PROFILE_ID, PUBLIC_NAME, STANDBY_FQDN, twoRegions } from "./two-regions.js";

let azure: SimulatorProcess;
let token: string;

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

const startWith = async (...change: Parameters<typeof twoRegions>): Promise<void> => {
  const answer = await azure.steer("POST", "/reset", {
    seed: {
      ...twoRegions(...change),
      dnsRecords: [{ name: "mcp.example.com", target: PUBLIC_NAME }],
    },
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  token = await azure.tokenFor(ARM);
};

beforeEach(() => startWith());

const servers = (variable: "DNS_AUTHORITATIVE" | "DNS_RESOLVERS"): string[] =>
  (azure.env[variable] ?? "").split(",");
/** A client that asks one server; one that is down keeps it waiting for as long as it says. */
const at = (server: string | undefined, patience = 5000): Resolver => {
  const resolver = new Resolver({ timeout: patience, tries: 1 });
  resolver.setServers([server ?? ""]);
  return resolver;
};
const impatientAt = (server: string | undefined): Resolver => at(server, 50);
const authority = (index = 0): Resolver => at(servers("DNS_AUTHORITATIVE")[index]);
const caching = (index = 0): Resolver => at(servers("DNS_RESOLVERS")[index]);
const outcome = async <T>(asked: Promise<T>): Promise<T | string> => {
  try {
    return await asked;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};
const cname = (resolver: Resolver, name = PUBLIC_NAME): Promise<string[] | string> =>
  outcome(resolver.resolveCname(name));

const order = async (fault: object): Promise<string> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json<{ id: string }>().id;
};
const turn = (endpoint: string, endpointStatus: string): Promise<Reply> =>
  azure.call("PATCH", arm(`${PROFILE_ID}/ExternalEndpoints/${endpoint}`, "2022-04-01"), {
    token,
    body: { properties: { endpointStatus } },
  });

/** What a server answers over TCP to one question. */
const overTcp = async (server: string | undefined, query: Packet): Promise<Packet> => {
  const [host = "", port = ""] = (server ?? "").split(":");
  const socket = connect(Number(port), host);
  const message = encode(query);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  socket.write(Buffer.concat([length, message]));
  let heard = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    heard = Buffer.concat([heard, chunk]);
    if (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) break;
  }
  return decode(heard.subarray(2));
};

describe("the name servers of Traffic Manager", () => {
  it("answer with the best available endpoint, by UDP and TCP, with the profile's time to live", async () => {
    const [server] = servers("DNS_AUTHORITATIVE");
    const question = { type: "A", name: PUBLIC_NAME.toUpperCase() } as const;

    const reply = await overTcp(server, { id: 7, type: "query", questions: [question] });

    expect(await cname(authority())).toEqual([FQDN]);
    expect(reply).toMatchObject({
      id: 7,
      type: "response",
      rcode: "NOERROR",
      flag_aa: true,
      questions: [question],
      answers: [{ type: "CNAME", name: question.name, ttl: 30, data: FQDN }],
    });
  });

  it("know themselves and their zone, and nothing else", async () => {
    expect(await outcome(authority().resolveNs("trafficmanager.net"))).toEqual([
      "tm1.dns-tm.com",
      "tm2.dns-tm.com",
    ]);
    expect(await outcome(authority().resolveSoa("trafficmanager.net"))).toMatchObject({
      nsname: "tm1.dns-tm.com",
      hostmaster: "hostmaster.dns-tm.com",
    });
    expect(await cname(authority(), "nobody.trafficmanager.net")).toBe("ENOTFOUND");
    expect(await cname(authority(), FQDN)).toBe("EREFUSED");
  });

  it("leave out what is disabled a little later, and know of no name when all is", async () => {
    await turn("primary", "Disabled");
    const early = await cname(authority());
    await azure.advance(11);
    const one = await cname(authority());
    await turn("secondary", "Disabled");
    await azure.advance(11);

    expect([early, one, await cname(authority())]).toEqual([[FQDN], [STANDBY_FQDN], "ENOTFOUND"]);
  });

  it("leave out what is degraded, unless everything is", async () => {
    const down = { name: "region-down", planes: ["data"] };
    await order({ ...down, region: "eastus" });
    await azure.advance(50);
    const one = await cname(authority());
    await order({ ...down, region: "westus" });
    await azure.advance(50);

    expect([one, await cname(authority())]).toEqual([[STANDBY_FQDN], [FQDN]]);
  });

  it("keep the weights over a hundred queries", async () => {
    await startWith({
      trafficRoutingMethod: "Weighted",
      endpoints: [
        { name: "primary", target: FQDN, weight: 3 },
        { name: "secondary", target: STANDBY_FQDN, weight: 1 },
      ],
    });
    const found: string[] = [];
    for (let asked = 0; asked < 100; asked += 1) {
      found.push(...(await authority().resolveCname(PUBLIC_NAME)));
    }

    expect(found.filter((host) => host === FQDN)).toHaveLength(75);
  });

  it("send each region's resolver to what is near, and on when that is degraded", async () => {
    await startWith({ trafficRoutingMethod: "Performance" });
    const before = [await cname(caching(0)), await cname(caching(1))];
    await order({ name: "restart-does-not-help", resource: APP_ID });
    await azure.advance(120);

    expect(before).toEqual([[FQDN], [STANDBY_FQDN]]);
    expect(await cname(caching(0))).toEqual([STANDBY_FQDN]);
  });

  it("can be down, one or all", async () => {
    const one = await order({ name: "dns-down", server: "authoritative-1" });
    const apart = [
      await cname(impatientAt(servers("DNS_AUTHORITATIVE")[0])),
      await cname(authority(1)),
      await cname(caching(0)),
    ];
    await azure.steer("DELETE", `/faults/${one}`);
    await azure.advance(31);
    await order({ name: "dns-down", server: "authoritative-1" });
    await order({ name: "dns-down", server: "authoritative-2" });

    expect(apart).toEqual(["ETIMEOUT", [FQDN], [FQDN]]);
    expect(await cname(caching(0))).toBe("ESERVFAIL");
  });
});

describe("resolvers", () => {
  it("repeat what they know until it expires on the simulated clock", async () => {
    const before = await cname(caching());
    await turn("primary", "Disabled");
    await azure.advance(12);
    const held = await cname(caching());
    const elsewhere = await cname(caching(1));
    await azure.advance(20);

    expect([before, held, elsewhere, await cname(caching())]).toEqual([
      [FQDN],
      [FQDN],
      [STANDBY_FQDN],
      [STANDBY_FQDN],
    ]);
  });

  it("count the time to live down, and follow names to addresses", async () => {
    const [server] = servers("DNS_RESOLVERS");
    const query: Packet = {
      type: "query",
      id: 1,
      questions: [{ type: "A", name: "mcp.example.com" }],
    };
    await overTcp(server, query);
    await azure.advance(10);

    const { answers } = await overTcp(server, query);

    expect(answers).toMatchObject([
      { type: "CNAME", data: PUBLIC_NAME, ttl: 3590 },
      { type: "CNAME", data: FQDN, ttl: 20 },
      { type: "A", data: expect.stringMatching(/^203\.0\.113\./) as string },
    ]);
  });

  it("remember for a while that a name does not exist", async () => {
    await turn("primary", "Disabled");
    await turn("secondary", "Disabled");
    await azure.advance(11);
    const gone = await cname(caching());
    await turn("secondary", "Enabled");
    await azure.advance(11);
    const known = [await cname(authority()), await cname(caching())];
    await azure.advance(30);

    expect([gone, ...known, await cname(caching())]).toEqual([
      "ENOTFOUND",
      [STANDBY_FQDN],
      "ENOTFOUND",
      [STANDBY_FQDN],
    ]);
  });

  it("that are stale go on with what they have, the others do not", async () => {
    await Promise.all([cname(caching(0)), cname(caching(1))]);
    const stale = await order({ name: "resolver-stale", server: "resolver-1" });
    await turn("primary", "Disabled");
    await azure.advance(300);
    const during = [await cname(caching(0)), await cname(caching(1))];
    await azure.steer("DELETE", `/faults/${stale}`);

    expect(during).toEqual([[FQDN], [STANDBY_FQDN]]);
    expect(await cname(caching(0))).toEqual([STANDBY_FQDN]);
  });

  it("can be down, and cannot resolve hosts of a region whose DNS is down", async () => {
    await order({ name: "dns-down", server: "resolver-2" });
    await order({ name: "region-down", region: "eastus", planes: ["dns"] });

    expect(await cname(impatientAt(servers("DNS_RESOLVERS")[1]))).toBe("ETIMEOUT");
    expect(await outcome(caching().resolve4(FQDN))).toBe("ESERVFAIL");
    expect(await outcome(caching().resolve4(STANDBY_FQDN))).toHaveLength(1);
    expect(await outcome(caching().resolve4("nobody.example.com"))).toBe("ENOTFOUND");
  });

  it("leave their questions in the log", async () => {
    await cname(caching(2));

    expect((await azure.steer("GET", "/log")).text).toContain('"operation":"dns.resolver-3"');
  });
});
