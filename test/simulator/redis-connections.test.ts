import { Cluster, type Redis } from "ioredis";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cacheId, type Caches, cachesOf, outcome, seedWith, withRedis } from "./caches.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let caches: Caches;
let folder: string;

const STANDARD = cacheId("mcp-redis");
const CLUSTERED = cacheId("mcp-clustered");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-redis-"));
  const seed = seedWith({
    redisCaches: [
      { id: STANDARD, location: "eastus", sku: "Standard_C1", data: { keys: 100, bytes: 32 } },
      {
        id: CLUSTERED,
        location: "eastus",
        sku: "Premium_P1",
        shards: 2,
        data: { keys: 100, bytes: 32 },
      },
    ],
  });
  await writeFile(join(folder, "seed.json"), JSON.stringify(seed));
  azure = await startSimulatorProcess(["--seed", join(folder, "seed.json")]);
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
  caches = await cachesOf(azure);
});

afterEach(() => {
  caches.disconnect();
});

describe("a cache", () => {
  withRedis("is a redis-server behind TLS that holds what the seed says", async () => {
    const redis = await caches.connect(STANDARD);

    await redis.set("a", "1", "PX", 60_000);

    expect(await redis.dbsize()).toBe(101);
    expect(await redis.get("a")).toBe("1");
    expect(await redis.pttl("a")).toBeGreaterThan(50_000);
    expect(await redis.hget("session:10", "state")).toHaveLength(32);
    expect(await redis.info("memory")).toContain("maxmemory:1073741824");
  });

  withRedis("has sixteen databases", async () => {
    const redis = await caches.connect(STANDARD, { db: 15 });

    expect(await redis.dbsize()).toBe(0);
    expect(await outcome(redis.select(16))).toContain("out of range");
  });

  withRedis("refuses a certificate's other name, a wrong key and another user", async () => {
    const stranger = await caches.connect(STANDARD, { password: "no-such-key" });
    const named = await caches.connect(STANDARD, { username: "somebody" });
    const keyless = await caches.connect(STANDARD, { password: "" });
    const elsewhere = await caches.connect(STANDARD, {
      tls: { ca: await readFile(azure.env["NODE_EXTRA_CA_CERTS"] ?? ""), servername: "a.example" },
    });
    const why = once(elsewhere, "error") as Promise<[Error]>;

    for (const refused of [stranger, named, keyless]) {
      expect(await outcome(refused.ping())).not.toBe("PONG");
    }
    expect(caches.whyOf(stranger)).toContain("WRONGPASS");
    expect(caches.whyOf(named)).toContain("WRONGPASS");
    expect(caches.whyOf(keyless)).toContain("NOAUTH");
    expect((await why)[0].message).toContain("does not match certificate");
  });

  withRedis("accepts both keys, however they are shown", async () => {
    const { primaryKey = "", secondaryKey = "" } = await caches.client.redis.listKeys(
      "mcp-server-prod",
      "mcp-redis",
    );
    const second = await caches.connect(STANDARD, { password: secondaryKey });
    const named = await caches.connect(STANDARD, { username: "default" });
    const older = await caches.connect(STANDARD, { protocol: 2 });
    const olderNamed = await caches.connect(STANDARD, { protocol: 2, username: "default" });

    expect(primaryKey).not.toBe(secondaryKey);
    for (const redis of [second, named, older, olderNamed]) {
      expect(await redis.ping()).toBe("PONG");
    }
  });

  withRedis("does not have the commands that Azure does not let clients have", async () => {
    const redis = await caches.connect(STANDARD);
    const said = async (...words: string[]): Promise<unknown> =>
      outcome(redis.call(...(words as [string])));

    for (const command of ["CONFIG", "DEBUG", "BGSAVE", "SAVE", "MIGRATE", "SHUTDOWN", "ACL"]) {
      expect(await said(command, "x")).toContain("unknown command");
    }
    expect(await said("SLAVEOF", "NO", "ONE")).toContain("unknown command");
    expect(await said("PEXPIRETIME", "a")).toContain("unknown command");
    expect(await said("PSYNC", "?", "-1")).toContain("NOPERM");
    expect(await said("SYNC")).toContain("NOPERM");
  });

  withRedis("takes in large values and long pipelines as they come", async () => {
    const redis = await caches.connect(STANDARD);
    const large = Buffer.alloc(3_000_000, "abc");
    const pipeline = redis.pipeline();
    for (let index = 0; index < 5000; index += 1) pipeline.set(`k${index}`, `v${index}`);

    await redis.set("large", large);
    const replies = (await pipeline.exec()) ?? [];

    expect((await redis.getBuffer("large"))?.equals(large)).toBe(true);
    expect(replies.filter(([error, reply]) => error === null && reply === "OK")).toHaveLength(5000);
    expect(await redis.get("k4999")).toBe("v4999");
  });

  withRedis("speaks as a cluster where it is one, and every shard has its share", async () => {
    const redis = await caches.connect(CLUSTERED);
    await redis.ping();
    const cluster = new Cluster([{ host: "localhost", port: redis.options.port ?? 0 }], {
      dnsLookup: (address, done) => {
        done(null, address);
      },
      redisOptions: { password: redis.options.password ?? "", tls: redis.options.tls ?? {} },
    });
    await once(cluster, "ready");
    const masters = cluster.nodes("master");
    const sizes = await Promise.all(masters.map((node) => node.dbsize()));

    await cluster.set("a", "1");
    await cluster.set("b", "2");

    expect(masters).toHaveLength(2);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
    expect(Math.min(...sizes)).toBeGreaterThan(20);
    expect([await cluster.get("a"), await cluster.get("b")]).toEqual(["1", "2"]);
    expect(await outcome(redis.select(1))).toContain("not allowed in cluster mode");
    cluster.disconnect();
  });
});

