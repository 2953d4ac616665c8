import type { Asks } from "../domain/approval-policy.js";
import type { BackupKind } from "../domain/backup.js";
import type { Milliseconds } from "../domain/duration.js";
import type { Environment, ResourceKind } from "../domain/estate.js";
import type { RunKind } from "../domain/run-record.js";
import type { RunbookId } from "../domain/scenario-id.js";

/** One step as an operator reads it, with what it usually takes. */
export interface DeclaredStep {
  /** An imperative sentence without a period. */
  readonly title: string;
  /** Usual duration; the forecast adds up what is left. */
  readonly expected: Milliseconds;
  /** Steps of a fallback count for the forecast only once the run has come that far. */
  readonly path: "main" | "fallback";
  /** For a step that can destroy something: when it is asked for, and what may be lost. */
  readonly destroys?: {
    readonly asks: Asks;
    readonly loss: string;
    /** The one approval is for all that follows, and so is the time that people are told it takes. */
    readonly covers?: "the-rest";
  };
  /** The scenario can go on without it, so it does not spend its whole target on asking. */
  readonly dispensable?: true;
}

/** What is done when the main path does not help; plans show it. */
export interface Fallback<StepId extends string> {
  /** The condition, as a clause: "the restart does not help". */
  readonly when: string;
  readonly steps: readonly StepId[];
  readonly dataLoss: string;
}

/** A runbook as data: the answer to a failure, or a procedure. The control flow is the orchestrator's; there is no interpreter. */
export interface Scenario<StepId extends string = string, Id extends RunbookId = RunbookId> {
  readonly id: Id;
  readonly kind: RunKind;
  readonly title: string;
  /** The registered name of its orchestrator. */
  readonly orchestrator: string;
  readonly resource: ResourceKind;
  readonly symptoms: readonly string[];
  /** The alert rules that tell of it, by their tag `signal`; `infra/alerts.bicep` makes a rule for each. */
  readonly signals: readonly string[];
  readonly rto: Milliseconds;
  /** The target where it depends on what the environment has; `rto` is the shortest then. */
  readonly rtoIn?: (environment: Environment) => Milliseconds;
  /** Whether an alert starts it. */
  readonly automatic: boolean;
  /** The kinds of backups that it may have to fall back on. */
  readonly fallsBackOn?: readonly BackupKind[];
  /** What may be lost, in words, when it goes as planned. */
  readonly dataLoss: string;
  readonly steps: Readonly<Record<StepId, DeclaredStep>>;
  /** In the order in which they are tried. */
  readonly fallbacks: readonly Fallback<NoInfer<StepId>>[];
}

/** By when a run of a scenario is to have ended in an environment, unless its estate says otherwise. */
export const targetIn = (
  { rto, rtoIn }: Pick<Scenario, "rto" | "rtoIn">,
  environment: Environment,
): Milliseconds => rtoIn?.(environment) ?? rto;

/** Keeps the step ids as literals, so that a mistyped one does not compile. */
export const declareScenario = <StepId extends string, const Id extends RunbookId>(
  scenario: Scenario<StepId, Id>,
): Scenario<StepId, Id> => scenario;
