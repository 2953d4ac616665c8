import * as app from "../activities/container-app.contract.js";
import * as storage from "../activities/storage-failure.contract.js";
import { milliseconds, minutes, seconds, type Milliseconds } from "../domain/duration.js";
import type { Environment, HealthRule } from "../domain/estate.js";
import { elapsed, type Instant } from "../domain/instant.js";
import type { ActivityContract, Answer } from "../durable/activity-contract.js";
import type { StepOutput } from "../durable/step-output.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { accountWaits as waits, type AccountStep } from "../scenarios/storage-steps.js";
import { freshSuffix } from "./fresh-suffix.js";
import { followNewRevision } from "./new-revision.js";
import { stuck, type Stuck } from "./stuck.js";

/*
 * What recovery and failback of a storage account do alike: see that it can be used, and have the app use
 * it. Each part does its steps and says whether it worked; what follows is the scenario's.
 */
export type AccountUser = Recovery<AccountStep>;

/** The app that uses an account, as far as its verification needs it. */
export interface AppOfAccount {
  readonly app: string;
  readonly fqdn: string | undefined;
  readonly rule: HealthRule;
}

/** What looking at the account in use takes, from the estate. */
export const lookAtStorage = ({ containerApp, storage: account }: Environment) => ({
  app: containerApp.primary,
  ...(containerApp.secondary === undefined ? {} : { standby: containerApp.secondary }),
  sides: {
    primary: account.primary,
    ...(account.secondary === undefined ? {} : { secondary: account.secondary }),
  },
  container: account.containers[0] ?? "branding",
  health: containerApp.health,
  check: account.healthCheck,
});

/** The app, this service and whoever may use the other account may use this one as well. */
export function* grantBlobRoles(
  run: Recovery<"find-users" | "grant-roles">,
  appId: string,
  account: string,
  instead: string,
  /** Whether nobody can be expected to tell who has roles at the other one. */
  away = false,
): Durable<Stuck | undefined> {
  const asked = { app: appId, instead, ...(away ? { away } : {}) };
  const users = yield* run.step("find-users", storage.findStorageUsers, asked);
  if (!users.ok) return stuck("nobody can tell whom the app writes as", users.failure);
  if (!users.value.appHasIdentity) return stuck("the app has no identity that could use blobs");
  for (const { principalId, name, role } of users.value.users) {
    const grant = { account, principalId, name, role, lease: account };
    const item = `${principalId.slice(0, 8)}-at-${account.slice(account.lastIndexOf("/") + 1)}`;
    const granted = yield* run.step("grant-roles", storage.grantStorageRole, grant, item);
    if (!granted.ok) return stuck(`${name} could not be given ${role}`, granted.failure);
  }
  return undefined;
}

/** Waits until this service can use an account; its address, undefined where it never could. */
export function* awaitAccount(
  run: Recovery<"await-access">,
  account: string,
): Durable<string | undefined> {
  let address: string | undefined;
  const waited = yield* run.until(
    "await-access",
    storage.observeAccount,
    { account },
    {
      ...waits.access,
      done: ({ usable, endpoint }) => {
        address = endpoint;
        return usable;
      },
    },
  );
  if (waited !== "done") return undefined;
  if (!run.planning) return address;
  const seen = yield* run.look("await-access", storage.observeAccount, { account });
  return seen.ok ? seen.value.endpoint : undefined;
}

/** Begins to have the app use another account, by one new revision. `nth` tells there from back. */
export const beginMove = (
  run: AccountUser,
  id: string,
  to: string,
  nth: 1 | 2,
): Durable<Answer<MoveBegun>> =>
  run.step(
    "move-app",
    storage.startStorageMove,
    { app: id, to, suffix: freshSuffix(run, nth, 2) },
    nth === 1 ? undefined : "back",
  );

interface MoveBegun {
  readonly operation?: string | undefined;
  readonly revision: string;
}

/** Waits until the revision that was begun serves. */
export const finishMove = (
  run: AccountUser,
  id: string,
  begun: Answer<MoveBegun>,
): Durable<Stuck | undefined> => followNewRevision(run, "move-app", id, begun);

