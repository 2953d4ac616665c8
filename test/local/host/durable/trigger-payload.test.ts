import type { Instance } from "../../../../local/host/durable/instance.js";
import {
  activityInput,
  activityMetadata,
  orchestrationMetadata,
} from "../../../../local/host/durable/trigger-payload.js";

describe("what a function is called with", () => {
  it.each([
    ["null", undefined],
    ["[1,2]", undefined],
    ['{"a":{"b":null}}', { json: '{"a":{"b":null}}' }],
    ["7", { string: "7" }],
    ["1.5", { string: "1.5" }],
    ["true", { string: "True" }],
    ['""', { string: "" }],
    ['"42"', { string: "42" }],
    ['"{\\"looks\\":\\"like json\\"}"', { string: '{"looks":"like json"}' }],
  ])("has the orchestration's input %s among its metadata as recorded", (input, recorded) => {
    const { input: seen } = orchestrationMetadata({ ...ORCHESTRATION, input }, false);
    expect(withoutArm(seen)).toEqual(recorded);
  });

  it("names the parent of a child only", () => {
    expect(orchestrationMetadata(ORCHESTRATION, true)).toMatchObject({
      instanceId: { string: "i" },
      isReplaying: { string: "True" },
      upperSchemaVersionNew: { string: "3" },
    });
    expect(orchestrationMetadata(ORCHESTRATION, true)).not.toHaveProperty("parentInstanceId");
    const parent = {
      Name: "p",
      OrchestrationInstance: { InstanceId: "the-parent", ExecutionId: "e" },
      TaskScheduleId: 0,
      Version: null,
    };
    expect(orchestrationMetadata({ ...ORCHESTRATION, parent }, true)).toMatchObject({
      parentInstanceId: { string: "the-parent" },
    });
  });

  it.each([
    [null, null],
    ["null", null],
    ["0", "0"],
    ["false", "False"],
    ["true", "True"],
    ['"text"', '"text"'],
    ['{"a":1}', '{"a":1}'],
  ])("gives an activity %s as %s", (input, recorded) => {
    expect(activityInput(input)?.string ?? null).toBe(recorded);
  });

  it.each([
    [null, {}],
    ["7", { trigger: "7", data: "7" }],
    ["true", { trigger: "True", data: "true" }],
    ['"42"', { trigger: '"42"', data: '"\\"42\\""' }],
    ["[1]", { trigger: "[1]", data: "[1]" }],
    [
      '{"a":{"b":1},"c":2,"d":"x"}',
      {
        trigger: '{"a":{"b":1},"c":2,"d":"x"}',
        data: '{"a":{"b":1},"c":2,"d":"x"}',
        a: '{"b":1}',
        c: "2",
        d: "x",
      },
    ],
  ])("tells an activity of %s in its metadata as recorded", (input, recorded) => {
    const { instanceId, ...rest } = activityMetadata("i", "trigger", input);
    expect(instanceId?.string).toBe("i");
    const seen = Object.entries(rest).map(([name, value]) => [name, value.string ?? value.json]);
    expect(Object.fromEntries(seen)).toEqual(recorded);
  });
});

const ORCHESTRATION: Instance = {
  id: "i",
  executionId: "e",
  name: "o",
  version: null,
  status: "Running",
  input: null,
  output: null,
  customStatus: null,
  customStatusBy: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  generation: 0,
  parent: null,
  followedUp: [],
  waitsForEvent: false,
};

function withoutArm(value: object | undefined): object | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "data"));
}
