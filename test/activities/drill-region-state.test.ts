import { regionState, type RegionPorts } from "../../src/activities/drill-region-state.js";
import * as contract from "../../src/activities/drill.contract.js";
import { residueOf } from "../../src/domain/drill.js";
import { environmentOf } from "../../src/domain/estate.js";
import type { AppConfiguration } from "../../src/domain/readiness/app-drift.js";
import { regionSides } from "../../src/domain/region-sides.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const estate = environmentOf(sampleEstate(), "production");
const sides = regionSides(estate)!;
const { redis, storage, frontDoor, containerApp } = estate;
const both = ({ primary, secondary = "" }: { primary: string; secondary?: string | undefined }) => [
  primary,
  secondary,
];
const wanted = {
  what: "region" as const,
  front: sides.front,
  apps: [sides.primary, sides.secondary].map(({ app }) => ({ app, rule: containerApp.health })),
  caches: both(redis),
  accounts: both(storage),
  connectionSecret: redis.connectionSecret,
  edge: frontDoor!,
};

describe("what the drill of a region compares", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;
  let ports: AzurePorts;

  beforeAll(async () => {
    azure = await simulatedAzure();
    [runner, ports] = await Promise.all([azure.runner(), azure.ports()]);
  });
  afterAll(() => azure.stop());
  beforeEach(() => azure.control.reset());

  const caller: Caller = { run: "run", step: "step", attempt: 1, leases: [], mode: "execute" };
  async function seen() {
    const answer = await runner.run(contract.observeDrilled, caller, wanted);
    if (!answer.ok) throw new Error(answer.failure.message);
    expect(answer.value.steady).toBe(true);
    return answer.value.fields;
  }

  it("is all that a recovery of the region changes, each by what an operator calls it", async () => {
    const fields = await seen();

    expect(residueOf(fields, await seen())).toEqual([]);
    expect(fields).toMatchObject({
      "cache mcp-redis-prod links": "primary with mcp-redis-prod-dr",
      "cache mcp-redis-prod-dr links": "secondary with mcp-redis-prod",
      "mcp-server-prod cache": expect.stringMatching(/^localhost:\d+$/) as string,
    });
  });

  it.each([
    {
      what: "a replica that is linked no more",
      leave: () => ports.cacheChanges.unlink(redis.secondary!, redis.primary),
      says: [
        "cache mcp-redis-prod links was primary with mcp-redis-prod-dr and is none",
        "cache mcp-redis-prod-dr links was secondary with mcp-redis-prod and is none",
      ],
    },
    {
      what: "an edge that leads to the other account",
      leave: async () => {
        const [origin] = (await ports.edges.edge(frontDoor!))!.origins;
        const host = "mcpstorageproddr.blob.core.windows.net";
        const change = { hostName: host, hostHeader: host };
        await ports.edges.startOriginChange(frontDoor!, origin!.name, change);
      },
      says: [
        expect.stringMatching(
          /^edge \S+ origin \S+ was mcpstorageprod\.blob\S+ as mcpstorageprod\.blob\S+, enabled and is mcpstorageproddr\.blob\S+ as mcpstorageproddr\.blob\S+, enabled$/,
        ) as string,
      ],
    },
    {
      what: "the connection string of the other cache in the app's vault, without its key",
      leave: async () => {
        const vault = "https://mcp-server-prod-kv.vault.azure.net/";
        const value = "mcp-redis-prod-dr.redis.cache.windows.net:6380,password=s3cret";
        const as = { contentType: "text/plain", enabled: true, tags: {} };
        const dates = { notBeforeAt: undefined, expiresAt: undefined };
        await ports.secrets.set(vault, redis.connectionSecret, value, { ...as, ...dates });
      },
      says: [
        expect.stringMatching(
          /^mcp-server-prod cache was localhost:\d+ and is mcp-redis-prod-dr\.redis\.cache\.windows\.net:6380$/,
        ) as string,
      ],
    },
  ])("tells of $what", async ({ leave, says }) => {
    const before = await seen();
    await leave();
    await azure.control.advance(900);

    expect(residueOf(before, await seen())).toEqual(says);
  });
});

describe("what is said of an app", () => {
  const told = (
    variables: AppConfiguration["containers"][number]["variables"],
    secrets: AppConfiguration["secrets"],
  ) => {
    const app = { name: "mcp", variables: {}, images: ["mcp:1"], minReplicas: 2 };
    const container = { name: "main", image: "mcp:1", variables, probes: {} };
    const azure = {
      traffic: {
        profile: () => ({ endpoints: [{ name: sides.front.primaryEndpoint, enabled: true }] }),
      },
      apps: {
        app: () => app,
        configuration: () => ({ name: "mcp", maxReplicas: 4, containers: [container], secrets }),
      },
    } as unknown as RegionPorts;
    const { edge: _, ...others } = wanted;
    const [side] = wanted.apps;
    return regionState(azure, { ...others, apps: [side!], caches: [], accounts: [] });
  };

  it("names hosts and secrets, and shows whatever may be secret by its hash", async () => {
    const { fields } = await told(
      [
        { name: "STORAGE_ACCOUNT_URL", value: "https://mcp.blob.core.windows.net/" },
        { name: "FEED", value: "https://mcp.blob.core.windows.net/feed?sig=s3cret" },
        { name: "TOKEN", value: "s3cret" },
        { name: "REDIS", secret: "redis" },
      ],
      [{ name: "redis", refersTo: "redis-connection-string", vault: "mcp.vault.azure.net" }],
    );

    expect(fields).toMatchObject({
      "mcp container main variable STORAGE_ACCOUNT_URL": "mcp.blob.core.windows.net",
      "mcp container main variable FEED": expect.stringMatching(
        /^mcp\.blob\.core\.windows\.net, hash [0-9a-f]{16}$/,
      ) as string,
      "mcp container main variable TOKEN": expect.stringMatching(/^hash [0-9a-f]{16}$/) as string,
      "mcp container main variable REDIS": "from the secret redis",
      "mcp secret redis": "redis-connection-string of mcp.vault.azure.net",
    });
    expect(JSON.stringify(fields)).not.toContain("s3cret");
  });

  it("tells another vault behind a secret, and another value of a variable", async () => {
    const secret = { name: "redis", refersTo: "redis-connection-string" };
    const here = await told([{ name: "TOKEN", value: "one" }], [{ ...secret, vault: "a.net" }]);
    const there = await told([{ name: "TOKEN", value: "two" }], [{ ...secret, vault: "b.net" }]);

    expect(residueOf(here.fields, there.fields)).toEqual([
      expect.stringMatching(/^mcp container main variable TOKEN was hash \w+ and is hash \w+$/),
      "mcp secret redis was redis-connection-string of a.net and is redis-connection-string of b.net",
    ]);
  });
});