/** The last word is the app's: that this service can write says nothing about it. */
export function* usesAgain(run: AccountUser, { fqdn, rule }: AppOfAccount): Durable<boolean> {
  if (fqdn === undefined) return false;
  const { healthCheck: check } = run.order.estate.storage;
  const waited = yield* run.until(
    "verify",
    app.probeAppCheck,
    { fqdn, rule, check },
    {
      ...waits.verify,
      inARow: rule.inARow,
      apart: milliseconds(rule.interval),
      done: ({ well }) => well,
    },
  );
  return waited === "done";
}

/** How much of an account a pass over its containers has seen. */
export interface Passed {
  readonly looked: number;
  readonly brought: number;
  /** Large ones that the service was still copying in the end. */
  readonly waiting: number;
  readonly newerThere: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

interface Between {
  readonly from: string;
  readonly to: string;
  readonly newerThan?: Instant | undefined;
}

/** A part of what is done between two accounts. */
type StretchOf<Way> = Way & { readonly container: string; readonly token?: string | undefined };

/** A stretch of a container, and what was found in it. */
interface Seen<Way, Output> {
  readonly stretch: StretchOf<Way>;
  readonly output: Output;
}

/** Works through the containers of the estate, one after the other, stretch by stretch. */
export function* overContainers<
  StepId extends string,
  Way extends Between,
  Output extends StepOutput & { readonly done: number; readonly token?: string | undefined },
>(
  run: Recovery<StepId>,
  step: StepId,
  contract: ActivityContract<StretchOf<Way>, Output>,
  between: Way,
): Durable<Answer<readonly Seen<Way, Output>[]>> {
  const [first = "branding", ...others] = new Set(run.order.estate.storage.containers);
  const stretches: StretchOf<Way>[] = [{ ...between, container: first }];
  const answer = yield* run.onward(
    step,
    contract,
    { ...between, container: first },
    ({ token }) => {
      const container = token === undefined ? others.shift() : stretches.at(-1)?.container;
      if (container === undefined) return undefined;
      const next = { ...between, container, ...(token === undefined ? {} : { token }) };
      stretches.push(next);
      return next;
    },
    { unit: "blobs" },
  );
  if (!answer.ok) return answer;
  const seen = answer.value.flatMap((output, nth) => {
    const stretch = stretches[nth];
    return stretch === undefined ? [] : [{ stretch, output }];
  });
  return { ok: true, value: seen };
}

/**
 * Brings what one account has and another has not; large ones are waited for, up to `within` each stretch,
 * or all of them together.
 * What covers it is the lease of the account that is filled; failbacks hold that of the original alone.
 */
export function* bringAcross<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
  between: Between,
  within: Milliseconds,
  {
    lease = run.order.estate.storage.primary,
    together = false,
  }: { readonly lease?: string; readonly together?: boolean } = {},
): Durable<Answer<Passed>> {
  const answer = yield* overContainers(run, step, storage.bringBlobs, { ...between, lease });
  if (!answer.ok) return answer;
  const parts: Brought[] = [];
  const begunAt = run.now();
  for (const { stretch, output } of answer.value) {
    const spent = together ? elapsed(begunAt, run.now()) : 0;
    const left = milliseconds(Math.max(0, within - spent));
    parts.push(output.waiting === 0 ? output : yield* arrived(run, step, stretch, output, left));
  }
  const sum = (count: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((total, part) => total + count(part), 0);
  return {
    ok: true,
    value: {
      looked: sum(({ done }) => done),
      brought: sum(({ brought }) => brought),
      waiting: sum(({ waiting }) => waiting),
      newerThere: parts.flatMap(({ newerThere }) => newerThere),
      failed: parts.flatMap(({ failed }) => failed),
    },
  };
}

type Brought = ReturnType<typeof storage.bringBlobs.parseOutput>;

/** Waits for the large blobs of a stretch; what fails in the service's hands is begun anew by each look. */
function* arrived<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
  stretch: Parameters<typeof storage.bringBlobs.task>[2],
  begun: Brought,
  within: Milliseconds,
): Durable<Brought> {
  let last = begun;
  yield* run.until(step, storage.bringBlobs, stretch, {
    done: (output) => {
      last = output;
      return output.waiting === 0;
    },
    within,
    first: seconds(10),
    longest: minutes(5),
  });
  const newerThere = [...new Set([...begun.newerThere, ...last.newerThere])];
  return { ...last, brought: begun.brought + begun.waiting - last.waiting, newerThere };
}
