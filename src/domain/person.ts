import { z } from "zod";

/**
 * Who said something, as a record names him. `entra`: the platform has proven it. `claimed`: he
 * says so himself. `key`: whoever holds the function key.
 */
export const Person = z.strictObject({
  name: z.string(),
  source: z.enum(["entra", "claimed", "key"]),
});
export type Person = z.infer<typeof Person>;

/** Whether two are surely the same; those who only hold a key cannot be told apart. */
export const samePerson = (one: Person, other: Person): boolean =>
  one.source !== "key" &&
  other.source !== "key" &&
  one.name.toLowerCase() === other.name.toLowerCase();
