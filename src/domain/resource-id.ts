import { z } from "zod";

const shape =
  /^\/subscriptions\/(?<subscription>[^/]+)\/resourceGroups\/(?<group>[^/]+)\/providers\/(?<type>[^/]+\/[^/]+)\/(?<name>[^/]+)$/i;

export interface ResourceIdParts {
  readonly subscription: string;
  readonly group: string;
  /** Lower case, such as `microsoft.app/containerapps`. */
  readonly type: string;
  readonly name: string;
}

/** The parts of an ARM resource id; undefined if the text is none. Ids are case-insensitive. */
export function parseResourceId(id: string): ResourceIdParts | undefined {
  const parts = shape.exec(id)?.groups;
  if (parts === undefined) return undefined;
  return {
    subscription: parts["subscription"] ?? "",
    group: parts["group"] ?? "",
    type: (parts["type"] ?? "").toLowerCase(),
    name: parts["name"] ?? "",
  };
}

/** An ARM resource id of one type, as the portal shows it under *Properties*. */
export const resourceId = (type: string) =>
  z
    .string()
    .refine((id) => parseResourceId(id)?.type === type.toLowerCase(), {
      error: `write the full resource id of a ${type}: /subscriptions/…/resourceGroups/…/providers/${type}/<name>`,
    })
    .meta({ title: `id of a ${type}` });

export const sameResource = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();

/** The last segment of an ARM id, in lower case. */
export const shortNameOf = (id: string): string => id.slice(id.lastIndexOf("/") + 1).toLowerCase();
