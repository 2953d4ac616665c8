import fc from "fast-check";
import { scrub } from "../../src/domain/credential-scrubbing.js";
import { hours, milliseconds, minutes, seconds } from "../../src/domain/duration.js";
import { ClassifiedError, terminal, type Failure } from "../../src/domain/failure.js";
import { geographyOf } from "../../src/domain/geography.js";
import { compact, earlier, elapsed, plus, type Instant } from "../../src/domain/instant.js";
import { runId } from "../../src/domain/incident.js";
import { claimLease, coverOf, leaseLength, renewalAt, type Lease } from "../../src/domain/lease.js";
import { deadlines, describeBreach, withinRto } from "../../src/domain/objectives.js";
import { nextAttempt, once, patiently, persistently } from "../../src/domain/patience.js";
import { parseResourceId, sameResource } from "../../src/domain/resource-id.js";
import { Outcome, servesAgain } from "../../src/domain/run-record.js";

const now = "2026-11-22T14:00:00.000Z";
const instants = fc.integer({ min: 0, max: 4 * 10 ** 12 }).map((ms) => new Date(ms).toISOString());

describe("objectives", () => {
  const scenario = { id: "container-app-failure", rto: minutes(15) } as const;
  const target = (rto: number, scenarioRto = {}) => ({
    rto: milliseconds(rto),
    rpo: hours(1),
    scenarioRto,
  });

  it("starts both clocks at detection", () => {
    expect(deadlines(target(hours(1)), scenario, now)).toEqual({
      scenarioAt: "2026-11-22T14:15:00.000Z",
      environmentAt: "2026-11-22T15:00:00.000Z",
    });
  });

  it("lets the estate set a scenario's target", () => {
    const own = target(hours(1), { "container-app-failure": minutes(10) });

    expect(deadlines(own, scenario, now).scenarioAt).toBe("2026-11-22T14:10:00.000Z");
  });

  it("never un-breaches by a tighter objective", () => {
    fc.assert(
      fc.property(
        instants,
        instants,
        fc.nat(10 ** 8),
        fc.nat(10 ** 8),
        (detected, at, rto, tighter) => {
          const wide = withinRto(deadlines(target(rto), scenario, detected), at);
          const tight = withinRto(
            deadlines(target(Math.max(0, rto - tighter)), scenario, detected),
            at,
          );
          expect(tight.environment && !wide.environment).toBe(false);
        },
      ),
    );
  });

  it("names the graver breach", () => {
    const limits = deadlines(target(hours(1)), scenario, now);

    expect(describeBreach(limits, plus(now, minutes(14)))).toBeUndefined();
    expect(describeBreach(limits, plus(now, minutes(20)))).toBe(
      "past the scenario's RTO by 5 min 00 s",
    );
    expect(describeBreach(limits, plus(now, minutes(61)))).toBe(
      "past the environment's RTO by 1 min 00 s",
    );
  });
});

describe("patience", () => {
  const failed = (of: Failure["class"], retryAfter?: number): Failure => ({
    class: of,
    code: "x",
    message: "x",
    ...(retryAfter === undefined ? {} : { retryAfter: milliseconds(retryAfter) }),
  });

  it("backs off up to the longest pause and ends", () => {
    expect(nextAttempt(failed("transient"), 1, seconds(0), patiently)).toBe(seconds(5));
    expect(nextAttempt(failed("transient"), 3, seconds(0), patiently)).toBe(seconds(20));
    expect(nextAttempt(failed("transient"), 9, seconds(0), patiently)).toBe(seconds(60));
    expect(nextAttempt(failed("transient"), 9, minutes(5), patiently)).toBeUndefined();
  });

  it("honors Azure's Retry-After", () => {
    expect(nextAttempt(failed("busy", 90_000), 1, seconds(0), patiently)).toBe(seconds(90));
  });

  it("never repeats what repeating will not heal", () => {
    expect(nextAttempt(failed("terminal"), 1, seconds(0), persistently)).toBeUndefined();
    expect(nextAttempt(failed("permission-lag"), 1, seconds(0), patiently)).toBeUndefined();
    expect(nextAttempt(failed("transient"), 1, seconds(0), once)).toBeUndefined();
  });

  it("always ends", () => {
    fc.assert(
      fc.property(fc.constantFrom("transient", "busy" as const), (of) => {
        let spent = 0;
        for (let attempt = 1; attempt < 10_000; attempt++) {
          const pause = nextAttempt(failed(of), attempt, milliseconds(spent), persistently);
          if (pause === undefined) return;
          spent += pause;
        }
        throw new Error("never gave up");
      }),
    );
  });
});

