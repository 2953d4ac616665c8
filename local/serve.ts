import { parseArgs } from "node:util";
import { startStack } from "./stack/stack.js";

const help = `npm start -- [options]

Serves the app on the embedded host before a simulated Azure, on http://127.0.0.1:7071, until
Ctrl-C. The environment variable PORT, or --port, chooses another port.

  --port N    the port of the app (default PORT or 7071; 0 lets the system choose)
  --speed N   show waits of a recovery at N times real speed (default: skip them at once)
  --help      this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: process.env["PORT"] ?? "7071" },
      speed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`the port must be 0 to 65535, not ${values.port}`);
  }
  const speed = values.speed === undefined ? undefined : Number(values.speed);
  if (speed !== undefined && !(speed > 0)) {
    throw new Error(`--speed must be a number above 0, not ${values.speed ?? ""}`);
  }
  const stack = await startStack({
    port,
    ...(speed === undefined ? {} : { speed }),
    onNotice: ({ notice: { to, subject } }) => {
      process.stderr.write(`notice to ${to.map(({ level }) => level).join(", ")}: ${subject}\n`);
    },
    onLog: (from, line) => process.stderr.write(`${from}: ${line}\n`),
  });
  const { url, functionKeys, masterKey } = stack.host();
  const { containerApp } = stack.estate.environments.production ?? {};
  // Keys that the embedded host made for itself; people need them, and nothing else knows them.
  process.stderr.write(`
The app:         ${url}/api
  health         ${url}/api/health
  OpenAPI        ${url}/api/openapi.json
  recoveries     ${url}/api/recoveries?code=${functionKeys["listRecoveries"] ?? masterKey}
  start one      curl -X POST '${url}/api/recoveries?code=${functionKeys["startRecovery"] ?? masterKey}' -d '{"scenario":"container-app-failure","environment":"production","reason":"trying it out"}'
  send an alert  curl -X POST '${url}/api/alerts?code=${functionKeys["receiveAlert"] ?? masterKey}' -d @test/fixtures/alerts/availability-test.json
  master key     ${masterKey}
The simulator:   ${stack.simulatorReady.control}
  state          ${stack.simulatorReady.control}/state
  break the app  curl -X POST ${stack.simulatorReady.control}/faults -d '{"name":"app-unhealthy","resource":"${containerApp?.primary ?? ""}"}'
  proxy          ${stack.simulatorReady.proxy}

Stop with Ctrl-C.
`);
  const signal = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await signal;
  await stack.stop();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
