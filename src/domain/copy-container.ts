import { compact, type Instant } from "./instant.js";

/** Azure takes container names of up to this length. */
const longestName = 63;

/**
 * `<container>-backup-<yyyyMMdd>`: where the copies of a day go, in the backup account. Undefined for
 * a name that is too long to be kept apart from others that way.
 */
export function copyContainer(container: string, takenAt: Instant): string | undefined {
  // `$web` and `$root` are the only names with a sign that others may not have.
  const legal = container.replace(/^\$/, "dollar-");
  const name = `${legal}-backup-${compact(takenAt).slice(0, 8)}`;
  return name.length > longestName ? undefined : name;
}
