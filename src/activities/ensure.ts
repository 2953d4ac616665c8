import type { ActivityContext, Caller } from "../durable/activity-contract.js";
import { ClassifiedError, supersededCode, terminal } from "../domain/failure.js";
import type { Milliseconds } from "../domain/duration.js";
import { milliseconds } from "../domain/duration.js";
import { elapsed, type Instant } from "../domain/instant.js";
import { coverOf, type Lease, type LeaseProof } from "../domain/lease.js";
import { wasRefused } from "../azure/classify-error.js";
import type { Claim } from "../domain/claim.js";
import type { Versioned } from "../state/json-document.js";
import type { StateStore } from "../state/state-store.js";

/** A change of something in Azure, described so that it is safe to be asked for twice. */
export interface Effect<Output extends { readonly changed: boolean }> {
  /** ARM id of what is changed; the run has to hold its lease. */
  readonly resource: string;
  /**
   * Whether the goal holds. `since` is when this run began the act, absent before it did: some acts
   * (a restart) leave a trace only against a time.
   */
  readonly observe: (since: Instant | undefined) => Promise<NoInfer<Output> | undefined>;
  readonly act: () => Promise<NoInfer<Output>>;
  /** What the act would bring, for a plan; what only Azure can tell is named `known after apply`. */
  readonly plan: () => NoInfer<Output>;
  /** What to do when the act was begun, its answer was lost and looking does not tell. */
  readonly onRepeat: "repeat" | "ask-operator";
  /** How long after the act its trace may take to show; until then a repeat looks again. */
  readonly settling: Milliseconds;
}

/** The part of an activity's contract that an effect needs. */
interface EffectContract<Output> {
  readonly name: string;
  parseOutput(recorded: unknown): Output;
}

/**
 * Look; act only if the goal does not hold; leave a claim before and after. A repeat that finds its
 * claim complete returns the recorded result, one that finds it open looks before it acts.
 */
export async function ensure<Output extends { readonly changed: boolean }>(
  store: StateStore,
  { caller, log, now: clock }: ActivityContext,
  contract: EffectContract<Output>,
  effect: Effect<Output>,
): Promise<Output> {
  const activity = contract.name;
  const { run, step } = caller;
  if (caller.mode === "plan") {
    const holds = await effect.observe(undefined);
    return holds === undefined ? effect.plan() : { ...holds, changed: false };
  }
  const found = await store.claims.read(run, step);
  if (found?.value.status === "complete") return contract.parseOutput(found.value.result);

  const begun = found?.value.status === "open" ? found.value : undefined;
  const seen = await effect.observe(begun?.openedAt);
  if (seen !== undefined) {
    const result = { ...seen, changed: begun !== undefined };
    if (found !== undefined && begun !== undefined) {
      await store.claims.write({ ...begun, status: "complete", result }, found);
    }
    log("goal holds", { activity, changed: result.changed });
    return result;
  }

  const now = clock();
  if (begun !== undefined) {
    const since = elapsed(begun.begunAt, now);
    if (since < effect.settling) {
      throw new ClassifiedError({
        class: "busy",
        code: "outcome-not-yet-visible",
        message: `${activity} was begun and its answer was lost; looking again before repeating it`,
        retryAfter: milliseconds(effect.settling - since),
      });
    }
    if (effect.onRepeat === "ask-operator") {
      throw terminal(
        "outcome-unknown",
        `${activity} was begun at ${begun.begunAt}, its answer was lost and looking does not tell whether it happened`,
      );
    }
  }

  const { lease, proof } = await covered(store, caller, effect.resource, now);
  const claim = await store.claims.write(
    {
      version: 1,
      run,
      step,
      activity,
      status: "open",
      openedAt: begun?.openedAt ?? now,
      begunAt: now,
      attempts: (found?.value.attempts ?? 0) + 1,
    },
    found,
  );
  if (claim === undefined) {
    throw new ClassifiedError({
      class: "busy",
      code: "claim-race",
      message: `another execution of ${activity} is under way`,
    });
  }
  // Whatever held this execution up since the lease was read has used up its cover.
  if (coverOf(lease, proof, run, clock()).kind !== "covered") {
    await store.claims.write({ ...claim.value, status: "refused" }, claim);
    throw terminal("lease-lost", `this run was held up and no longer holds ${effect.resource}`);
  }
  log("acting", { activity, attempt: claim.value.attempts });
  const result = await actUnder(store, claim, effect);
  await store.claims.write({ ...claim.value, status: "complete", result }, claim);
  return result;
}

/** The lease that covers a change of a resource that begins now; throws where there is none. */
export async function covered(
  store: Pick<StateStore, "leases">,
  { leases, run }: Caller,
  resource: string,
  now: Instant,
): Promise<{ readonly lease: Lease | undefined; readonly proof: LeaseProof | undefined }> {
  const proof = leases.find((each) => each.resource === resource);
  const lease = await store.leases.read(resource);
  const cover = coverOf(lease, proof, run, now);
  if (cover.kind === "asked-for")
    throw terminal(supersededCode, `${cover.by} waits for ${resource}`);
  if (cover.kind === "lost") throw terminal("lease-lost", `this run no longer holds ${resource}`);
  return { lease, proof };
}

async function actUnder<Output extends { readonly changed: boolean }>(
  store: StateStore,
  claim: Versioned<Claim>,
  effect: Effect<Output>,
): Promise<Output> {
  try {
    return await effect.act();
  } catch (error) {
    // A clear no: nothing happened, so the next attempt need not look for traces.
    if (wasRefused(error)) {
      await store.claims.write({ ...claim.value, status: "refused" }, claim);
    }
    throw error;
  }
}
