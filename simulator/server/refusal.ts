import type { OutgoingHttpHeaders } from "node:http";

/** A request that the simulated service refuses. Each service puts it into its own error shape. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: OutgoingHttpHeaders;
  /** The service's own name for a nested reason, where its error shape has room for one. */
  readonly reason: string | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly headers?: OutgoingHttpHeaders; readonly reason?: string } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.reason = more.reason;
  }
}
