import { z } from "zod";

export const EnvironmentName = z.enum(["development", "staging", "production"]);
export type EnvironmentName = z.infer<typeof EnvironmentName>;
