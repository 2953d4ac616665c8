import type { HttpResponseInit } from "@azure/functions";

/** An answer that ends a request early. */
export class Refusal extends Error {
  readonly response: HttpResponseInit;
  /** False if nobody can tell what was wanted, or who wanted it; such a request leaves no entry. */
  readonly understood: boolean;

  constructor(response: HttpResponseInit, understood: boolean) {
    super("refused");
    this.response = response;
    this.understood = understood;
  }
}

/** Says no to a request that was understood. */
export const refuse = (response: HttpResponseInit): Refusal => new Refusal(response, true);

/** Says no to what could not be read, or to whom nobody knows. */
export const refuseUnread = (response: HttpResponseInit): Refusal => new Refusal(response, false);
