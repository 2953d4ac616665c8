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
  duplicates: [],
  ...more,
});

it("shows a row for each fault, the totals, and why where something is to be said", () => {
  const scenario = "container-app-failure";
  const { took: _took, target: _target, ...unending } = verdict();

  const text = report([
    { scenario, fault: "none", verdict: verdict() },
    {
      scenario,
      fault: "throttle",
      verdict: verdict({
        took: minutes(20),
        late: true,
        findings: ["the template is old"],
        dataLoss: "what was written since 12:30, as far as that is known at all; the rest is there",
      }),
    },
    {
      scenario,
      fault: "lost-answer",
      verdict: verdict({
        outcome: "needs-operator",
        reason: "nothing helped",
        nextSteps: ["Look at it", "Mend it"],
        duplicates: ["restart of /one again"],
      }),
    },
    { scenario, fault: "role-missing", verdict: verdict({ missed: "the fault met no request" }) },
    { scenario, fault: "no-set", spared: "it restores nothing" },
    {
      scenario: "redis-failure",
      fault: "none",
      verdict: { ...unending, outcome: "none", late: true, undefinedEnding: "it hung" },
    },
  ]);

  expect(text).toBe(
    `
| scenario              | fault        | outcome           | time against the target          | data loss                                | duplicate effects | undefined endings |
| --------------------- | ------------ | ----------------- | -------------------------------- | ---------------------------------------- | ----------------- | ----------------- |
| container-app-failure | none         | restored          | 2 min 00 s of 15 min 00 s        | none                                     | 0                 | 0                 |
|                       | throttle     | restored          | 20 min 00 s of 15 min 00 s, LATE | what was written since 12:30, as far as… | 0                 | 0                 |
|                       | lost-answer  | needs-operator    | 2 min 00 s of 15 min 00 s        | none                                     | 1                 | 0                 |
|                       | role-missing | restored (MISSED) | 2 min 00 s of 15 min 00 s        | none                                     | 0                 | 0                 |
|                       | no-set       | -                 |                                  |                                          |                   |                   |
| redis-failure         | none         | none              | -                                | none                                     | 0                 | 1                 |

5 runs, 3 serve again, 1 need an operator, 2 late, 1 duplicate effects, 1 undefined endings, 1 faults that met nothing

Undefined endings:

- redis-failure, none: it hung

Duplicate effects:

- container-app-failure, lost-answer: restart of /one again

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
