import { z } from "zod";
import { withoutNulls } from "../arm/merge-patch.js";
import { Refusal } from "../server/refusal.js";

const MOST_BYTES_OF_A_VALUE = 25 * 1024;
const MOST_TAGS = 15;

const Attributes = z.strictObject({
  enabled: z.boolean().optional(),
  nbf: z.int().optional(),
  exp: z.int().optional(),
  // What the service alone writes may be sent back and is ignored.
  created: z.int().optional(),
  updated: z.int().optional(),
  recoveryLevel: z.string().optional(),
  recoverableDays: z.int().optional(),
});

const described = {
  contentType: z.string().max(255).optional(),
  attributes: Attributes.optional(),
  tags: z
    .record(z.string().max(256), z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= MOST_TAGS, {
      error: `has more than ${MOST_TAGS} members`,
    })
    .optional(),
};

const SetSecret = z.strictObject({
  value: z.string().refine((value) => Buffer.byteLength(value) <= MOST_BYTES_OF_A_VALUE, {
    error: `is longer than ${MOST_BYTES_OF_A_VALUE} bytes`,
  }),
  ...described,
});
const UpdateSecret = z.strictObject(described);
const RestoreSecret = z.strictObject({ value: z.string().min(1) });

export type SetSecret = z.infer<typeof SetSecret>;
export type UpdateSecret = z.infer<typeof UpdateSecret>;

export const parseSetSecret = (body: unknown): SetSecret => parse(SetSecret, body);
export const parseUpdateSecret = (body: unknown): UpdateSecret => parse(UpdateSecret, body);
export const parseRestoreSecret = (body: unknown): string => parse(RestoreSecret, body).value;

/** The value of a secret is in the body: a message names the member and never repeats what it holds. */
function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(withoutNulls(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  const what =
    issue?.code === "unrecognized_keys"
      ? `Property ${issue.keys.join(", ")} is not known.`
      : `Property ${path === "" ? "(body)" : path} has invalid value: ${issue?.message ?? ""}.`;
  throw badParameter(what);
}

export function badParameter(message: string): Refusal {
  return new Refusal(400, "BadParameter", message);
}
