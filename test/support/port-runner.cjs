"use strict";
// Calls the Azure ports of the compiled app, as an activity would, on the clock of the simulator: one JSON line
// { id, port, method, args } in, one JSON line { id, answer } or { id, failure } out. Pages come as an array of pages.
const { Buffer } = require("node:buffer");
const { createInterface } = require("node:readline");
const path = require("node:path");

const app = (file) => require(path.join(__dirname, "../../dist/src", file));
const { azure: settings, state, backup } = app("config/settings.js").readSettings(process.env);
const { classifyError } = app("azure/classify-error.js");
const credential = app("azure/credential.js").serviceCredential(settings);
const arm = app("azure/arm-rest.js").armRest(settings, credential);
const containerAt = (place) =>
  app("azure/blob-container.js").blobContainer(settings, credential, place);
const ports = {
  arm,
  state: app("azure/blob-container.js").blobContainer(settings, credential, state),
  sets: app("azure/blob-container.js").blobContainer(settings, credential, backup),
  keyVaults: app("azure/key-vault.js").keyVaults(settings, credential, arm),
  secrets: app("azure/secrets.js").keyVaultSecrets(settings, credential),
  redisCaches: app("azure/redis-caches.js").redisCaches(
    app("azure/classic-redis.js").classicRedis(settings, credential),
    app("azure/managed-redis.js").managedRedis(arm),
  ),
  cacheChanges: app("azure/cache-changes.js").cacheChanges(
    app("azure/classic-cache-changes.js").classicCacheChanges(settings, credential),
    app("azure/managed-cache-changes.js").managedCacheChanges(arm),
  ),
  cacheFiles: app("azure/cache-files.js").cacheFiles(settings, credential),
  storageAccounts: app("azure/storage-accounts.js").storageAccounts(settings, credential),
  blobCopies: app("azure/blob-copies.js").blobCopies(settings, credential),
  // As if what Azure takes at once were a thousand bytes.
  smallCopies: app("azure/blob-copies.js").blobCopies(settings, credential, {
    atOnce: 1_000,
    range: 400,
  }),
  anyBlob: {
    text: async ({ name, ...place }) => (await containerAt(place).read(name))?.text,
    write: async ({ name, ...place }, text) => containerAt(place).put(name, text),
  },
  diagnosticSettings: app("azure/diagnostic-settings.js").diagnosticSettings(arm),
};

const encode = (value) =>
  value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
const decode = (value) =>
  // An argument that was left out is null in JSON.
  typeof value?.base64 === "string" ? Buffer.from(value.base64, "base64") : (value ?? undefined);
const collected = async (answer) => {
  if (answer?.[Symbol.asyncIterator] === undefined) return answer;
  const pages = [];
  for await (const page of answer) pages.push(page);
  return pages;
};

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, port, method, args } = JSON.parse(line);
  try {
    say({ id, answer: encode(await collected(await ports[port][method](...args.map(decode)))) });
  } catch (error) {
    say({ id, failure: classifyError(error) ?? { class: "defect", message: String(error) } });
  }
});
say({ ready: true });
