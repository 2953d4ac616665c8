type JsonObject = Readonly<Record<string, unknown>>;

/** RFC 7396: members of objects are merged, null removes one, anything else — arrays too — replaces what was there. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/** The value without null members at any depth: to ARM, null is the same as absent. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNulls(inner)]),
  );
}

/** What only the service itself writes, at the top and in `properties`. */
export interface ReadOnlyMembers {
  readonly resource: readonly string[];
  readonly properties: readonly string[];
}

/** A body without what only the service writes: it is ignored when a client sends it back. */
export function omitReadOnly(body: unknown, { resource, properties }: ReadOnlyMembers): unknown {
  if (!isObject(body)) return body;
  const rest = omit(body, resource);
  return isObject(rest["properties"])
    ? { ...rest, properties: omit(rest["properties"], properties) }
    : rest;
}

function omit(value: JsonObject, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
