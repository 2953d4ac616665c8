import type { SecretTransaction } from "../profiles/limits.js";
import type { SecretAction } from "./access.js";

type Verb =
  | "list"
  | "listVersions"
  | "get"
  | "set"
  | "update"
  | "delete"
  | "backup"
  | "restore"
  | "listDeleted"
  | "getDeleted"
  | "recover"
  | "purge";

/** What a request asks of the secrets of a vault. */
export interface SecretRequest {
  readonly verb: Verb;
  /** Its name in the log. */
  readonly operation: string;
  readonly action: SecretAction;
  readonly mutating: boolean;
  readonly takesBody: boolean;
  readonly transaction: SecretTransaction;
  readonly name: string | undefined;
  readonly version: string | undefined;
}

interface Route {
  readonly method: string;
  /** Path segments; `{…}` stands for one, `{…?}` for one or none. */
  readonly path: readonly string[];
  readonly verb: Verb;
  readonly operation: string;
  readonly action: SecretAction;
  readonly mutating?: boolean;
  readonly takesBody?: boolean;
  readonly transaction?: SecretTransaction;
}

const changes = { mutating: true, transaction: "writes" } as const;
const secret = ["secrets", "{name}"];
const deleted = ["deletedsecrets", "{name}"];

const ROUTES: readonly Route[] = [
  { method: "GET", path: ["secrets"], verb: "list", operation: "secrets.list", action: "list" },
  {
    method: "POST",
    path: ["secrets", "restore"],
    verb: "restore",
    operation: "secrets.restore",
    action: "restore",
    mutating: true,
    takesBody: true,
    transaction: "backups",
  },
  {
    method: "POST",
    path: [...secret, "backup"],
    verb: "backup",
    operation: "secrets.backup",
    action: "backup",
    transaction: "backups",
  },
  {
    method: "GET",
    path: [...secret, "versions"],
    verb: "listVersions",
    operation: "secrets.listVersions",
    action: "list",
  },
  {
    method: "PUT",
    path: secret,
    verb: "set",
    operation: "secrets.set",
    action: "set",
    takesBody: true,
    ...changes,
  },
  {
    method: "GET",
    path: [...secret, "{version?}"],
    verb: "get",
    operation: "secrets.get",
    action: "get",
  },
  {
    method: "PATCH",
    path: [...secret, "{version?}"],
    verb: "update",
    operation: "secrets.update",
    action: "update",
    mutating: true,
    takesBody: true,
  },
  {
    method: "DELETE",
    path: secret,
    verb: "delete",
    operation: "secrets.delete",
    action: "delete",
    mutating: true,
  },
  {
    method: "GET",
    path: ["deletedsecrets"],
    verb: "listDeleted",
    operation: "deletedSecrets.list",
    action: "list",
  },
  {
    method: "GET",
    path: deleted,
    verb: "getDeleted",
    operation: "deletedSecrets.get",
    action: "get",
  },
  {
    method: "POST",
    path: [...deleted, "recover"],
    verb: "recover",
    operation: "deletedSecrets.recover",
    action: "recover",
    mutating: true,
  },
  {
    method: "DELETE",
    path: deleted,
    verb: "purge",
    operation: "deletedSecrets.purge",
    action: "purge",
    mutating: true,
  },
];

/** The request behind a method and a path; undefined where there is none. Empty segments count for nothing. */
export function secretRequest(method: string, path: string): SecretRequest | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  for (const route of ROUTES) {
    const params = route.method === method ? match(route.path, segments) : undefined;
    if (params === undefined) continue;
    return {
      verb: route.verb,
      operation: route.operation,
      action: route.action,
      mutating: route.mutating ?? false,
      takesBody: route.takesBody ?? false,
      transaction: route.transaction ?? "reads",
      name: params.get("name"),
      version: params.get("version"),
    };
  }
  return undefined;
}

function match(
  template: readonly string[],
  segments: readonly string[],
): Map<string, string> | undefined {
  const params = new Map<string, string>();
  for (const [index, part] of template.entries()) {
    const segment = segments[index];
    const [, name, optional] = /^\{(\w+)(\?)?\}$/.exec(part) ?? [];
    if (segment === undefined) {
      if (optional === undefined) return undefined;
    } else if (name === undefined) {
      if (segment.toLowerCase() !== part) return undefined;
    } else params.set(name, segment);
  }
  return segments.length > template.length ? undefined : params;
}
