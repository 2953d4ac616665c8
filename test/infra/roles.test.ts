import { readFileSync } from "node:fs";
import path from "node:path";
import { postingActivity } from "../../src/activities/notices.js";
import { readSettings } from "../../src/config/settings.js";
import type { EnvironmentName } from "../../src/domain/environment-name.js";
import { environmentOf } from "../../src/domain/estate.js";
import {
  grantsOf,
  serviceRole,
  serviceRoleIds,
  type ServiceRoleId,
} from "../../src/domain/service-roles.js";
import { activitiesOf } from "../../src/every-activity.js";
import { portsOf } from "../../src/ports.js";
import { definitionsFile, permissionsPage, withTables } from "../../tools/role-texts.js";
import { sampleEstate } from "../support/estates.js";
import { madeBy, ofType, type PredictedResource } from "../support/templates.js";

const root = path.join(__dirname, "../..");
const estate = sampleEstate();
const deployments: Readonly<Record<string, readonly EnvironmentName[]>> = {
  production: ["production"],
  "non-production": ["development", "staging"],
};

/** Where an assignment holds, in lower case. Its own name depends on the identity, which Azure alone knows. */
function scopeOf({ id }: PredictedResource): string {
  const [, resource] = /^\[extensionResourceId\('([^']+)'/i.exec(id) ?? [];
  const [, subscription] = /^\[subscriptionResourceId\('([^']+)'/i.exec(id) ?? [];
  const [, of = "", group = ""] = /^\[resourceId\('([^']+)', '([^']+)'/i.exec(id) ?? [];
  const whole =
    subscription === undefined
      ? `/subscriptions/${of}/resourceGroups/${group}`
      : `/subscriptions/${subscription}`;
  return (resource ?? whole).toLowerCase();
}

/** The roles that a deployment makes, and who gets which role where, as `scope role`. */
function madeIn(deployment: string) {
  const resources = madeBy(deployment);
  const definitions = ofType(resources, "Microsoft.Authorization/roleDefinitions");
  const assignments = ofType(resources, "Microsoft.Authorization/roleAssignments");
  const titles = new Map(
    definitions.map(({ name, properties }) => [name, String(properties["roleName"])]),
  );
  const builtIn = new Map(
    serviceRoleIds.map((id) => [serviceRole(id).builtIn ?? "", serviceRole(id).title]),
  );
  const titleOf = ({ properties }: PredictedResource): string => {
    const guid = String(properties["roleDefinitionId"]).split("/").at(-1) ?? "";
    return (titles.get(guid) ?? builtIn.get(guid) ?? guid).replace(/ \(\w+\)$/, "");
  };
  return { definitions, assignments, titleOf };
}

describe.each(Object.entries(deployments))("the roles of %s", (deployment, names) => {
  const { definitions, assignments, titleOf } = madeIn(deployment);
  const inTheEstate = assignments.filter(
    (one) => !/resourcegroups\/mcp-dr-(service|backups)\/prov/.test(scopeOf(one)),
  );

  it("are granted where the estate needs them, and nowhere else", () => {
    const wanted = names.flatMap((name) =>
      grantsOf(environmentOf(estate, name)).map(
        ({ scope, role }) => `${scope.toLowerCase()} ${serviceRole(role).title}`,
      ),
    );

    expect(inTheEstate.map((one) => `${scopeOf(one)} ${titleOf(one)}`).sort()).toEqual(
      wanted.sort(),
    );
  });

  it.each(
    names.flatMap((name) =>
      serviceRoleIds
        .filter((id) => serviceRole(id).builtIn === undefined)
        .map((id) => [`${serviceRole(id).title} (${name})`, id] as [string, ServiceRoleId]),
    ),
  )("%s has the actions of the one source", (title, id) => {
    const { actions, dataActions = {}, besides = {} } = serviceRole(id);
    const made = definitions.find(({ properties }) => properties["roleName"] === title);

    expect(made?.properties["permissions"]).toEqual([
      {
        actions: [...Object.keys(actions), ...Object.keys(besides)],
        dataActions: Object.keys(dataActions),
      },
    ]);
  });

  it("no role made for the service has a wildcard, but for the tables that a query reads", () => {
    const all = definitions.flatMap(({ properties }) => JSON.stringify(properties["permissions"]));
    const wild = all.flatMap((text) => text.match(/"[^"]*\*[^"]*"/g) ?? []);

    expect(new Set(wild)).toEqual(
      new Set(['"Microsoft.OperationalInsights/workspaces/query/*/read"']),
    );
  });

  it("whoever may give roles may give those of the data planes alone, to service principals", () => {
    const giving = assignments.filter((one) => titleOf(one) === serviceRole("data-access").title);

    expect(giving.length).toBeGreaterThan(0);
    for (const { properties } of giving) {
      const condition = String(properties["condition"]);
      for (const guid of serviceRole("data-access").gives ?? []) expect(condition).toContain(guid);
      expect(condition).toContain("ForAnyOfAnyValues:GuidEquals");
      expect(condition).toContain("ServicePrincipal");
      expect(properties["conditionVersion"]).toBe("2.0");
    }
  });

  it("every grant says what it is for", () => {
    for (const { properties } of assignments) {
      expect(String(properties["description"])).toMatch(/\w{3}/);
    }
  });

  it("at its own resources the service has the roles of the host and of data alone", () => {
    const own = assignments
      .filter((one) => !inTheEstate.includes(one))
      .map(
        (one) =>
          `${scopeOf(one).split("/").at(-1) ?? ""}: ${String(one.properties["description"]).split(":")[0] ?? ""}`,
      );
    const suffix = deployment === "production" ? "" : "nonprod";
    const dashed = suffix === "" ? "" : "-nonprod";

    expect(own.sort()).toEqual(
      [
        `mcp-dr${dashed}-insights: Monitoring Metrics Publisher`,
        `mcp-dr-settings${dashed}: Key Vault Secrets User`,
        `mcpdrbackup${suffix}: Storage Blob Data Contributor`,
        `mcpdrhost${suffix}: Storage Blob Data Owner`,
        `mcpdrhost${suffix}: Storage Queue Data Contributor`,
        `mcpdrhost${suffix}: Storage Table Data Contributor`,
        `mcpdrstate${suffix}: Storage Blob Data Contributor`,
      ].sort(),
    );
  });
});

describe("what the activities need of the simulated Azure", () => {
  const asked = (
    JSON.parse(readFileSync(path.join(root, "test/golden/asked-rights.json"), "utf8")) as string[]
  ).map((right) => right.toLowerCase());
  const given = serviceRoleIds.flatMap((id) => {
    const { actions, dataActions = {} } = serviceRole(id);
    return [
      ...Object.keys(actions).map((action) => `control ${action}`.toLowerCase()),
      ...Object.keys(dataActions).map((action) => `data ${action}`.toLowerCase()),
    ];
  });

  it("is all granted", () => {
    expect(asked.filter((right) => !given.includes(right))).toEqual([]);
  });

  it("is all that is granted", () => {
    expect(given.filter((right) => !asked.includes(right))).toEqual([]);
  });

  it("leaves over only what no call names, each for a reason that somebody has written", () => {
    const besides = serviceRoleIds.flatMap((id) => Object.keys(serviceRole(id).besides ?? {}));

    expect(besides.filter((right) => asked.includes(`control ${right}`.toLowerCase()))).toEqual([]);
    expect(besides.sort()).toEqual([
      "Microsoft.App/managedEnvironments/join/action",
      "Microsoft.ContainerRegistry/registries/write",
      "Microsoft.Network/trafficManagerProfiles/azureEndpoints/write",
      "Microsoft.Network/trafficManagerProfiles/nestedEndpoints/write",
      "Microsoft.OperationalInsights/workspaces/query/*/read",
      "Microsoft.Resources/subscriptions/read",
      "Microsoft.Resources/subscriptions/resources/read",
    ]);
  });

  it("names an activity that there is, for each right", () => {
    const unused = undefined as never;
    const names = [
      ...activitiesOf(portsOf(readSettings({}))),
      postingActivity(unused, unused, unused),
    ].map(({ name }) => name);
    const whys = serviceRoleIds.flatMap((id) => {
      const { actions, dataActions = {} } = serviceRole(id);
      return Object.values({ ...actions, ...dataActions });
    });

    for (const why of whys) {
      for (const word of why.split(/[ ,]+/).filter((part) => /^[a-z]+[A-Z]/.test(part))) {
        expect(names).toContain(word);
      }
      expect(why).toMatch(/^[a-z]+[A-Z]\w+/);
    }
  });
});

describe("what is written of the roles is what the one source says", () => {
  it("in the templates", () => {
    expect(readFileSync(path.join(root, definitionsFile.path), "utf8")).toBe(
      definitionsFile.text(),
    );
  });

  it("on the page for people", () => {
    const page = readFileSync(path.join(root, permissionsPage), "utf8");

    expect(page).toBe(withTables(page));
  });
});
