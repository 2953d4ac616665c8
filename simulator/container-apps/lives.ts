import type { ContainerApp, ReplicaLife } from "./state.js";

/** Keeps the story of the app's replicas up to date: who came and who has gone. */
export function recordLives(app: ContainerApp, now: number): void {
  const running = new Map(app.lives.map((life) => [life.replica, life]));
  const present = new Set<string>();
  for (const revision of app.revisions) {
    for (const { name, createdAt, scheduled } of revision.replicas) {
      if (!scheduled) continue;
      present.add(name);
      if (running.has(name)) continue;
      const life: ReplicaLife = {
        replica: name,
        revision: revision.name,
        from: createdAt,
        until: Infinity,
        restartedAt: [],
      };
      app.lives.push(life);
    }
  }
  for (const life of app.lives) {
    if (life.until === Infinity && !present.has(life.replica)) life.until = now;
  }
}

/** Notes that a replica's container was started anew. */
export function recordRestart(app: ContainerApp, replica: string, now: number): void {
  app.lives.find((life) => life.replica === replica)?.restartedAt.push(now);
}
