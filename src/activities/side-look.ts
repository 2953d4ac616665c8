import { classifyError } from "../azure/classify-error.js";
import { ClassifiedError, type Failure } from "../domain/failure.js";

/** What Resource Manager shows of one side; `unseen` says why it could not be asked. */
export interface SideLook<View> {
  readonly view: View | undefined;
  readonly unseen?: Failure;
}

/**
 * Looks at one of two sides. That Resource Manager does not answer for one says nothing of the other,
 * which may be the one in use.
 */
export async function lookAtSide<View>(
  ask: () => Promise<View | undefined>,
): Promise<SideLook<View>> {
  try {
    return { view: await ask() };
  } catch (error) {
    const unseen = classifyError(error);
    if (unseen === null) throw error;
    return { view: undefined, unseen };
  }
}

/** Looks at both sides; without a second one, there is none to be seen. */
export const lookAtBothSides = <View>(
  { primary, secondary }: { readonly primary: string; readonly secondary?: string | undefined },
  ask: (id: string) => Promise<View | undefined>,
): Promise<readonly [SideLook<View>, SideLook<View>]> =>
  Promise.all([
    lookAtSide(() => ask(primary)),
    secondary === undefined ? { view: undefined } : lookAtSide(() => ask(secondary)),
  ]);

/** For whoever can do nothing without the view: that it could not be seen is no sign of its absence. */
export function refuseUnseen({ unseen }: { readonly unseen?: Failure | undefined }): void {
  if (unseen !== undefined) throw new ClassifiedError(unseen);
}

export const whyUnseen = ({ code, message }: Failure): string =>
  `${code}: ${message.split("\n")[0] ?? ""}`.slice(0, 120);

/** What is said of the side in use, with that the other one could not be seen. */
export const withoutOther = (detail: string, other: SideLook<unknown>): string =>
  other.unseen === undefined
    ? detail
    : `${detail}; the other side was not seen: ${whyUnseen(other.unseen)}`;
