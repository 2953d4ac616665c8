import { type ArmContext, armJson, type ArmOperation, operationsOf } from "../arm/router.js";
import { PROFILE_TYPE } from "./state.js";

/** Published versions of Microsoft.Cdn; @azure/arm-cdn 9.1.0 sends 2024-02-01. */
export const API_VERSIONS = [
  ...["2021-06-01", "2022-05-01-preview", "2022-11-01-preview", "2023-05-01"],
  ...["2023-07-01-preview", "2024-02-01", "2024-05-01-preview", "2024-06-01-preview"],
  ...["2024-09-01", "2025-04-15", "2025-06-01"],
];

export const SUBSCRIPTION = "/subscriptions/{subscriptionId}";
export const GROUP = `${SUBSCRIPTION}/resourceGroups/{resourceGroupName}`;
export const PROFILE = `${GROUP}/providers/${PROFILE_TYPE}/{profileName}`;

const on = operationsOf(PROFILE_TYPE, API_VERSIONS);

/** A GET whose action is below the profile's type. */
export const reading = (
  name: string,
  path: string,
  right: string,
  show: (context: ArmContext) => unknown,
): ArmOperation => on(name, "GET", path, right, (context) => armJson(context, 200, show(context)));

/** A PATCH or POST with a body. */
export const changing = (...of: Parameters<typeof on>): ArmOperation => ({
  ...on(...of),
  takesBody: true,
});
