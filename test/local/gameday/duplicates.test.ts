import { duplicatesIn } from "../../../local/gameday/duplicates.js";
import { claim, effect, request } from "../../support/simulator-log.js";

const restart = "containerAppsRevisions.restart";
const regenerate = "redis.regenerateKey";
const lost = { fault: "lost-answer" };
const count = (...log: Parameters<typeof duplicatesIn>[0]): number =>
  duplicatesIn(log, [restart]).length;

describe("duplicate effects", () => {
  it("are the second of one act, whether or not it could be repeated", () => {
    expect(count(claim("one"), effect(restart), effect(restart))).toBe(1);
    expect(count(claim("one"), effect(regenerate), claim("one"), effect(regenerate))).toBe(1);
    expect(count(claim("one"), effect(restart), effect(restart), effect(restart))).toBe(2);
  });

  it("are none where the answer was lost and the act may be repeated", () => {
    expect(count(claim("one"), effect(restart, lost), claim("one"), effect(restart))).toBe(0);
    expect(count(claim("one"), effect(restart, lost), effect(restart), effect(restart))).toBe(1);
  });

  it("are there even so where the act may not be repeated", () => {
    expect(count(claim("one"), effect(regenerate, lost), effect(regenerate))).toBe(1);
  });

  it("are none where another claim stands for the second, on another target, or of another kind", () => {
    const elsewhere = { effect: { kind: "done", resource: "/two" } };
    const inDetail = { effect: { kind: "done", resource: "/one", detail: "Secondary" } };

    expect(count(claim("one"), effect(restart), claim("two"), effect(restart))).toBe(0);
    expect(count(claim("one"), effect(restart), effect(restart, elsewhere))).toBe(0);
    expect(count(claim("one"), effect(restart), effect(regenerate))).toBe(0);
    expect(count(claim("one"), effect(regenerate), effect(regenerate, inDetail))).toBe(0);
  });

  it("are no matter of what changed nothing, or of the service's own papers", () => {
    const refused = request({ method: "POST", mutating: true, operation: restart, status: 429 });

    expect(count(refused, refused, claim("one"), claim("one"), effect(restart))).toBe(0);
  });
});