describe("faults of connections", () => {
  withRedis("redis-down resets or hangs until a reboot", async () => {
    const before = await caches.connect(STANDARD);
    await before.ping();
    const broken = once(before, "close");

    await caches.order({ name: "redis-down", resource: STANDARD });
    await broken;
    const refused = await caches.connect(STANDARD);
    const why = await outcome(refused.ping());
    await caches.client.redis.forceReboot("mcp-server-prod", "mcp-redis", {
      rebootType: "PrimaryNode",
    });
    await azure.advance(30);
    const after = await caches.connect(STANDARD);

    expect(why).not.toBe("PONG");
    expect(await after.dbsize()).toBe(100);
    expect((await azure.steer("GET", "/faults")).json()).toMatchObject([
      { name: "redis-down", over: true },
    ]);
    expect((await azure.steer("GET", "/log")).text).toContain('"operation":"connections.open"');
  });

  withRedis("redis-down that hangs answers nothing and lets go when it is taken back", async () => {
    const id = await caches.order({ name: "redis-down", resource: STANDARD, mode: "hang" });

    const hanging = await caches.connect(STANDARD, { connectTimeout: 300 });
    const why = await outcome(hanging.ping());
    await azure.steer("DELETE", `/faults/${id}`);
    const after = await caches.connect(STANDARD);

    expect(why).not.toBe("PONG");
    expect(await after.ping()).toBe("PONG");
  });

  withRedis("redis-reboot-does-not-help means what it says", async () => {
    await caches.order({ name: "redis-reboot-does-not-help", resource: STANDARD });

    await caches.arm("POST", `${STANDARD}/forceReboot`, undefined, { rebootType: "AllNodes" });
    await azure.advance(600);
    const after = await caches.connect(STANDARD);

    expect(await outcome(after.ping())).not.toBe("PONG");
  });

  withRedis(
    "redis-auth-failed refuses the keys that ARM shows until one is made anew",
    async () => {
      await caches.order({ name: "redis-auth-failed", resource: STANDARD });

      const refused = await caches.connect(STANDARD);
      await outcome(refused.ping());
      await caches.arm("POST", `${STANDARD}/regenerateKey`, undefined, { keyType: "Primary" });
      const after = await caches.connect(STANDARD);

      expect(caches.whyOf(refused)).toContain("WRONGPASS");
      expect(await after.ping()).toBe("PONG");
    },
  );

  withRedis("lost-answer carries a command out and cuts the connection", async () => {
    await caches.order({
      name: "lost-answer",
      match: { service: "redis", operation: "commands.set" },
      times: 1,
    });
    const redis = await caches.connect(STANDARD);
    const other = await caches.connect(STANDARD);

    const answer = await outcome(redis.set("a", "1"));

    expect(answer).not.toBe("OK");
    expect(await other.get("a")).toBe("1");
    expect(await other.set("b", "2")).toBe("OK");
  });

  withRedis("hang keeps a command from being carried out", async () => {
    const id = await caches.order({
      name: "hang",
      match: { service: "redis", operation: "commands.incr" },
      times: 1,
    });
    const redis = await caches.connect(STANDARD);
    const other = await caches.connect(STANDARD);

    const waiting = outcome(redis.incr("count"));
    const meanwhile = await other.get("count");
    await azure.steer("DELETE", `/faults/${id}`);

    expect(meanwhile).toBeNull();
    expect(await waiting).not.toBe(1);
    expect(await other.incr("count")).toBe(1);
  });

  it("faults that are none of commands are refused, and those that name no service spare them", async () => {
    const answer = await azure.steer("POST", "/faults", {
      name: "throttle",
      match: { service: "redis" },
    });
    const nowhere = await azure.steer("POST", "/faults", {
      name: "redis-down",
      resource: cacheId("none"),
    });

    expect([answer.status, nowhere.status]).toEqual([400, 400]);
    expect(answer.text).toContain("does not befall commands of redis");
    expect(nowhere.text).toContain("there is no cache");
  });

  withRedis("a region that is down takes its caches with it and gives them back", async () => {
    const redis = await caches.connect(STANDARD);
    await redis.set("a", "1");
    const broken = once(redis, "close");

    const id = await caches.order({ name: "region-down", region: "eastus", planes: ["data"] });
    await broken;
    const during = await outcome((await caches.connect(STANDARD)).ping());
    await azure.steer("DELETE", `/faults/${id}`);

    expect(during).not.toBe("PONG");
    expect(await (await caches.connect(STANDARD)).get("a")).toBe("1");
  });
});

