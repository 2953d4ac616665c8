import { pollAppOperation } from "../activities/container-app.contract.js";
import { pollEdgeOperation } from "../activities/edge.contract.js";
import { pollVaultOperation } from "../activities/key-vault-failure.contract.js";
import { pollAccountOperation } from "../activities/storage-failure.contract.js";
import type { Milliseconds } from "../domain/duration.js";
import type { FrontDoor } from "../domain/estate.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";

/** A long operation that a step has begun; undefined where there was nothing to do. */
interface Begun<StepId> {
  readonly step: StepId;
  readonly operation: string | undefined;
  readonly within: Milliseconds;
}

/** Follows a long operation on an app; what came of it is proven on the app itself. */
export const followApp = <StepId extends string>(
  recovery: Recovery<StepId>,
  app: string,
  { step, operation, within }: Begun<StepId>,
): Durable<boolean> =>
  recovery.operation(
    step,
    operation,
    (token) => recovery.look(step, pollAppOperation, { app, operation: token }),
    within,
  );

/** Follows a long operation on a vault; what came of it is proven on the vault itself. */
export const followVault = <StepId extends string>(
  recovery: Recovery<StepId>,
  vault: string,
  { step, operation, within }: Begun<StepId>,
): Durable<boolean> =>
  recovery.operation(
    step,
    operation,
    (token) => recovery.look(step, pollVaultOperation, { vault, operation: token }),
    within,
  );

/** Follows a long operation on a storage account; what came of it is proven on the account itself. */
export const followAccount = <StepId extends string>(
  recovery: Recovery<StepId>,
  account: string,
  { step, operation, within }: Begun<StepId>,
): Durable<boolean> =>
  recovery.operation(
    step,
    operation,
    (token) => recovery.look(step, pollAccountOperation, { account, operation: token }),
    within,
  );

/** Follows a long operation on the edge; what came of it is proven on the edge itself. */
export const followEdge = <StepId extends string>(
  recovery: Recovery<StepId>,
  edge: FrontDoor,
  { step, operation, within }: Begun<StepId>,
): Durable<boolean> =>
  recovery.operation(
    step,
    operation,
    (token) => recovery.look(step, pollEdgeOperation, { edge, operation: token }),
    within,
  );
