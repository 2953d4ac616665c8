/** Role definitions are given by their id or by their GUID alone. */
export function roleGuid(roleDefinitionId: string): string {
  return (roleDefinitionId.split("/").at(-1) ?? "").toLowerCase();
}
