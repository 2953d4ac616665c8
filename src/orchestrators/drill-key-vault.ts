import * as contract from "../activities/drill.contract.js";
import { findActiveVault } from "../activities/key-vault-backup.contract.js";
import { DrillOrder } from "../domain/drill.js";
import { minutes, seconds } from "../domain/duration.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { keyVaultDrill } from "../scenarios/key-vault-drill.js";
import { drilled, followed, mended, type Practised } from "./run-drill.js";

type Steps = Recovery<keyof typeof keyVaultDrill.steps>;

const waits = {
  backup: minutes(10),
  proof: minutes(25),
  deleted: { within: minutes(2), first: seconds(2), longest: seconds(10) },
} as const;

/** A secret that nobody reads is deleted and recovered, and the set that was taken before is restored elsewhere. */
export const drillKeyVault = framed(keyVaultDrill, DrillOrder, function* (run, order) {
  const { estate } = order;
  const { containerApp, keyVault } = estate;
  const not = (why: string) => run.end("canceled", `not carried out, nothing was broken: ${why}`);
  const found = yield* run.step("find-vault", findActiveVault, {
    app: containerApp.primary,
    standby: containerApp.secondary,
    vault: keyVault,
  });
  if (!found.ok) return not(describeFailure(found.failure));
  const { id: vault, uri: address } = found.value;
  const secret = estate.drills.testSecret;
  const made = yield* run.holding(vault, () =>
    run.step("make-secret", contract.makeTestSecret, { vault, address, secret }),
  );
  const answer = made.ok ? made.value : made;
  if (!answer.ok) return not(describeFailure(answer.failure));
  const undo = { kind: "recover-secret", vault, address, secret } as const;
  const state = { what: "secret", address, secret } as const;
  return yield* drilled(run, order, {
    scenario: "key-vault-failure",
    resource: vault,
    state,
    prepare: () => ordered(run, order, "back-up"),
    breaks: () => ({ fault: { kind: "delete-secret", vault, address, secret }, undo }),
    *practise() {
      const gone = yield* run.until("await-deleted", contract.observeDrilled, state, {
        ...waits.deleted,
        done: ({ steady, fields }) => !steady && fields["in soft deletion"] === "true",
      });
      if (gone !== "done")
        return { kind: "failed", why: `${secret} was deleted, and is not in soft deletion` };
      const problem = yield* mended(run, order, { undo, resource: vault, of: run.run() });
      if (problem !== undefined) return { kind: "failed", why: problem };
      run.journal.restored(run.now());
      return { kind: "recovered", at: run.now() };
    },
    afterwards: () => ordered(run, order, "prove"),
  });
});

/** Has the vault backed up, or the newest sets proven, by a run of its own. */
function* ordered(
  run: Steps,
  { environment }: DrillOrder,
  step: "back-up" | "prove",
): Durable<Practised> {
  const kind = step === "back-up" ? "backup" : "proof";
  const started = yield* run.step(step, contract.orderPracticeRun, {
    environment,
    order: { kind, of: "key-vault" },
    at: run.now(),
    detectedAt: run.now(),
    reason: `practised by ${run.run()}`,
  });
  if (!started.ok) return { kind: "failed", why: describeFailure(started.failure) };
  if (started.value.run === undefined) return { kind: "recovered", at: run.now() };
  const { run: other } = started.value;
  const [waiting, within] =
    kind === "backup"
      ? (["await-backup", waits.backup] as const)
      : (["await-proof", waits.proof] as const);
  const end = yield* followed(run, waiting, other, within);
  if (end === undefined) return { kind: "failed", why: `${other} has not ended in time` };
  if (end.outcome !== "passed" && end.outcome !== "passed-with-findings") {
    return { kind: "failed", why: `${other}: ${end.reason ?? "stopped"}` };
  }
  if (end.outcome === "passed-with-findings") {
    for (const finding of end.findings) run.journal.finding(`${other}: ${finding}`);
  }
  return { kind: "recovered", at: run.now() };
}
