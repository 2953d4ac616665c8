import type { SecretValue } from "../azure/secrets.js";

/** Whether two secrets are alike in all that a copy by value takes along. */
export const sameSecret = (one: SecretValue, other: SecretValue): boolean =>
  one.value === other.value &&
  one.contentType === other.contentType &&
  one.enabled === other.enabled &&
  one.expiresAt === other.expiresAt &&
  one.notBeforeAt === other.notBeforeAt &&
  JSON.stringify(sorted(one.tags)) === JSON.stringify(sorted(other.tags));

const sorted = (tags: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(tags).sort(([one], [other]) => one.localeCompare(other));
