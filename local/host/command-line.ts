import { parseArgs } from "node:util";

export interface CommandLine {
  readonly app: string;
  readonly port: number;
  readonly state: string;
  readonly clock: "real" | "skip";
  readonly keys: string | undefined;
  readonly readyJson: boolean;
  readonly endWithParent: boolean;
}

export const USAGE =
  "node --require dist/local/clock/preload.js dist/local/host/main.js --state DIR [--app DIR] [--port N] [--clock real|skip] [--keys FILE] [--ready-json] [--end-with-parent]";

/** Reads the arguments; throws an error that names the flag and the remedy. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      app: { type: "string", default: "." },
      port: { type: "string", default: "0" },
      state: { type: "string" },
      clock: { type: "string", default: "real" },
      keys: { type: "string" },
      "ready-json": { type: "boolean", default: false },
      "end-with-parent": { type: "boolean", default: false },
    },
  });
  const { app, port, state, clock, keys } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`--port '${port}' is no port; use a number up to 65535, or 0 for any free one`);
  }
  if (clock !== "real" && clock !== "skip") {
    throw new Error(`--clock '${clock}' is not known; use real or skip`);
  }
  if (state === undefined) {
    throw new Error("--state is missing; name a folder in which the host keeps its state");
  }
  return {
    app,
    port: Number(port),
    state,
    clock,
    keys,
    readyJson: values["ready-json"],
    endWithParent: values["end-with-parent"],
  };
}
