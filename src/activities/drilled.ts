/** How what a drill touches is. */
export interface Drilled {
  readonly steady: boolean;
  /** What is compared before and after, in words. */
  readonly fields: Record<string, string>;
  readonly detail: string;
  /** Of an app: the one revision that serves. */
  readonly revision?: string;
}
