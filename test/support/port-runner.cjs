"use strict";
// Calls the Azure ports of the compiled app, as an activity would, on the clock of the simulator: one JSON line
// { id, port, method, args } in, one JSON line { id, answer } or { id, failure } out. Pages come as an array of pages.
const { Buffer } = require("node:buffer");
const { createInterface } = require("node:readline");
const path = require("node:path");

const app = (file) => require(path.join(__dirname, "../../dist/src", file));
const settings = app("config/settings.js").readSettings(process.env);
const { azure, backup, state } = settings;
const { classifyError } = app("azure/classify-error.js");
const credential = app("azure/credential.js").serviceCredential(azure);
const containerAt = (place) =>
  app("azure/blob-container.js").blobContainer(azure, credential, place);
const built = app("ports.js").portsOf(settings);
const ports = {
  arm: app("azure/arm-rest.js").armRest(azure, credential),
  state: containerAt(state),
  sets: containerAt(backup),
  keyVaults: built.vaults,
  secrets: built.secrets,
  redisCaches: built.caches,
  cacheChanges: built.changes,
  cacheFiles: built.files,
  storageAccounts: built.accounts,
  blobCopies: built.copies,
  edges: built.edges,
  publicAssets: built.assets,
  // As if what Azure takes at once were a thousand bytes.
  smallCopies: app("azure/blob-copies.js").blobCopies(azure, credential, {
    atOnce: 1_000,
    range: 400,
  }),
  anyBlob: {
    text: async ({ name, ...place }) => (await containerAt(place).read(name))?.text,
    write: async ({ name, ...place }, text) => containerAt(place).put(name, text),
  },
  containerRegistries: built.registries,
  dataExports: built.exports,
  logs: built.logs,
  diagnosticSettings: built.diagnostics,
  trafficManagers: built.traffic,
  platformHealth: built.platformHealth,
  requestMetrics: built.metrics,
  runTelemetry: built.telemetry,
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
