import { keyOf } from "../arm/resource-id.js";
import { type ArmContext, armJson, type ArmOperation, resourceNotFound } from "../arm/router.js";
import { regionOf } from "../world/names.js";
import { API_VERSIONS as apiVersions } from "./api-versions.js";
import { coresInUse } from "./cores.js";
import { within } from "./find.js";
import type { ManagedEnvironment } from "./state.js";

export const ENVIRONMENT_TYPE = "Microsoft.App/managedEnvironments";

// Documented quota: environments in a region of a subscription.
const ENVIRONMENTS_PER_REGION = 15;

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const environment = `${group}/providers/${ENVIRONMENT_TYPE}/{environmentName}`;

/** The environments that apps live in, and what is used of their quotas. */
export const environmentOperations: readonly ArmOperation[] = [
  ...[
    { name: "managedEnvironments.listBySubscription", below: subscription },
    { name: "managedEnvironments.listByResourceGroup", below: group },
  ].map(({ name, below }): ArmOperation => ({
    name,
    method: "GET",
    path: `${below}/providers/${ENVIRONMENT_TYPE}`,
    apiVersions,
    action: `${ENVIRONMENT_TYPE}/read`,
    handle: (context) =>
      armJson(context, 200, {
        value: within(context.world.environments, context.id).map(resource),
      }),
  })),
  {
    name: "managedEnvironments.get",
    method: "GET",
    path: environment,
    apiVersions,
    action: `${ENVIRONMENT_TYPE}/read`,
    handle: (context) => armJson(context, 200, resource(environmentOf(context))),
  },
  {
    name: "managedEnvironmentUsages.list",
    method: "GET",
    path: `${environment}/usages`,
    apiVersions,
    action: `${ENVIRONMENT_TYPE}/usages/read`,
    handle: (context) => {
      const { id, coreQuota } = environmentOf(context);
      return armJson(context, 200, {
        value: [
          usage("ManagedEnvironmentConsumptionCores", "Managed Environment Consumption Cores", {
            currentValue: coresInUse(keyOf(id), context.world.containerApps),
            limit: coreQuota,
          }),
        ],
      });
    },
  },
  {
    name: "usages.list",
    method: "GET",
    path: `${subscription}/providers/Microsoft.App/locations/{location}/usages`,
    apiVersions,
    action: "Microsoft.App/locations/usages/read",
    handle: (context) => {
      const region = regionOf(context.params["location"] ?? "");
      const here = within(context.world.environments, context.id).filter(
        (one) => one.region === region,
      );
      return armJson(context, 200, {
        value: [
          usage("ManagedEnvironmentCount", "Managed Environment Count", {
            currentValue: here.length,
            limit: ENVIRONMENTS_PER_REGION,
          }),
        ],
      });
    },
  },
];

function environmentOf(context: ArmContext): ManagedEnvironment {
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.environments.get(key);
  if (found) return found;
  throw resourceNotFound(context, ENVIRONMENT_TYPE, context.params["environmentName"] ?? "");
}

function usage(
  name: string,
  title: string,
  counted: { readonly currentValue: number; readonly limit: number },
): unknown {
  return { unit: "Count", ...counted, name: { value: name, localizedValue: title } };
}

function resource(environment: ManagedEnvironment): unknown {
  return {
    id: environment.id,
    name: environment.name,
    type: "Microsoft.App/managedEnvironments",
    location: environment.location,
    properties: {
      provisioningState: "Succeeded",
      defaultDomain: environment.defaultDomain,
      staticIp: environment.staticIp,
      zoneRedundant: false,
      ...(environment.workspaceCustomerId !== undefined && {
        appLogsConfiguration: {
          destination: "log-analytics",
          logAnalyticsConfiguration: { customerId: environment.workspaceCustomerId },
        },
      }),
    },
  };
}
