import type { Application } from "./dependencies.js";

/** How many records of a store are looked at to count and list them. */
export const MOST_LISTED = 10_000;

/** Whatever an application keeps its records in. It throws `StoreFailure` where it cannot be used. */
export interface RecordStore {
  write(application: Application, id: string, text: string): Promise<void>;
  /** Undefined where it has no such record. */
  read(application: Application, id: string): Promise<string | undefined>;
  /** In order; no more than `MOST_LISTED`. */
  list(application: Application): Promise<readonly string[]>;
}

/** Why a store could not be used, in one sentence without a credential. */
export class StoreFailure extends Error {}
