import type { Answer, Question, SoaAnswer, StringAnswer } from "dns-packet";

/** The codes of answers that are used here, by their numbers in a packet. */
export const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** What a name server has to say to a question. */
export interface Reply {
  readonly rcode: keyof typeof RCODES;
  readonly answers: readonly (StringAnswer | SoaAnswer)[];
  /** The SOA of the zone where there is nothing, so that this can be cached too. */
  readonly authorities: readonly Answer[];
  readonly authoritative: boolean;
}

/** Answers a question, or keeps silent as a server that is down does. */
export type Answerer = (question: Question) => Reply | undefined;

export function nothing(rcode: "NOERROR" | "NXDOMAIN", soa: SoaAnswer): Reply {
  return { rcode, answers: [], authorities: [soa], authoritative: true };
}

export function refused(rcode: "SERVFAIL" | "REFUSED" | "NOTIMP"): Reply {
  return { rcode, answers: [], authorities: [], authoritative: false };
}

/** The record of a name that stands for another one. */
export function alias(name: string, target: string, ttl: number): StringAnswer {
  return { type: "CNAME", name, ttl, data: target };
}
