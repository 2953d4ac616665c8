import type { Exchange } from "../http/exchange.js";
import type { InstanceFilter } from "./durable-store.js";
import { RUNTIME_STATUSES, type RuntimeStatus } from "./instance.js";
import type { ViewOptions } from "./status-view.js";

/** What makes no sense in a request; the API answers it with 400. */
export class BadRequest extends Error {}

/** How much of an instance a request wants to see. */
export function viewOptions(exchange: Exchange): ViewOptions {
  return {
    showInput: exchange.switch("showInput") ?? true,
    showHistory: exchange.switch("showHistory") ?? false,
    showHistoryOutput: exchange.switch("showHistoryOutput") ?? false,
  };
}

/** Which instances a request is about. */
export function filterOf(exchange: Exchange): InstanceFilter {
  const names = exchange.query.getAll("runtimeStatus").flatMap((text) => text.split(","));
  return {
    prefix: exchange.parameter("instanceIdPrefix") ?? "",
    createdFromMs: instantOf(exchange.parameter("createdTimeFrom")),
    createdToMs: instantOf(exchange.parameter("createdTimeTo")),
    // Names are exact; unknown ones are ignored, and with none left there is no filter.
    statuses: names.filter((name): name is RuntimeStatus =>
      (RUNTIME_STATUSES as readonly string[]).includes(name),
    ),
  };
}

/** The compact text of a JSON body, whatever its content type says; null for an empty one. */
export function jsonOf(body: string): string | null {
  if (body.trim() === "") return null;
  try {
    JSON.parse(body);
  } catch {
    throw new BadRequest("Invalid JSON content");
  }
  // The raw text is kept: numbers keep their digits, properties their order.
  return body;
}

function instantOf(text: string | undefined): number | undefined {
  const instant = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

export function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** A plus in a path is a space, as the real extension reads it. */
export function decode(segment: string): string {
  const text = segment.replaceAll("+", " ");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function encodeToken(id: string): string {
  return Buffer.from(id, "utf8").toString("base64");
}

export function decodeToken(token: string): string | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(token.trim())
    ? Buffer.from(token, "base64").toString("utf8")
    : undefined;
}
