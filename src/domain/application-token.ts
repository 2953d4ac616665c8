/** What became of the token that an application showed. Reasons are for the log, not for callers. */
export type TokenVerdict =
  | { readonly kind: "accepted"; readonly application: string }
  | { readonly kind: "unauthenticated"; readonly reason: string }
  /** A true token, but not one that opens this door. */
  | { readonly kind: "forbidden"; readonly application: string; readonly reason: string }
  /** Entra's keys could not be had, so nothing is known about the token. */
  | { readonly kind: "undecided"; readonly reason: string };

/** Checks `Authorization` headers that applications send. */
export interface ApplicationTokens {
  verify(authorization: string | null): Promise<TokenVerdict>;
}
