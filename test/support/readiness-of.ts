import type { ServiceClient } from "../../local/stack/service-client.js";

/** Has some kinds of an environment backed up, and its readiness evaluated. */
export async function readinessOf(
  service: ServiceClient,
  environment: string,
  kinds: readonly string[] = [],
): Promise<void> {
  const order = JSON.stringify({ environment, kinds, reason: "a test" });
  const backups =
    kinds.length === 0
      ? []
      : ((await service.call("POST", "/api/backups", order)).json as { backups: { id: string }[] })
          .backups;
  for (const { id } of backups) {
    await until(async () => (await service.run(id)).record !== undefined, id);
  }
  const asked = JSON.stringify({ reason: "a test" });
  const { json: ordered } = await service.call("POST", "/api/readiness", asked);
  const { at } = ordered as { at: string };
  await until(async () => {
    const { json: seen } = await service.call("GET", "/api/readiness");
    const { environments } = seen as {
      environments: readonly { environment: string; evaluatedAt?: string }[];
    };
    return environments.every(
      (each) => each.environment !== environment || (each.evaluatedAt ?? "") >= at,
    );
  }, "the evaluation of readiness");
}

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 40_000;
  while (!(await done())) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not end`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
