import type { Request } from "../server/exchange.js";
import { badParameter } from "./secret-schema.js";
import { compare } from "./secrets.js";

const LARGEST_PAGE = 25;

/** What a list walks over, in the order of its keys in upper case. A row without an item is left out. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly key: (row: T) => string;
  readonly item: (row: T) => object | undefined;
}

/**
 * One page of a list. The service walks over so many rows and leaves out those that do not belong there, so a page may
 * be shorter than asked for, or empty, and another still follow: only the link says whether there is more.
 */
export function page<T>(
  { rows, key, item }: Rows<T>,
  request: Request,
): { value: readonly object[]; nextLink: string | null } {
  const size = sizeOf(request);
  const after = markerOf(request);
  const from = after === undefined ? 0 : firstAfter(rows, key, after);
  const walked = rows.slice(from, from + size);
  const value = walked.map(item).filter((shown) => shown !== undefined);
  const last = walked.at(-1);
  const more = from + size < rows.length && last !== undefined;
  return { value, nextLink: more ? linkAfter(key(last), request) : null };
}

function sizeOf({ query }: Request): number {
  const given = query.get("maxresults");
  if (given === null) return LARGEST_PAGE;
  const size = Number(given);
  if (Number.isInteger(size) && size >= 1 && size <= LARGEST_PAGE) return size;
  throw badParameter(`maxresults must be between 1 and ${LARGEST_PAGE}.`);
}

function markerOf({ query }: Request): string | undefined {
  const token = query.get("$skiptoken");
  if (token === null) return undefined;
  try {
    const { NextMarker: marker } = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as {
      NextMarker?: unknown;
    };
    if (typeof marker === "string") return marker;
  } catch {
    // Answered below.
  }
  throw badParameter("The $skiptoken is invalid.");
}

function firstAfter<T>(rows: readonly T[], key: (row: T) => string, marker: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && compare(key(row), marker) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Absolute, and with the port even where it is the usual one. */
function linkAfter(key: string, { origin, path, query }: Request): string {
  const token = Buffer.from(JSON.stringify({ NextMarker: key, TargetLocation: 0 })).toString(
    "base64url",
  );
  const base = /:\d+$/.test(origin) ? origin : `${origin}:443`;
  const size = query.get("maxresults");
  return `${base}${path}?api-version=${query.get("api-version") ?? ""}&$skiptoken=${token}${size === null ? "" : `&maxresults=${size}`}`;
}
