import type { TypedData } from "../worker/rpc.js";
import type { Instance } from "./instance.js";

const CONSTANTS = {
  upperSchemaVersion: 1,
  upperSchemaVersionNew: 3,
  longRunningTimerIntervalDuration: "3.00:00:00",
  maximumShortTimerDuration: "6.00:00:00",
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
} as const;

/** The JSON text with which an orchestrator function is called. `history` is the text of the events, comma-separated. */
export function triggerText(instance: Instance, history: string, isReplaying: boolean): string {
  const head = `{"history":[${history}],"input":${instance.input ?? "null"}`;
  const rest = JSON.stringify({
    instanceId: instance.id,
    isReplaying,
    parentInstanceId: instance.parent?.OrchestrationInstance.InstanceId ?? null,
    ...CONSTANTS,
  });
  return `${head},${rest.slice(1)}`;
}

/** What the app sees as `context.triggerMetadata`; the copy of the whole trigger text is left out. */
export function orchestrationMetadata(
  instance: Instance,
  isReplaying: boolean,
): Record<string, TypedData> {
  const parent = instance.parent?.OrchestrationInstance.InstanceId;
  return {
    ...inputMetadata(instance.input),
    instanceId: text(instance.id),
    isReplaying: text(dotNetBoolean(isReplaying)),
    ...(parent === undefined ? {} : { parentInstanceId: text(parent) }),
    ...Object.fromEntries(
      Object.entries(CONSTANTS).map(([name, value]) => [name, text(String(value))]),
    ),
  };
}

/** Objects as JSON, single values as text; a list and nothing leave no trace. */
function inputMetadata(input: string | null): Record<string, TypedData> {
  if (input === null || input.startsWith("[")) return {};
  if (input.startsWith("{")) return { input: { json: input, data: "json" } };
  const value = JSON.parse(input) as string | number | boolean | null;
  if (value === null) return {};
  return { input: text(typeof value === "boolean" ? dotNetBoolean(value) : String(value)) };
}

function dotNetBoolean(value: boolean): string {
  return value ? "True" : "False";
}

/** An activity's input as it arrives: JSON text, but booleans as .NET writes them; nothing for null. */
export function activityInput(input: string | null): TypedData | null {
  if (input === null || input === "null") return null;
  if (input === "true" || input === "false") return text(dotNetBoolean(input === "true"));
  return text(input);
}

export function activityMetadata(
  instanceId: string,
  bindingName: string,
  input: string | null,
): Record<string, TypedData> {
  const data = activityInput(input);
  return {
    instanceId: text(instanceId),
    ...(data === null || input === null
      ? {}
      : {
          [bindingName]: data,
          // A string is encoded once more, as the real host does it.
          data: { json: input.startsWith('"') ? JSON.stringify(input) : input, data: "json" },
          ...propertiesOf(input),
        }),
  };
}

function propertiesOf(input: string): Record<string, TypedData> {
  if (!input.startsWith("{")) return {};
  const properties = JSON.parse(input) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null
        ? { json: JSON.stringify(value), data: "json" }
        : text(String(value)),
    ]),
  );
}

function text(value: string): TypedData {
  return { string: value, data: "string" };
}
