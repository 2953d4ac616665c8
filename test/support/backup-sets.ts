import type { BackupManifest, BackupSource } from "../../src/domain/backup.js";
import type { Instant } from "../../src/domain/instant.js";
import { backups } from "../../src/state/backups.js";
import { MemoryContainer } from "./memory-container.js";

/** The manifest of a full set that was verified when it was taken, unless a field says otherwise. */
export function manifestOf(
  source: BackupSource,
  takenAt: Instant,
  more: Partial<BackupManifest> = {},
): BackupManifest {
  const { items = [] } = more;
  return {
    version: 1,
    ...source,
    scope: "full",
    region: "eastus",
    geography: "United States",
    subscription: "s",
    takenAt,
    completedAt: takenAt,
    run: "run-1",
    items,
    parts: [],
    count: items.length,
    bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
    skipped: [],
    check: { level: "verified", at: takenAt },
    copies: [],
    references: [],
    facts: {},
    ...more,
  };
}

/** Sets in memory, with the containers that copies of their own may lie in. */
export function memorySets() {
  const container = new MemoryContainer();
  const others = new Map<string, MemoryContainer>();
  const elsewhere = (name: string): MemoryContainer => {
    const known = others.get(name) ?? new MemoryContainer();
    others.set(name, known);
    return known;
  };
  return { container, elsewhere, store: backups(container, elsewhere) };
}
