import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** How many events the history of an instance has, turns and scheduling included: all that a replay reads. */
export function historyLength(stateFolder: string, instance: string): number {
  const database = new DatabaseSync(path.join(stateFolder, "durable.sqlite"), { readOnly: true });
  try {
    const row = database
      .prepare("SELECT count(*) AS events FROM history WHERE instance_id = ?")
      .get(instance);
    return Number(row?.["events"]);
  } finally {
    database.close();
  }
}
