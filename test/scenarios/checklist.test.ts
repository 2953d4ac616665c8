import { startStack, type Stack } from "../../local/stack/stack.js";
import { recoverFrom } from "../support/recovery-run.js";

describe("the recovery checklist", () => {
  let stack: Stack;
  const log: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ onLog: (_from, line) => log.push(line) });
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset());

  it("passes", async () => {
    const { record } = await recoverFrom(stack, "app-unhealthy");
    console.log(JSON.stringify(record.checklist, null, 1), record.outcome, record.nextSteps, record.findings);
    expect(record.outcome).toBe("restored");
  });
});
