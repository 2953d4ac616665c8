import type { FaultOrder } from "../../simulator/faults/catalogue.js";
import type { Environment } from "../../src/domain/estate.js";
import type { LogEntry } from "../stack/simulator-client.js";
import type { Exercise, FaultName } from "./exercise.js";

/** One fault of the table: what is done to the simulated Azure on top of the failure, and when. */
export interface Fault {
  readonly what: string;
  /** `in-the-run`: when Azure has carried out a change of the run, and before it is answered. */
  readonly when: "before-the-alert" | "in-the-run";
  readonly orders: (exercise: Exercise, environment: Environment) => readonly FaultOrder[];
  /** What becomes of the backup sets, where the course has any. */
  readonly sets?: "none" | "newest-torn";
  /** Whether a request shows that it has struck; absent where its being there is all. */
  readonly shows?: (entry: LogEntry) => boolean;
}

/** One order for each of some calls; without `times` each of them is struck whenever it comes. */
const onEach = (operations: readonly string[], order: Readonly<Record<string, unknown>>) =>
  operations.map((operation) => ({ ...order, match: { operation } }) as FaultOrder);

const struckBy =
  (name: string) =>
  ({ fault }: LogEntry): boolean =>
    fault?.split(", ").includes(name) === true;

const refused = ({ status }: LogEntry): boolean => status === 403;

export const faults: Readonly<Record<FaultName, Fault>> = {
  none: {
    what: "nothing goes wrong besides",
    when: "before-the-alert",
    orders: () => [],
  },
  throttle: {
    what: "the first two tries of each change it strikes are answered 429",
    when: "before-the-alert",
    orders: ({ changes }) => onEach(changes, { name: "throttle", times: 2, retryAfterSeconds: 15 }),
    shows: struckBy("throttle"),
  },
  "server-error": {
    what: "the first two tries of each change it strikes are answered 503",
    when: "before-the-alert",
    orders: ({ changes }) => onEach(changes, { name: "server-error", times: 2, status: 503 }),
    shows: struckBy("server-error"),
  },
  "lost-answer": {
    what: "each change it strikes is carried out, and its first answer is lost",
    when: "before-the-alert",
    orders: ({ changes }) => onEach(changes, { name: "lost-answer", times: 1 }),
    shows: struckBy("lost-answer"),
  },
  "stuck-operation": {
    what: "the first long operation of each kind is accepted and never ends",
    when: "before-the-alert",
    orders: ({ longChanges }) => onEach(longChanges, { name: "stuck-operation", times: 1 }),
    shows: struckBy("stuck-operation"),
  },
  "operation-failed": {
    what: "the first long operation of each kind is accepted and fails",
    when: "before-the-alert",
    orders: ({ longChanges }) => onEach(longChanges, { name: "operation-failed", times: 1 }),
    shows: struckBy("operation-failed"),
  },
  "role-missing": {
    what: "the service lacks the role that it needs",
    when: "before-the-alert",
    orders: ({ missingRole }, environment) => missingRole(environment),
    shows: refused,
  },
  "cache-refused": {
    what: "Azure makes no new cache of the kind that is tried first",
    when: "before-the-alert",
    orders: (_exercise, { redis }) => [
      { name: "cache-refused", kind: redis.recovery.first, code: "SkuNotAvailable" },
    ],
    shows: ({ operation, status }) =>
      /^redis(Enterprise)?\.create$/.test(operation) && status >= 400,
  },
  "newest-set-corrupt": {
    what: "the manifest of the newest backup set is torn",
    when: "before-the-alert",
    orders: () => [],
    sets: "newest-torn",
  },
  "no-set": {
    what: "there is no backup set at all",
    when: "before-the-alert",
    orders: () => [],
    sets: "none",
  },
  "vault-read-only": {
    what: "for 20 minutes the vaults of the primary region take no changes, as while Azure fails them over",
    when: "before-the-alert",
    orders: (_exercise, { primaryRegion }) => [
      { name: "vault-read-only", region: primaryRegion, forSeconds: 1_200 },
    ],
  },
  "region-down": {
    what: "the primary region goes down in the middle of the run, with one of its changes",
    when: "in-the-run",
    orders: (_exercise, { primaryRegion }) => [{ name: "region-down", region: primaryRegion }],
  },
};
