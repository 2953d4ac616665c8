import {
  describeLoss,
  recordsGone,
  untoldLoss,
  type StoreLoss,
} from "../../../local/gameday/losses.js";

const loss = (storage: readonly string[], redis: readonly string[]): StoreLoss => ({
  attempted: 12,
  acknowledged: 10,
  gone: { storage, redis },
});

it("a record that is gone from both stores is one record", () => {
  expect(recordsGone(loss(["1", "2"], ["2", "3"]))).toBe(3);
  expect(recordsGone(loss([], []))).toBe(0);
});

it("says how many are gone from where, and what is not known", () => {
  const unread = { attempted: 12, acknowledged: 10, unread: "the app does not serve" };

  expect(
    [
      loss([], []),
      loss(["1"], []),
      loss(["1"], ["2"]),
      unread,
      { ...unread, acknowledged: 0 },
      undefined,
    ].map(describeLoss),
  ).toEqual([
    "0 of 10",
    "1 of 10 (storage)",
    "2 of 10 (storage, redis)",
    "? of 10",
    "nothing written",
    "-",
  ]);
});

it("finds out a record that says none while some are gone, and no other", () => {
  expect(untoldLoss("none: the app keeps no data of its own", loss([], ["7"]))).toBe(
    "1 acknowledged records are gone, and the record says: none: the app keeps no data of its own",
  );
  expect(untoldLoss("what was written since 12:30", loss([], ["7"]))).toBeUndefined();
  expect(untoldLoss("none", loss([], []))).toBeUndefined();
  expect(untoldLoss("none", undefined)).toBeUndefined();
});
