/**
 * A `Date` whose "now" is shifted by an offset. It shares the prototype of the real one, so instanceof, subclassing and
 * structural equality cannot tell them apart.
 */
export function shiftedDate(realDate: DateConstructor, offset: () => number): DateConstructor {
  const now = (): number => realDate.now() + offset();
  return new Proxy(realDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: (target) => new target(now()).toString(),
    get: (target, property, receiver): unknown =>
      property === "now" ? now : Reflect.get(target, property, receiver),
  });
}
