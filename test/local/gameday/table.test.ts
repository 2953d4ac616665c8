import type { Verdict } from "../../../local/gameday/judgement.js";
import { report } from "../../../local/gameday/table.js";
import { minutes } from "../../../src/domain/duration.js";

const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  outcome: "restored",
  reason: "a restart helped",
  nextSteps: [],
  findings: [],
  dataLoss: "none",
  took: minutes(2),
  target: minutes(15),
  late: false,
  serves: true,
  duplicates: [],
  differences: [],
  ...more,
});
const draws = { untilNoticed: 120, change: 1, struck: [] };

it("shows a row for each fault, the totals, and why where something is to be said", () => {
  const scenario = "container-app-failure";
  const { took: _took, target: _target, ...unending } = verdict();

  const text = report([
    { scenario, fault: "none", draws, verdict: verdict() },
    {
      scenario,
      fault: "throttle",
      draws,
      verdict: verdict({
        took: minutes(20),
        late: true,
        findings: ["the template is old"],
        writes: { attempted: 9, acknowledged: 8, gone: { storage: [], redis: ["000008"] } },
        dataLoss: "what was written since 12:30, as far as that is known at all; the rest is there",
      }),
    },
    {
      scenario,
      fault: "lost-answer",
      draws,
      verdict: verdict({
        outcome: "needs-operator",
        serves: false,
        gaps: { withoutEndpoint: 3, withoutHealthy: 0 },
        differences: ["no record tells of restart of /one"],
        reason: "nothing helped",
        nextSteps: ["Look at it", "Mend it"],
        duplicates: ["restart of /one again"],
      }),
    },
    {
      scenario,
      fault: "role-missing",
      draws,
      verdict: verdict({ missed: "the fault met no request" }),
    },
    { scenario, fault: "no-set", spared: "it restores nothing" },
    {
      scenario: "redis-failure",
      fault: "none",
      draws,
      verdict: {
        ...unending,
        outcome: "none",
        serves: false,
        late: true,
        undefinedEnding: "it hung",
      },
    },
    {
      scenario: "compound",
      fault: "nothing-wrong",
      draws,
      verdict: verdict({ outcome: "not-needed, restored", actions: ["restart of /two"] }),
    },
  ]);

  expect(text).toBe(
    `
| scenario              | fault         | outcome              | time against the target          | loss shown                   | loss real      | duplicates | undefined | untrue | gaps     | needless |
| --------------------- | ------------- | -------------------- | -------------------------------- | ---------------------------- | -------------- | ---------- | --------- | ------ | -------- | -------- |
| container-app-failure | none          | restored             | 2 min 00 s of 15 min 00 s        | none                         | -              | 0          | 0         | 0      | -        | -        |
|                       | throttle      | restored             | 20 min 00 s of 15 min 00 s, LATE | what was written since 12:3… | 1 of 8 (redis) | 0          | 0         | 0      | -        | -        |
|                       | lost-answer   | needs-operator       | 2 min 00 s of 15 min 00 s        | none                         | -              | 1          | 0         | 1      | 3 s, 0 s | -        |
|                       | role-missing  | restored (MISSED)    | 2 min 00 s of 15 min 00 s        | none                         | -              | 0          | 0         | 0      | -        | -        |
|                       | no-set        | -                    |                                  |                              |                |            |           |        |          |          |
| redis-failure         | none          | none                 | -                                | none                         | -              | 0          | 1         | 0      | -        | -        |
| compound              | nothing-wrong | not-needed, restored | 2 min 00 s of 15 min 00 s        | none                         | -              | 0          | 0         | 0      | -        | 1        |

6 played, 4 serve again, 1 need an operator, 2 late, 1 duplicate effects, 1 undefined endings, 1 untrue records, 3 s without an endpoint, 0 s led astray, 1 needless actions, 1 faults that met nothing

Undefined endings:

- redis-failure, none: it hung

Duplicate effects:

- container-app-failure, lost-answer: restart of /one again

Records that are not true:

- container-app-failure, lost-answer: no record tells of restart of /one

Gaps of the entry:

- container-app-failure, lost-answer: for 3 s no endpoint was switched on

Done although nothing was wrong:

- compound, nothing-wrong: restart of /two

Proves nothing:

- container-app-failure, role-missing: the fault met no request

Why an operator is needed, and what he does first:

- container-app-failure, lost-answer: nothing helped. First: Look at it

What was lost, in full:

- container-app-failure, throttle: what was written since 12:30, as far as that is known at all; the rest is there

What was found besides:

- container-app-failure, throttle: the template is old

Not played:

- container-app-failure, no-set: it restores nothing`.trimStart(),
  );
});
