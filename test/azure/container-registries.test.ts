import type { z } from "zod";
import { smallSeed } from "../../simulator/seeds/small.js";
import type { Seed } from "../../simulator/world/seed.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";
import { GROUP, SUBSCRIPTION } from "../simulator/names.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const roles = {
  contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  acrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
};
const registryId = (name: string, group = GROUP): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
const [home, plain, closed] = ["mcpregistry", "mcpplain", "mcpclosed"] as const;
const images = [
  { repository: "mcp-server", tag: "1.4.1" },
  { repository: "team/mcp-worker", tag: "7" },
];

function seed(): z.input<typeof Seed> {
  const { principalId } = smallSeed.identities[0]!;
  const at = (name: string, roleDefinitionId: string) => ({
    scope: registryId(name),
    roleDefinitionId,
    principalId,
  });
  return {
    ...smallSeed,
    roleAssignments: [
      ...smallSeed.roleAssignments,
      ...[home, plain].flatMap((name) => [at(name, roles.contributor), at(name, roles.acrPull)]),
    ],
    registries: [
      {
        id: registryId(home),
        location: "eastus",
        retentionDays: 30,
        replications: ["West US"],
        images,
      },
      { id: registryId(plain), location: "eastus", sku: "Standard", images },
      // Whoever may read all of a group may pull as well; in this one the service has no such role.
      { id: registryId(closed, "mcp-dr"), location: "westus", images },
    ],
  };
}

beforeAll(async () => {
  azure = await simulatedAzure(seed());
  ports = await azure.ports();
});

afterAll(() => azure.stop());

beforeEach(() => azure.control.reset(seed()));

describe("a registry", () => {
  it("says where it serves images and how long it keeps them", async () => {
    expect(await ports.containerRegistries.registry(registryId(home))).toEqual({
      id: registryId(home),
      name: home,
      loginServer: "mcpregistry.azurecr.io",
      sku: "Premium",
      regions: ["eastus", "westus"],
      retentionDays: 30,
    });
    const standard = await ports.containerRegistries.registry(registryId(plain));
    expect(standard).toMatchObject({ sku: "Standard", regions: ["eastus"] });
    expect(standard?.retentionDays).toBeUndefined();
  });

  it("keeps images longer once it was told, by one request; only one of Premium can be told", async () => {
    await ports.containerRegistries.setRetention(registryId(home), 180);
    const told = await ports.containerRegistries.registry(registryId(home));
    const log = await azure.control.log();

    expect(told?.retentionDays).toBe(180);
    expect(log.filter(({ operation }) => operation === "registries.update")).toHaveLength(1);
    await expect(
      ports.containerRegistries.setRetention(registryId(plain), 180),
    ).rejects.toMatchObject({ failure: { class: "terminal" } });
    await expect(
      ports.containerRegistries.setRetention(registryId(home), 366),
    ).rejects.toMatchObject({ failure: { class: "terminal" } });
  });
});

describe("an image", () => {
  const server = "mcpregistry.azurecr.io";

  it("is found by its tag and by its digest, and its copy elsewhere is the same", async () => {
    const digest = await ports.containerRegistries.digest(server, "mcp-server", "1.4.1");

    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await ports.containerRegistries.digest(server, "mcp-server", digest!)).toBe(digest);
    expect(
      await ports.containerRegistries.digest("mcpplain.azurecr.io", "mcp-server", "1.4.1"),
    ).toBe(digest);
    expect(await ports.containerRegistries.digest(server, "team/mcp-worker", "7")).not.toBe(digest);
  });

  it("is not there under a tag or in a repository that nobody pushed", async () => {
    expect((await ports.containerRegistries.digest(server, "mcp-server", "9.9.9")) ?? "none").toBe(
      "none",
    );
    expect((await ports.containerRegistries.digest(server, "other", "1.4.1")) ?? "none").toBe(
      "none",
    );
  });

  it("is for those alone who may pull it", async () => {
    await expect(
      ports.containerRegistries.digest("mcpclosed.azurecr.io", "mcp-server", "1.4.1"),
    ).rejects.toMatchObject({ failure: { class: "terminal", code: "http-401" } });
  });

  it("can be had while its region is down where the registry is replicated, and only there", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus" });

    expect(await ports.containerRegistries.digest(server, "mcp-server", "1.4.1")).toMatch(
      /^sha256:/,
    );
    await expect(
      ports.containerRegistries.digest("mcpplain.azurecr.io", "mcp-server", "1.4.1"),
    ).rejects.toMatchObject({ failure: { class: "transient" } });
  });
});
