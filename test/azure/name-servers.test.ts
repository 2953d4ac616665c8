import { Resolver } from "node:dns/promises";
import { type Asking, nameServers } from "../../src/azure/name-servers.js";
import { milliseconds } from "../../src/domain/duration.js";
import { ARM, arm, FQDN } from "../simulator/names.js";
import { type SimulatorProcess, startSimulatorProcess } from "../simulator/simulator-process.js";
import { PROFILE_ID, PUBLIC_NAME, STANDBY_FQDN, twoRegions } from "../simulator/two-regions.js";

let azure: SimulatorProcess;
const users = "mcp.example.com";
const path = { name: users, profile: PUBLIC_NAME };
const limit = milliseconds(3_000);

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(() => azure.stop());

beforeEach(async () => {
  const seed = {
    ...twoRegions(),
    dnsRecords: [
      { name: users, target: PUBLIC_NAME },
      { name: "old.example.com", target: FQDN },
      { name: "round.example.com", target: "about.example.com" },
      { name: "about.example.com", target: "round.example.com" },
    ],
  };
  const answer = await azure.steer("POST", "/reset", { seed });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
});

const listed = (variable: "DNS_AUTHORITATIVE" | "DNS_RESOLVERS"): string[] =>
  (azure.env[variable] ?? "").split(",");
const servers = (timeLimit = limit) =>
  nameServers(
    { resolvers: listed("DNS_RESOLVERS"), authoritative: listed("DNS_AUTHORITATIVE") },
    timeLimit,
  );
const order = async (fault: object): Promise<void> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
};
const turnOff = async (endpoint: string): Promise<void> => {
  await azure.call("PATCH", arm(`${PROFILE_ID}/ExternalEndpoints/${endpoint}`, "2022-04-01"), {
    token: await azure.tokenFor(ARM),
    body: { properties: { endpointStatus: "Disabled" } },
  });
};
const brief = (answers: readonly { says: string; target: string | undefined }[]): string[] =>
  answers.map(({ says, target }) => `${says} ${target ?? ""}`.trim());

describe("name servers", () => {
  it("say where a name leads: each of the zone's own, and each resolver by way of the users' domain", async () => {
    const asked = servers();

    expect(await asked.authoritative(PUBLIC_NAME)).toEqual(
      listed("DNS_AUTHORITATIVE").map((server) => ({ server, says: "leads", target: FQDN })),
    );
    expect(await asked.resolvers(path)).toEqual(
      listed("DNS_RESOLVERS").map((server) => ({ server, says: "leads", target: FQDN })),
    );
  });

  it("show a change at the zone's own servers first, and at resolvers when they may forget", async () => {
    const asked = servers();
    await asked.resolvers(path);
    await turnOff("primary");
    await azure.advance(11);

    const [own, cached] = [
      brief(await asked.authoritative(PUBLIC_NAME)),
      brief(await asked.resolvers(path)),
    ];
    await azure.advance(31);

    expect(own).toEqual([`leads ${STANDBY_FQDN}`, `leads ${STANDBY_FQDN}`]);
    expect(new Set(cached)).toEqual(new Set([`leads ${FQDN}`]));
    expect(new Set(brief(await asked.resolvers(path)))).toEqual(new Set([`leads ${STANDBY_FQDN}`]));
  });

  it("tell a stale resolver, a silent one and a name that is gone from each other", async () => {
    const asked = servers(milliseconds(600));
    await asked.resolvers(path);
    await order({ name: "resolver-stale", server: "resolver-1" });
    await order({ name: "dns-down", server: "resolver-2" });
    await order({ name: "dns-down", server: "authoritative-1" });
    await turnOff("primary");
    await turnOff("secondary");
    await azure.advance(61);

    expect(brief(await asked.authoritative(PUBLIC_NAME))).toEqual(["silent", "no-such-name"]);
    expect(brief(await asked.resolvers(path))).toEqual([`leads ${FQDN}`, "silent", "no-such-name"]);
  });

  it("tell users who are led past the profile, and names that lead nowhere", async () => {
    const asked = servers();
    const lead = async (name: string) =>
      brief(await asked.resolvers({ name, profile: PUBLIC_NAME }))[0];

    expect(await lead("old.example.com")).toBe(`bypasses ${FQDN}`);
    expect(await lead("nobody.example.com")).toBe("no-such-name");
    expect(await lead("round.example.com")).toBe("silent");
  });

  it("are found by the zone where none is named", async () => {
    const [authority = ""] = listed("DNS_AUTHORITATIVE");
    const asked: (string | undefined)[] = [];
    // The simulated zone's servers have an address that is reserved for documentation.
    const resolverAt = (address: string | undefined): Asking => {
      asked.push(address);
      const resolver = new Resolver({ timeout: 1_000, tries: 2 });
      resolver.setServers([address?.startsWith("198.51.100.") === true ? authority : address!]);
      return resolver;
    };
    const found = nameServers(
      { resolvers: listed("DNS_RESOLVERS"), authoritative: [] },
      limit,
      resolverAt,
    );

    expect(brief(await found.authoritative(PUBLIC_NAME))).toEqual([
      `leads ${FQDN}`,
      `leads ${FQDN}`,
    ]);
    expect(asked).toEqual([listed("DNS_RESOLVERS")[0], "198.51.100.10", "198.51.100.10"]);
    expect(await found.authoritative("nobody.invalid")).toEqual([]);
  });

  it("may be named by host, and one that cannot be found is silent", async () => {
    const [first = ""] = listed("DNS_RESOLVERS");
    const byName = first.replace("127.0.0.1", "localhost");
    const asked = nameServers({ resolvers: [byName, "nowhere.invalid"], authoritative: [] }, limit);

    expect(brief(await asked.resolvers(path))).toEqual([`leads ${FQDN}`, "silent"]);
  });
});
