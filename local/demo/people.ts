import type { Checkpoint } from "../../src/domain/checkpoint.js";
import { describeDuration } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import type { Answered, ServiceClient } from "../stack/service-client.js";
import type { SimulatorClient } from "../stack/simulator-client.js";

/** Who plays in the demo: the one who watches and decides, and the one who approves. */
export const operator = "olga@example.com";
export const approver = "ada@example.com";

export interface Cast {
  readonly operator: ServiceClient;
  readonly approver: ServiceClient;
  /** Nobody answers; time is moved on until the request expires. */
  readonly silent: boolean;
  /** Approvals are given, and nobody decides about a step that failed. */
  readonly undecided?: boolean;
}

/** Plays the people: shows each request as an operator sees it, and answers over HTTP, once each. */
export class People {
  readonly #cast: Cast;
  readonly #simulator: SimulatorClient;
  readonly #say: (text: string) => void;
  readonly #answered = new Set<string>();

  constructor(cast: Cast, simulator: SimulatorClient, say: (text: string) => void) {
    this.#cast = cast;
    this.#simulator = simulator;
    this.#say = say;
  }

  async attend(run: string, { approvals, decisions, at }: Checkpoint): Promise<void> {
    for (const asked of approvals) {
      if (asked.status !== "open" || this.#isKnown(asked.nonce)) continue;
      this.#say(`
  Approval wanted: ${asked.title}
    may lose         ${asked.expectedLoss}
    usually takes    ${asked.expectedDuration}
    open for         ${describeDuration(elapsed(at, asked.expiresAt))}; silence never means go
    answer           POST /api/recoveries/${run}/approval {"nonce":"${asked.nonce}","decision":"approve","reason":"..."}`);
      if (this.#cast.silent) {
        await this.#letPass(at, asked.expiresAt);
        continue;
      }
      const answer = { nonce: asked.nonce, decision: "approve", reason: "the loss is acceptable" };
      this.#show(approver, "approves", await this.#cast.approver.say(run, "approval", answer));
    }
    for (const asked of decisions) {
      if (asked.status !== "open" || this.#isKnown(`${asked.step} ${asked.askedAt}`)) continue;
      this.#say(`
  Decision wanted: ${asked.title} failed for good
    why              ${asked.failure}
    choices          ${asked.choices.join(", ")}
    open for         ${describeDuration(elapsed(at, asked.expiresAt))}
    answer           POST /api/recoveries/${run}/decision {"step":"${asked.step}","choice":"abort","reason":"..."}`);
      if (this.#cast.silent || this.#cast.undecided === true) {
        await this.#letPass(at, asked.expiresAt);
        continue;
      }
      const answer = { step: asked.step, choice: "abort", reason: "this is mended by hand" };
      this.#show(operator, "aborts", await this.#cast.operator.say(run, "decision", answer));
    }
  }

  #isKnown(request: string): boolean {
    const known = this.#answered.has(request);
    this.#answered.add(request);
    return known;
  }

  async #letPass(from: string, until: string): Promise<void> {
    this.#say("    nobody answers; time passes until the request expires\n");
    await this.#simulator.advance(elapsed(from, until) / 1_000 + 2);
  }

  #show(who: string, does: string, { status, json }: Answered): void {
    const { detail } = json as { detail: string };
    this.#say(`    ${who} ${does}: HTTP ${status}, ${detail}\n`);
  }
}
