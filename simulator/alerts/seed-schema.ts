import { z } from "zod";
import { seededId } from "../world/seeded-id.js";
import { alertTypes } from "./schema.js";

/** A rule or an action group as it would be put. */
export const SeedAlert = z
  .strictObject({
    id: z.union(alertTypes.map(({ type }) => seededId(type))),
    body: z.unknown(),
  })
  .superRefine(({ id, body }, context) => {
    const type = alertTypes.find((each) =>
      id.toLowerCase().includes(`/${each.type.toLowerCase()}/`),
    );
    for (const issue of type?.put.safeParse(body).error?.issues ?? []) {
      context.addIssue({ code: "custom", path: ["body", ...issue.path], message: issue.message });
    }
  });
