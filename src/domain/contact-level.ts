import { z } from "zod";

/** From the first to the last resort. */
export const ContactLevel = z.enum(["primary", "secondary", "escalation"]);
export type ContactLevel = z.infer<typeof ContactLevel>;
