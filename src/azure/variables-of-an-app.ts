import type { ContainerApp, Template } from "@azure/arm-appcontainers" with {
  "resolution-mode": "import",
};
import { terminal } from "../domain/failure.js";

/** An app's template with some variables set to other values, and nothing else changed. */
export function withVariables(
  app: ContainerApp,
  variables: Readonly<Record<string, string>>,
  suffix: string,
): Template {
  const { containers, ...rest } = app.template ?? {};
  if (containers === undefined || containers.length === 0) {
    throw terminal("no-template", `${app.name ?? "the app"} has no container to be told anything`);
  }
  const told = new Set(
    containers.flatMap(({ env }) => env ?? []).flatMap(({ name }) => name ?? []),
  );
  return {
    ...rest,
    revisionSuffix: suffix,
    containers: containers.map((container, index) => {
      const env = container.env ?? [];
      const names = env.map(({ name }) => name);
      const own = Object.entries(variables).filter(([name]) =>
        told.has(name) ? names.includes(name) : index === 0,
      );
      if (own.length === 0) return container;
      // A name that stands there twice wedges the new revision
      // (https://github.com/microsoft/azure-container-apps/issues/1273): the last one counts.
      const kept = env.filter(
        ({ name }, at) =>
          !own.some(([changed]) => changed === name) && names.lastIndexOf(name) === at,
      );
      return { ...container, env: [...kept, ...own.map(([name, value]) => ({ name, value }))] };
    }),
  };
}
