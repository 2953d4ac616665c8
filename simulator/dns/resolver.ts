import type { Question } from "dns-packet";
import { refused, type Reply } from "./reply.js";

/** Asks whoever is responsible for a name; undefined where nobody answers. */
export type Upstream = (question: Question) => Reply | undefined;

interface Remembered {
  readonly reply: Reply;
  readonly expiresAt: number;
}

/** What a resolver that serves stale answers says of their time to live, as RFC 8767 recommends. */
const STALE_TTL = 30;
const LONGEST_CHAIN = 8;

/** A resolver of an Internet provider: it asks once, and repeats the answer for as long as it may. */
export class CachingResolver {
  readonly #upstream: Upstream;
  readonly #now: () => number;
  /** Whether it goes on with what it has when that has expired. */
  readonly #isStale: () => boolean;
  readonly #cache = new Map<string, Remembered>();

  constructor(upstream: Upstream, now: () => number, isStale: () => boolean) {
    this.#upstream = upstream;
    this.#now = now;
    this.#isStale = isStale;
  }

  clear(): void {
    this.#cache.clear();
  }

  /** Answers with the whole chain of names that stand for others. */
  answer(question: Question): Reply {
    const answers: Reply["answers"][number][] = [];
    let name = question.name;
    for (let links = 0; links < LONGEST_CHAIN; links += 1) {
      const reply = this.#recall({ ...question, name }) ?? this.#ask({ ...question, name });
      if (reply === undefined) return refused("SERVFAIL");
      answers.push(...reply.answers);
      const next = reply.answers.find(({ type }) => type === "CNAME");
      if (next?.type !== "CNAME" || question.type === "CNAME") {
        return { ...reply, answers, authoritative: false };
      }
      name = next.data;
    }
    return refused("SERVFAIL");
  }

  #recall(question: Question): Reply | undefined {
    const own = this.#cache.get(keyOf(question));
    const known = own ?? this.#cache.get(keyOf({ ...question, type: "CNAME" }));
    if (known === undefined) return undefined;
    const left = Math.ceil((known.expiresAt - this.#now()) / 1000);
    if (left <= 0 && !this.#isStale()) return undefined;
    const ttl = left > 0 ? left : STALE_TTL;
    const { reply } = known;
    return {
      ...reply,
      answers: reply.answers.map((record) => ({ ...record, ttl })),
      authorities: reply.authorities.map((record) =>
        record.type === "OPT" ? record : { ...record, ttl },
      ),
    };
  }

  #ask(question: Question): Reply | undefined {
    const reply = this.#upstream(question);
    if (reply === undefined || (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN")) {
      return undefined;
    }
    const records = [...reply.answers, ...reply.authorities];
    const ttl = Math.min(...records.map((record) => ("ttl" in record ? (record.ttl ?? 0) : 0)));
    const isAlias = reply.answers.some(({ type }) => type === "CNAME");
    this.#cache.set(keyOf(isAlias ? { ...question, type: "CNAME" } : question), {
      reply,
      expiresAt: this.#now() + ttl * 1000,
    });
    return reply;
  }
}

function keyOf({ name, type }: Question): string {
  return `${name.toLowerCase()} ${type}`;
}
