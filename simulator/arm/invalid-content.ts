import type { z } from "zod";
import { Refusal } from "../server/refusal.js";

/** What a provider says about a body that does not fit its description: the first finding, with its path. */
export function invalidContent({ issues: [issue] }: z.ZodError): Refusal {
  const path = issue?.path.map(String).join(".") ?? "";
  const details =
    issue?.code === "unrecognized_keys"
      ? `Could not find member '${issue.keys.join("', '")}' on object${path === "" ? "" : ` '${path}'`}.`
      : `${path === "" ? "(top level)" : path}: ${issue?.message ?? ""}`;
  return new Refusal(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: '${details}'.`,
  );
}

/** A body that fits its description, or the refusal of one that does not. */
export function checkedContent<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidContent(result.error);
}
