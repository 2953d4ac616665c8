import { serviceRole, serviceRoleIds, type ServiceRole } from "../src/domain/service-roles.js";

/* The roles of the service as the templates and as the page for people have them. */

const commented = (rights: Readonly<Record<string, string>>, indent: string): readonly string[] =>
  Object.entries(rights).flatMap(([action, why]) => [`${indent}// ${why}`, `${indent}'${action}'`]);

function member(id: string, role: ServiceRole): readonly string[] {
  const { title, builtIn, actions, dataActions = {}, besides = {}, gives } = role;
  const used = [...new Set(Object.values({ ...actions, ...dataActions, ...besides }))];
  const list = (name: string, ...rights: readonly Readonly<Record<string, string>>[]) => {
    const lines = rights.flatMap((one) => commented(one, "      "));
    return lines.length === 0 ? [`    ${name}: []`] : [`    ${name}: [`, ...lines, "    ]"];
  };
  return [
    `  ${/^\w+$/.test(id) ? id : `'${id}'`}: {`,
    `    title: '${title}'`,
    ...(builtIn === undefined
      ? [...list("actions", actions, besides), ...list("dataActions", dataActions)]
      : [...used.map((why) => `    // ${why}`), `    builtIn: '${builtIn}'`]),
    ...(gives === undefined ? [] : [`    gives: [${gives.map((guid) => `'${guid}'`).join(", ")}]`]),
    "  }",
  ];
}

/** The module that holds the roles, whole. */
export const definitionsFile = {
  path: "infra/roles/definitions.bicep",
  text: (): string =>
    [
      "metadata description = 'The roles of the service, action by action, with the activities that need each. Written by `npm run roles` from src/domain/service-roles.ts.'",
      "",
      "@export()",
      "@description('The roles: those made for the service with their actions, and the built-in ones of data planes by their GUIDs.')",
      "var serviceRoles = {",
      ...serviceRoleIds.flatMap((id) => member(id, serviceRole(id))),
      "}",
      "",
    ].join("\n"),
};

export const permissionsPage = "docs/permissions.md";

const [begin, end] = ["<!-- roles -->", "<!-- end of roles -->"];

/** The page with the tables of the roles as they are now. */
export function withTables(page: string): string {
  const [before = "", rest = ""] = page.split(begin);
  const [, after = ""] = rest.split(end);
  return `${before}${begin}\n\n${tables()}\n\n${end}${after}`;
}

function tables(): string {
  return serviceRoleIds
    .map((id) => {
      const { title, builtIn, actions, dataActions = {}, besides = {} } = serviceRole(id);
      const rights = [
        ...Object.entries(actions).map(([action, why]) => [action, why] as const),
        ...Object.entries(dataActions).map(([action, why]) => [`${action} (data)`, why] as const),
        ...Object.entries(besides).map(([action, why]) => [action, why] as const),
      ];
      const kind = builtIn === undefined ? "" : " (built in)";
      const lines = rights.map(([action, why]) => `- \`${action}\`: ${why}`);
      return [`### ${title}${kind}`, "", ...lines].join("\n");
    })
    .join("\n\n");
}
