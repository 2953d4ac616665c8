import { RedisManagementClient } from "@azure/arm-rediscache";
import { DefaultAzureCredential } from "@azure/identity";
import { Redis } from "ioredis";

/*
 * What somebody would write with the clients alone, in a process of its own: it scans a cache, asks
 * for the content and the time of each key, one after the other, and answers with the seconds that took.
 */

const [subscription = "", group = "", name = "", count = "0"] = process.argv.slice(2);
const credential = new DefaultAzureCredential({
  managedIdentityClientId: process.env["AZURE_CLIENT_ID"] ?? "",
});

async function connect(): Promise<Redis> {
  const { redis } = new RedisManagementClient(credential, subscription);
  const { hostName = "", sslPort = 0 } = await redis.get(group, name);
  const { primaryKey = "" } = await redis.listKeys(group, name);
  const tls = { servername: hostName };
  return new Redis({ host: hostName, port: sslPort, password: primaryKey, tls });
}

async function copy(cache: Redis): Promise<void> {
  let left = Number(count);
  for await (const keys of cache.scanBufferStream({ count: 500 }) as AsyncIterable<Buffer[]>) {
    for (const key of keys) {
      if (left-- === 0) return;
      const [content, time] = [await cache.dumpBuffer(key), await cache.pttl(key)];
      if (content.byteLength === 0 || time < -1) throw new Error("a key has vanished");
    }
  }
}

async function timed(): Promise<number> {
  const cache = await connect();
  try {
    const begun = Date.now();
    await copy(cache);
    return (Date.now() - begun) / 1_000;
  } finally {
    cache.disconnect();
  }
}

timed().then(
  (seconds) => {
    process.stdout.write(JSON.stringify({ seconds }));
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
