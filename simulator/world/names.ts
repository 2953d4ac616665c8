import { createHash } from "node:crypto";

/** A short lower-case name that follows from what it is for: the same story always gives the same names. */
export function nameFrom(length: number, ...parts: readonly (string | number)[]): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  const digest = createHash("sha256").update(parts.join("\n")).digest();
  let name = "";
  for (const byte of digest.subarray(0, length)) name += alphabet.charAt(byte % alphabet.length);
  return name;
}

/** A GUID that follows from what it is for. */
export function guidFrom(...parts: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(parts.join("\n")).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** `East US` and `eastus` are one region. */
export function regionOf(location: string): string {
  return location.toLowerCase().replaceAll(" ", "");
}
