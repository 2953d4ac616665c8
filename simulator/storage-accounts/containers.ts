import { z } from "zod";
import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { type ArmContext, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { containerId, policyProperties } from "./immutability.js";
import { accountOf, containerOf } from "./lookup.js";
import { ACCOUNT_TYPE } from "./representation.js";
import type { Container, StorageAccount } from "./state.js";

/** What whoever keeps the blobs knows of a container. */
export interface StoredContainer {
  readonly name: string;
  readonly etag: string;
  readonly lastModifiedAt: number;
  readonly leaseStatus: string;
  readonly leaseState: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where containers are: ARM and the blob service work on the same ones. */
export interface ContainerStore {
  list(account: StorageAccount): Promise<readonly StoredContainer[]>;
  get(account: StorageAccount, name: string): Promise<StoredContainer | undefined>;
  create(
    account: StorageAccount,
    name: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void>;
  setMetadata(
    account: StorageAccount,
    name: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void>;
}

const LARGEST_PAGE = 5000;
const VALID_NAME = /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/;

const Body = z.strictObject({
  properties: z
    .strictObject({
      publicAccess: z.enum(["None", "Blob", "Container"]).optional(),
      metadata: z.record(z.string(), z.string()).optional(),
      defaultEncryptionScope: z.literal("$account-encryption-key").optional(),
      denyEncryptionScopeOverride: z.literal(false).optional(),
    })
    .optional(),
});
const READ_ONLY = {
  resource: ["id", "name", "type", "etag"],
  properties: [
    "deleted",
    "hasImmutabilityPolicy",
    "hasLegalHold",
    "immutabilityPolicy",
    "lastModifiedTime",
    "leaseState",
    "leaseStatus",
    "legalHold",
    "remainingRetentionDays",
  ],
};

export async function getContainer(context: ArmContext, store: ContainerStore): Promise<Answer> {
  const account = accountOf(context);
  const container = containerOf(context, account);
  return armJson(
    context,
    200,
    resource(account, container, await stored(account, container, store)),
  );
}

export async function listContainers(context: ArmContext, store: ContainerStore): Promise<Answer> {
  const account = accountOf(context);
  const { query } = context.request;
  for (const name of ["$filter", "$include"]) {
    if (query.has(name)) throw new Refusal(501, "NotSimulated", `${name} is not simulated.`);
  }
  const size = pageSize(query.get("$maxpagesize"));
  const from = query.get("$skipToken") ?? "";
  const all = (await store.list(account)).filter(({ name }) => name >= from);
  const page = all.slice(0, size).flatMap((one) => {
    const container = account.containers.get(one.name);
    return container ? [resource(account, container, one)] : [];
  });
  const next = all[size];
  return armJson(context, 200, {
    value: page,
    ...(next && { nextLink: nextLink(context, next.name) }),
  });
}

/** PUT: a new container is there at once; of an old one the metadata are replaced. */
export async function putContainer(context: ArmContext, store: ContainerStore): Promise<Answer> {
  const account = accountOf(context);
  const name = context.params["containerName"] ?? "";
  if (!VALID_NAME.test(name)) {
    throw new Refusal(
      400,
      "InvalidResourceName",
      "The specified resource name contains invalid characters or is not between 3 and 63 characters long.",
    );
  }
  const parsed = Body.safeParse(omitReadOnly(withoutNulls(context.body), READ_ONLY));
  if (!parsed.success) throw invalidContent(parsed.error);
  const { metadata, publicAccess = "None" } = parsed.data.properties ?? {};
  if (publicAccess !== "None") checkPublicAccess(account);
  const known = account.containers.get(name);
  if (known === undefined) await store.create(account, name, metadata ?? {});
  else if (metadata) await store.setMetadata(account, name, metadata);
  const container = known ?? account.containers.get(name);
  if (container === undefined) throw new Error(`the container ${name} has not come to be`);
  const created = known === undefined;
  return armJson(
    context,
    created ? 201 : 200,
    resource(account, container, await stored(account, container, store)),
    {
      ...((created || metadata) && {
        effect: {
          kind: created ? "container-created" : "container-changed",
          resource: containerId(account, container),
        },
      }),
    },
  );
}

/** Opening a container is refused as Azure does where the account forbids it, and is not simulated where it allows it. */
export function checkPublicAccess({ settings }: StorageAccount): never {
  throw settings.allowBlobPublicAccess === true
    ? new Refusal(
        501,
        "NotSimulated",
        "opening containers to the public is not simulated; seeds have open ones.",
      )
    : new Refusal(
        409,
        "PublicAccessNotPermitted",
        "Public access is not permitted on this storage account.",
      );
}

async function stored(
  account: StorageAccount,
  { name }: Container,
  store: ContainerStore,
): Promise<StoredContainer> {
  const found = await store.get(account, name);
  if (found) return found;
  throw new Refusal(404, "ContainerNotFound", "The specified container does not exist.");
}

function resource(account: StorageAccount, container: Container, one: StoredContainer): unknown {
  const { policy, holds } = container;
  return {
    id: containerId(account, container),
    name: container.name,
    type: `${ACCOUNT_TYPE}/blobServices/containers`,
    etag: one.etag,
    properties: {
      deleted: false,
      remainingRetentionDays: 0,
      defaultEncryptionScope: "$account-encryption-key",
      denyEncryptionScopeOverride: false,
      publicAccess: container.publicAccess,
      leaseStatus: capital(one.leaseStatus),
      leaseState: capital(one.leaseState),
      lastModifiedTime: new Date(one.lastModifiedAt).toISOString(),
      metadata: one.metadata,
      legalHold: { hasLegalHold: holds.length > 0, tags: holds.map((tag) => ({ tag })) },
      ...(policy && {
        immutabilityPolicy: { etag: `"${policy.etag}"`, properties: policyProperties(policy) },
      }),
      hasImmutabilityPolicy: policy !== undefined,
      hasLegalHold: holds.length > 0,
    },
  };
}

function nextLink({ request }: ArmContext, token: string): string {
  const url = new URL(request.target, request.origin);
  url.searchParams.set("$skipToken", token);
  return url.href;
}

function pageSize(given: string | null): number {
  if (given === null) return LARGEST_PAGE;
  const size = Number(given);
  if (Number.isInteger(size) && size >= 1) return Math.min(size, LARGEST_PAGE);
  throw new Refusal(400, "InvalidQueryParameterValue", "$maxpagesize must be a positive number.");
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
