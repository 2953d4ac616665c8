import { imageReadiness } from "../../src/activities/image-readiness.js";
import type { RegistryView } from "../../src/azure/container-registries.js";
import { days } from "../../src/domain/duration.js";
import type { Environment } from "../../src/domain/estate.js";
import { parseImage } from "../../src/domain/image-reference.js";
import { FakeContainerApps, revision } from "../support/fake-container-apps.js";
import { sampleEstate } from "../support/estates.js";
import { restError } from "../support/memory-container.js";

const { containerApp } = sampleEstate().environments.production!;
const id = (name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/${name}`;
const view = (name: string, traits: Partial<RegistryView> = {}): RegistryView => ({
  id: id(name),
  name,
  loginServer: `${name}.azurecr.io`,
  sku: "Premium",
  regions: ["eastus", "westus"],
  retentionDays: undefined,
  ...traits,
});

/** An app of two revisions, and registries in memory; each image is `<host>/<repository>:<tag>`. */
function world(there: Readonly<Record<string, string>>, registries: readonly RegistryView[]) {
  const apps = new FakeContainerApps();
  apps.all = [
    revision({ name: "mcp--new", images: ["mcpregistry.azurecr.io/mcp-server:2"] }),
    revision({
      name: "mcp--old",
      createdAt: "2026-11-01T00:00:00.000Z",
      active: false,
      runningState: "Stopped",
      images: ["mcpregistry.azurecr.io/mcp-server:1"],
    }),
  ];
  const look = (images: Environment["images"], region = "westus") =>
    imageReadiness(
      {
        apps,
        registries: {
          registry: (wanted) => Promise.resolve(registries.find((each) => each.id === wanted)),
          digest: (host, repository, reference) => {
            const digest = there[`${host}/${repository}:${reference}`];
            return digest === "down"
              ? Promise.reject(restError(503, "ServiceUnavailable"))
              : Promise.resolve(digest);
          },
          setRetention: () => Promise.reject(new Error("nothing is changed here")),
        },
      },
      { containerApp, images },
      region,
    );
  return { apps, look };
}

const images = { registry: id("mcpregistry"), retention: days(180) };
const both = { ...images, recoveryRegistry: id("west") };
const home = (tag: number): string => `mcpregistry.azurecr.io/mcp-server:${tag}`;
const west = (tag: number): string => `west.azurecr.io/mcp-server:${tag}`;

describe("images that a recovery needs", () => {
  it("are ready where the registry is replicated and has them", async () => {
    const { look } = world({ [home(1)]: "a", [home(2)]: "b" }, [view("mcpregistry")]);

    expect((await look(images)).map(({ state, what }) => `${state}: ${what}`)).toEqual([
      "ok: mcpregistry.azurecr.io/mcp-server:2 of mcp--new can be pulled in westus",
      "ok: mcpregistry.azurecr.io/mcp-server:1 of mcp--old can be pulled in westus",
      "ok: mcpregistry keeps images without a tag for ever",
    ]);
  });

  it("are not ready where the registry stands in the region that is lost, whatever its tier", async () => {
    const { look } = world({}, [view("mcpregistry", { regions: ["eastus"] })]);
    const standard = world({}, [view("mcpregistry", { regions: ["eastus"], sku: "Standard" })]);

    expect((await look(images))[0]).toEqual({
      state: "not-ready",
      what: expect.stringContaining("serves images from eastus alone") as string,
      remedy: "az acr replication create --registry mcpregistry --location westus",
    });
    expect((await standard.look(images))[0]?.remedy).toContain("make mcpregistry Premium");
    expect((await world({}, []).look(images))[0]).toMatchObject({ state: "not-ready" });
  });

  it("are looked for in the recovery side's registry, each by what it is needed for", async () => {
    const registries = [
      view("mcpregistry", { regions: ["eastus"] }),
      view("west", { regions: ["westus"], sku: "Standard" }),
    ];
    const none = world({ [home(1)]: "a", [home(2)]: "b" }, registries);
    const stale = world(
      { [home(1)]: "a", [home(2)]: "b", [west(1)]: "a", [west(2)]: "old" },
      registries,
    );
    const blind = world(
      { [home(1)]: "down", [home(2)]: "down", [west(1)]: "a", [west(2)]: "b" },
      registries,
    );

    expect((await none.look(both)).slice(0, 2)).toMatchObject([
      { state: "not-ready", remedy: `az acr import --name west --source ${home(2)}` },
      { state: "degraded", remedy: `az acr import --name west --source ${home(1)}` },
    ]);
    expect((await stale.look(both)).map(({ state }) => state)).toEqual([
      "degraded",
      "ok",
      "ok",
      "ok",
    ]);
    // The region is down already: what the recovery side has is what counts.
    expect((await blind.look(both)).map(({ state }) => state)).toEqual(["ok", "ok", "ok", "ok"]);
  });

  it("from elsewhere, and those that nobody can look at, are said to be unknown", async () => {
    const { look, apps } = world({ [home(2)]: "down", [home(1)]: "a" }, [view("mcpregistry")]);
    expect((await look(images))[0]).toMatchObject({
      state: "degraded",
      what: expect.stringContaining("cannot be looked at") as string,
    });
    apps.all = [revision({ name: "mcp--new", images: ["nginx"] })];
    expect((await look(images))[0]).toMatchObject({
      state: "degraded",
      what: expect.stringContaining("comes from docker.io") as string,
    });
    expect(await look(undefined)).toMatchObject([{ state: "degraded" }]);
  });

  it("are kept for as long as the estate says", async () => {
    const there = { [home(1)]: "a", [home(2)]: "b" };
    const keeping = async (retentionDays: number) =>
      (await world(there, [view("mcpregistry", { retentionDays })]).look(images)).at(-1);

    expect(await keeping(180)).toMatchObject({ state: "ok" });
    expect(await keeping(179)).toEqual({
      state: "degraded",
      what: "mcpregistry keeps images without a tag for 179 days; 180 are wanted",
      remedy: expect.stringContaining("--days 180") as string,
    });
  });
});

it.each([
  ["a.azurecr.io/team/app:1.2", "a.azurecr.io", "team/app", "1.2"],
  ["A.azurecr.io/app", "a.azurecr.io", "app", "latest"],
  ["localhost:5000/app:x", "localhost:5000", "app", "x"],
  ["a.azurecr.io/app:1@sha256:ab", "a.azurecr.io", "app", "sha256:ab"],
  ["nginx:1.27", "docker.io", "library/nginx", "1.27"],
  ["bitnami/redis", "docker.io", "bitnami/redis", "latest"],
])("%s is read as container runtimes read it", (image, host, repository, reference) => {
  expect(parseImage(image)).toEqual({ host, repository, reference });
});
