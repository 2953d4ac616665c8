/**
 * The header by which App Service tells the app who has signed in. Here the host's caller plays the
 * platform; the app looks at it only with PLATFORM_AUTHENTICATION=entra.
 */
export function principal(
  name: string,
  roles: readonly string[],
): Readonly<Record<string, string>> {
  const claims = [
    { typ: "preferred_username", val: name },
    ...roles.map((role) => ({ typ: "roles", val: role })),
  ];
  const told = { auth_typ: "aad", claims, name_typ: "preferred_username", role_typ: "roles" };
  return { "x-ms-client-principal": Buffer.from(JSON.stringify(told)).toString("base64") };
}
