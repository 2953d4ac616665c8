/** How a long ARM operation stands. The token is the SDK's serialized poller, or the operation's address. */
export type OperationState =
  | { readonly state: "running"; readonly token: string }
  | { readonly state: "succeeded" }
  | { readonly state: "failed"; readonly message: string };

/** A poller of the SDKs' present generation, as far as one look takes. */
interface Poller {
  poll(options: object): Promise<{ readonly status: string; readonly error?: Error | undefined }>;
  serialize(): Promise<string>;
}

/** One look at an operation that the SDK follows. */
export async function lookOnce(poller: Poller, limit: object): Promise<OperationState> {
  const { status, error } = await poller.poll(limit);
  if (status === "succeeded") return { state: "succeeded" };
  if (status === "failed" || status === "canceled") {
    return { state: "failed", message: error?.message ?? status };
  }
  return { state: "running", token: await poller.serialize() };
}
