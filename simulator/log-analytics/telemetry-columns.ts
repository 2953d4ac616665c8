/** What every item of Application Insights' tables says of the operation it belongs to, and of who sent it. */
export const OPERATION_COLUMNS = {
  Properties: "dynamic",
  ItemCount: "long",
  OperationId: "string",
  OperationName: "string",
  ParentId: "string",
  AppRoleName: "string",
  AppRoleInstance: "string",
} as const;
