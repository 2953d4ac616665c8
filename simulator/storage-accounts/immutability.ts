import { z } from "zod";
import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { type ArmContext, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { nameFrom } from "../world/names.js";
import { accountOf, containerOf } from "./lookup.js";
import { ACCOUNT_TYPE } from "./representation.js";
import type { Container, ImmutabilityPolicy, StorageAccount } from "./state.js";

const TYPE = `${ACCOUNT_TYPE}/blobServices/containers/immutabilityPolicies`;
const MOST_EXTENSIONS = 5;

const Body = z.strictObject({
  properties: z
    .strictObject({
      immutabilityPeriodSinceCreationInDays: z.int().min(1).max(146_000).optional(),
      allowProtectedAppendWrites: z.boolean().optional(),
      allowProtectedAppendWritesAll: z.boolean().optional(),
    })
    .refine(
      (policy) =>
        policy.allowProtectedAppendWrites !== true || policy.allowProtectedAppendWritesAll !== true,
      { error: "allowProtectedAppendWrites and allowProtectedAppendWritesAll exclude each other" },
    ),
});
const READ_ONLY = { resource: ["id", "name", "type", "etag"], properties: ["state"] };

/** The policy as a resource of its own; a container without one has one of no days, as Azure shows it. */
export function getPolicy(context: ArmContext): Answer {
  const [account, container] = targetOf(context);
  const { policy } = container;
  if (policy) checkMatch(context, policy);
  return answer(context, account, container, policy ?? { ...empty(), state: "Unlocked" });
}

/** PUT: makes an unlocked policy or changes one; what a repeat leaves out stays. */
export function putPolicy(context: ArmContext): Answer {
  const [account, container] = targetOf(context);
  const { policy } = container;
  if (policy) checkMatch(context, policy);
  if (policy?.state === "Locked") throw notInThisState();
  const given = parse(context);
  const days = given.immutabilityPeriodSinceCreationInDays ?? policy?.days;
  if (days === undefined) {
    throw new Refusal(
      400,
      "InvalidRequestContent",
      "properties.immutabilityPeriodSinceCreationInDays is required.",
    );
  }
  const appends = given.allowProtectedAppendWrites;
  const appendsAll = given.allowProtectedAppendWritesAll;
  container.policy = {
    days,
    state: "Unlocked",
    appends: appends ?? (appendsAll !== true && policy?.appends === true),
    appendsAll: appendsAll ?? (appends !== true && policy?.appendsAll === true),
    etag: newEtag(context, container),
    extensions: 0,
  };
  context.world.storageChanged();
  return answer(context, account, container, container.policy, "immutability-policy-changed");
}

export function deletePolicy(context: ArmContext): Answer {
  const [account, container] = targetOf(context);
  const policy = existing(context, container);
  if (policy.state === "Locked") throw notInThisState();
  container.policy = undefined;
  context.world.storageChanged();
  const deleted = { ...empty(), state: "Deleted", etag: newEtag(context, container) } as const;
  return answer(context, account, container, deleted, "immutability-policy-deleted");
}

/** Locks the policy for good. */
export function lockPolicy(context: ArmContext): Answer {
  const [account, container] = targetOf(context);
  const policy = existing(context, container);
  if (policy.state === "Locked") throw notInThisState();
  policy.state = "Locked";
  policy.etag = newEtag(context, container);
  return answer(context, account, container, policy, "immutability-policy-locked");
}

/** All that can be done to a locked policy, five times. */
export function extendPolicy(context: ArmContext): Answer {
  const [account, container] = targetOf(context);
  const policy = existing(context, container);
  const { immutabilityPeriodSinceCreationInDays: days = 0 } = parse(context);
  if (policy.state !== "Locked" || days <= policy.days || policy.extensions >= MOST_EXTENSIONS) {
    throw notInThisState();
  }
  policy.days = days;
  policy.extensions += 1;
  policy.etag = newEtag(context, container);
  return answer(context, account, container, policy, "immutability-policy-extended");
}

const Tags = z
  .strictObject({
    tags: z
      .array(z.string().regex(/^[A-Za-z0-9]{3,23}$/, "must be 3 to 23 letters and digits"))
      .min(1),
    allowProtectedAppendWritesAll: z.boolean().optional(),
    hasLegalHold: z.unknown(),
  })
  .partial({ hasLegalHold: true });

export function changeLegalHold(context: ArmContext, verb: "set" | "clear"): Answer {
  const [account, container] = targetOf(context);
  const parsed = Tags.safeParse(withoutNulls(context.body));
  if (!parsed.success) throw invalidContent(parsed.error);
  const tags = parsed.data.tags.map((tag) => tag.toLowerCase());
  const before = container.holds.length;
  const others = container.holds.filter((tag) => !tags.includes(tag));
  container.holds = verb === "set" ? [...others, ...tags] : others;
  container.holdAppendsAll =
    container.holds.length > 0 &&
    (parsed.data.allowProtectedAppendWritesAll ?? container.holdAppendsAll);
  context.world.storageChanged();
  const resource = { hasLegalHold: container.holds.length > 0, tags: container.holds };
  return armJson(context, 200, resource, {
    ...(container.holds.length !== before && {
      effect: {
        kind: verb === "set" ? "legal-hold-set" : "legal-hold-cleared",
        resource: containerId(account, container),
      },
    }),
  });
}

export function containerId({ id }: StorageAccount, { name }: Pick<Container, "name">): string {
  return `${id}/blobServices/default/containers/${name}`;
}

export function policyProperties(policy: ShownPolicy): Record<string, unknown> {
  const { days, state, appends, appendsAll } = policy;
  return {
    immutabilityPeriodSinceCreationInDays: days,
    state,
    ...(state !== "Deleted" && {
      allowProtectedAppendWrites: appends,
      allowProtectedAppendWritesAll: appendsAll,
    }),
  };
}

type ShownPolicy = Omit<ImmutabilityPolicy, "state" | "extensions"> & {
  readonly state: ImmutabilityPolicy["state"] | "Deleted";
};

function answer(
  context: ArmContext,
  account: StorageAccount,
  container: Container,
  policy: ShownPolicy,
  effect?: string,
): Answer {
  const etag = `"${policy.etag}"`;
  return armJson(
    context,
    200,
    {
      id: `${containerId(account, container)}/immutabilityPolicies/default`,
      name: "default",
      type: TYPE,
      etag,
      properties: policyProperties(policy),
    },
    {
      headers: { etag },
      ...(effect !== undefined && {
        effect: { kind: effect, resource: containerId(account, container) },
      }),
    },
  );
}

function targetOf(context: ArmContext): [StorageAccount, Container] {
  const account = accountOf(context);
  return [account, containerOf(context, account)];
}

/** The policy that If-Match names: it must be given for what cannot be undone. */
function existing(context: ArmContext, { policy }: Container): ImmutabilityPolicy {
  if (policy === undefined) {
    throw new Refusal(404, "ImmutabilityPolicyNotFound", "The container has no such policy.");
  }
  if (context.request.headers["if-match"] === undefined) {
    throw new Refusal(400, "MissingRequiredHeader", "The header If-Match is required.");
  }
  checkMatch(context, policy);
  return policy;
}

function checkMatch({ request }: ArmContext, { etag }: ImmutabilityPolicy): void {
  const given = request.headers["if-match"];
  if (given === undefined || given === "*" || given.replaceAll('"', "") === etag) return;
  throw new Refusal(
    412,
    "PreconditionFailed",
    "The condition specified using HTTP conditional header(s) is not met.",
  );
}

function parse(context: ArmContext): z.infer<typeof Body>["properties"] {
  const parsed = Body.safeParse(omitReadOnly(withoutNulls(context.body), READ_ONLY));
  if (!parsed.success) throw invalidContent(parsed.error);
  return parsed.data.properties;
}

// The words are Azure's; its code for them is assumed.
function notInThisState(): Refusal {
  return new Refusal(
    409,
    "ImmutabilityPolicyOperationNotAllowed",
    "Operation not allowed on immutability policy with current state.",
  );
}

function empty(): Omit<ShownPolicy, "state"> {
  return { days: 0, appends: false, appendsAll: false, etag: "" };
}

function newEtag({ world, request }: ArmContext, { name }: Container): string {
  return nameFrom(15, name, world.timeline.now(), request.id);
}
