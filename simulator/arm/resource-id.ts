/** The parts of an ARM resource id, spelled as they came. */
export interface ResourceId {
  readonly subscription: string;
  readonly resourceGroup: string;
  /** `Microsoft.App/containerApps`, child types included. */
  readonly type: string;
  readonly name: string;
}

/** Ids are compared without regard to case, as ARM does. */
export function keyOf(id: string): string {
  return id.toLowerCase().replace(/\/+$/, "");
}

export function parseResourceId(id: string): ResourceId | undefined {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/([^/].*)$/i.exec(id);
  if (match === null) return undefined;
  const [, subscription = "", resourceGroup = "", namespace = "", rest = ""] = match;
  const segments = rest.replace(/\/+$/, "").split("/");
  if (segments.length % 2 !== 0) return undefined;
  return {
    subscription,
    resourceGroup,
    type: [namespace, ...segments.filter((_, index) => index % 2 === 0)].join("/"),
    name: segments.at(-1) ?? "",
  };
}

/** Whether `id` is `scope` or lies below it. */
export function isWithin(id: string, scope: string): boolean {
  const [inner, outer] = [keyOf(id), keyOf(scope)];
  return inner === outer || inner.startsWith(`${outer}/`);
}