describe("the processes behind caches", () => {
  withRedis(
    "are started when they are needed and end with the simulator after kill -9",
    async () => {
      const own = await startSimulatorProcess(["--seed", join(folder, "seed.json")]);
      const redis = await (await cachesOf(own)).connect(STANDARD);
      const pid = await processOf(redis);
      const ended = once(own.child, "exit");

      own.child.kill("SIGKILL");
      await ended;
      own.agent.destroy();

      await gone(pid);
    },
  );

  withRedis("end with it when it ends as it should, with all that they wrote", async () => {
    const own = await startSimulatorProcess(["--seed", join(folder, "seed.json")]);
    const redis = await (await cachesOf(own)).connect(STANDARD);
    const pid = await processOf(redis);
    const place = await readlink(`/proc/${pid}/cwd`);

    await own.stop();

    await gone(pid);
    expect(existsSync(place)).toBe(false);
  });

  it("are missed by name where the machine has none, and the control plane works", async () => {
    const lines: string[] = [];
    const bare = join(folder, "bin");
    await symlink(dirname(process.execPath), bare);
    const without = await startSimulatorProcess(["--seed", join(folder, "seed.json")], {
      path: bare,
      onLog: (line) => lines.push(line),
    });
    const asked = async () => {
      const clients = await cachesOf(without);
      const redis = await clients.connect(STANDARD);
      const said = {
        shown: await clients.client.redis.get("mcp-server-prod", "mcp-redis"),
        answer: await outcome(redis.ping()),
        why: clients.whyOf(redis),
        exported: await clients.arm("POST", `${CLUSTERED}/export`, undefined, {
          prefix: "a",
          container: "https://mcpexports.blob.core.windows.net/a",
        }),
      };
      clients.disconnect();
      return said;
    };

    const { shown, answer, why, exported } = await asked().finally(() => without.stop());

    expect(shown.provisioningState).toBe("Succeeded");
    expect(answer).not.toBe("PONG");
    expect(why).toContain("ERR redis-server is not on PATH of this machine");
    expect(lines.join("\n")).toContain("mcp-redis: redis-server is not on PATH");
    expect([exported.status, exported.text]).toEqual([
      501,
      expect.stringContaining("redis-server on PATH") as string,
    ]);
  });
});

async function processOf(redis: Redis): Promise<number> {
  const [, pid] = /process_id:(\d+)/.exec(await redis.info("server")) ?? [];
  return Number(pid);
}

/** Resolves when a process has ended. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
