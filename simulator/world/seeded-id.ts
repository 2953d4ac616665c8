import { z } from "zod";
import { parseResourceId } from "../arm/resource-id.js";

/** A full resource id of one type. */
export const seededId = (type: string): z.ZodType<string, string> =>
  z.string().refine((id) => parseResourceId(id)?.type.toLowerCase() === type.toLowerCase(), {
    error: `must be a resource id of type ${type} (/subscriptions/…/resourceGroups/…/providers/${type}/…)`,
  });
