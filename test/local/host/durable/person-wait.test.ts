import type { RuntimeStatus } from "../../../../local/host/durable/instance.js";
import { waitsForPerson } from "../../../../local/host/durable/person-wait.js";

function instance(
  waitsForEvent: boolean,
  customStatus?: unknown,
  status: RuntimeStatus = "Running",
) {
  return {
    status,
    waitsForEvent,
    customStatus: customStatus === undefined ? null : JSON.stringify(customStatus),
  };
}

describe("waiting for a person", () => {
  it.each([
    ["it is suspended", instance(false, undefined, "Suspended")],
    ["it waits for an event and says nothing", instance(true)],
    ["it waits for an event and its status speaks of something else", instance(true, { step: 1 })],
    ["it waits for an event and its status is a text", instance(true, '"waitingFor"')],
    ["it waits for an event and names no person's matter", instance(true, { waitingFor: "tea" })],
    ["it says approval", instance(false, { waitingFor: "approval" })],
    ["it says decision", instance(false, { waitingFor: "decision" })],
    ["it says resume", instance(false, { waitingFor: "resume" })],
  ])("is what a run does when %s", (_, waiting) => {
    expect(waitsForPerson(waiting)).toBe(true);
  });

  it.each([
    ["it waits for no event", instance(false)],
    ["it names no person's matter", instance(false, { waitingFor: "tea" })],
    ["it says that the event would only interrupt it", instance(true, { waitingFor: null })],
    ["the word stands deeper in its status", instance(false, { of: { waitingFor: "approval" } })],
  ])("is not what a run does when %s", (_, waiting) => {
    expect(waitsForPerson(waiting)).toBe(false);
  });
});
