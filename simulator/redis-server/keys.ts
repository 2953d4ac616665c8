import { randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyName } from "./endpoint.js";

export type AccessKeys = Record<KeyName, string>;

/** A key as Azure makes them: 44 characters of base64. */
export function newKey(): string {
  return randomBytes(32).toString("base64");
}

export function newKeys(): AccessKeys {
  return { primary: newKey(), secondary: newKey() };
}

/** Which key a password is, if it is one. */
export function keyNamed(keys: AccessKeys, password: string): KeyName | undefined {
  const given = Buffer.from(password);
  return (["primary", "secondary"] as const).find((name) => {
    const own = Buffer.from(keys[name]);
    return own.length === given.length && timingSafeEqual(own, given);
  });
}
