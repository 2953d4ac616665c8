import type { AuditEntry, AuditResult } from "../domain/audit.js";
import type { Instant } from "../domain/instant.js";
import { isDelivery } from "../domain/notice.js";
import type { Audit } from "../state/audit.js";
import type { DurableRuns } from "./durable-runs.js";

/** What a request is about, as far as it is known. */
export type Subject = Partial<Pick<AuditEntry, "run" | "environment" | "reason">>;

/** The one audit entry of a request that can change something. */
export class RequestAudit {
  readonly #audit: Audit;
  readonly #request: Pick<AuditEntry, "id" | "who" | "action">;
  readonly #now: () => Instant;
  #subject: Subject = {};
  #entered: Promise<void> | undefined;

  constructor(
    audit: Audit,
    request: Pick<AuditEntry, "id" | "who" | "action">,
    now: () => Instant,
  ) {
    this.#audit = audit;
    this.#request = request;
    this.#now = now;
  }

  /** Tells what the request is about, for whatever entry it will leave. */
  about(subject: Subject): void {
    this.#subject = { ...this.#subject, ...subject };
  }

  /**
   * Enters what becomes of the request. Call it before the act, where there is one: if the entry
   * cannot be written, this throws and nothing is done. The first word counts, later ones are lost.
   */
  enter(result: AuditResult, detail: string, subject: Subject = {}): Promise<void> {
    this.about(subject);
    this.#entered ??= this.#audit.add({
      version: 1,
      ...this.#request,
      at: this.#now(),
      result,
      reason: "",
      ...this.#subject,
      detail,
    });
    return this.#entered;
  }
}

/** Runs that nobody starts before it stands in the audit. */
export const enteredFirst = (runs: DurableRuns, audit: RequestAudit): DurableRuns => ({
  ...runs,
  async start(orchestrator, id, input) {
    // Telling people is no act of the request; its own entry says what became of it.
    if (!isDelivery(id)) await audit.enter("accepted", `starts ${id}`, { run: id });
    await runs.start(orchestrator, id, input);
  },
});