describe("lease", () => {
  const wanted = { resource: "/r", run: "one", scenario: "container-app-failure" } as const;
  const take = (current: Lease | undefined, run: string, at: Instant) =>
    claimLease(current, { ...wanted, run }, at);
  const taken = (current: Lease | undefined, run: string, at: Instant): Lease => {
    const claiming = take(current, run, at);
    if (claiming.kind !== "take") throw new Error("held");
    return claiming.lease;
  };

  it("is held against others until it expires, then taken with a higher number", () => {
    const first = taken(undefined, "one", now);

    expect(take(first, "two", plus(now, minutes(9))).kind).toBe("held");
    expect(taken(first, "two", plus(now, minutes(11))).fencing).toBe(first.fencing + 1);
  });

  it("is renewed by its holder under the same number", () => {
    const first = taken(undefined, "one", now);
    const renewed = taken(first, "one", renewalAt(now));

    expect(renewed.fencing).toBe(first.fencing);
    expect(elapsed(now, renewed.expiresAt)).toBe(leaseLength * 1.5);
  });

  it("can be taken at once when it was given back", () => {
    const first = { ...taken(undefined, "one", now), released: true };

    expect(taken(first, "two", now).fencing).toBe(2);
  });

  it("covers a mutation only for its holder, its number and long enough", () => {
    const lease = taken(undefined, "one", now);
    const proof = { resource: "/r", fencing: lease.fencing };

    expect(coverOf(lease, proof, "one", now).kind).toBe("covered");
    expect(coverOf(lease, proof, "two", now).kind).toBe("lost");
    expect(coverOf(lease, { ...proof, fencing: 9 }, "one", now).kind).toBe("lost");
    expect(coverOf(lease, proof, "one", plus(now, minutes(9))).kind).toBe("lost");
    expect(coverOf({ ...lease, released: true }, proof, "one", now).kind).toBe("lost");
    expect(coverOf(undefined, proof, "one", now).kind).toBe("lost");
  });

  it("never has two holders at once, whoever asks when", () => {
    const asks = fc.array(fc.tuple(fc.constantFrom("one", "two", "three"), fc.nat(900_000)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(asks, (steps) => {
        let at: Instant = now;
        let current: Lease | undefined;
        for (const [run, later] of steps) {
          at = plus(at, milliseconds(later));
          const before = current;
          const claiming = take(current, run, at);
          if (claiming.kind === "take") current = claiming.lease;
          if (before === undefined || current === undefined || before.run === current.run) continue;
          expect(before.expiresAt <= at).toBe(true);
          expect(current.fencing).toBe(before.fencing + 1);
        }
      }),
    );
  });
});

describe("scrub", () => {
  it.each([
    "password=hunter2hunter2",
    "AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYg==;",
    "Authorization: Bearer abcdefgh.ijklmnop",
    "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl",
    "https://x.blob.core.windows.net/c/b?sv=2026&sig=abc%2Fdef",
    "https://x.azurewebsites.net/api/alerts?code=abcdef123456",
    '"password": "hunter2hunter2"',
    "redis://user:hunter2hunter2@cache:6380",
    "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
    "mcp.redis.cache.windows.net:6380,password=hunter2hunter2,ssl=True",
  ])("hides the credential in %s", (text) => {
    expect(scrub(`before ${text} after`)).not.toMatch(
      /hunter2|Zm9vYmFy|abcdefgh\.|c2lnbmF0|abc%2Fdef|abcdef123456|MIIB/,
    );
    expect(scrub(`before ${text} after`)).toContain("before ");
  });

  it("leaves ordinary text alone", () => {
    const text = "2026-11-22T14:00:00Z GET /health 503 in 12 ms, check redis: timeout after 5 s";

    expect(scrub(text)).toBe(text);
  });
});

describe("instants and ids", () => {
  it("compares and adds", () => {
    expect(earlier(now, plus(now, seconds(1)))).toBe(now);
    expect(earlier(plus(now, seconds(1)), now)).toBe(now);
    expect(elapsed(plus(now, seconds(1)), now)).toBe(0);
    expect(compact(now)).toBe("20261122T140000Z");
  });

  it("makes run ids that are legal everywhere", () => {
    const id = runId("container-app-failure", "production", now, "ABCDEF012345");

    expect(id).toBe("container-app-failure-production-20261122T140000Z-ABCDEF");
    expect(id).not.toMatch(/[/\\#?]/);
  });

  it("reads resource ids in any case", () => {
    const id = "/SUBSCRIPTIONS/s/resourcegroups/g/providers/microsoft.app/CONTAINERAPPS/a";

    expect(parseResourceId(id)).toEqual({
      subscription: "s",
      group: "g",
      type: "microsoft.app/containerapps",
      name: "a",
    });
    expect(parseResourceId("/subscriptions/s")).toBeUndefined();
    expect(sameResource(id, id.toLowerCase())).toBe(true);
  });

  it("knows regions by geography", () => {
    expect(geographyOf("westus")).toBe(geographyOf("eastus"));
    expect(geographyOf("atlantis")).toBeUndefined();
  });
});

describe("failure and outcome", () => {
  it("carries a class through a throw", () => {
    expect(terminal("x", "y")).toBeInstanceOf(ClassifiedError);
    expect(terminal("x", "y").failure).toEqual({ class: "terminal", code: "x", message: "y" });
  });

  it("counts as serving only what serves", () => {
    expect(Outcome.options.filter(servesAgain)).toEqual([
      "not-needed",
      "restored",
      "restored-with-findings",
      "failed-over",
      "failed-back",
    ]);
  });
});
