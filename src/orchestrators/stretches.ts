/** A list of so many in stretches, each with its number, as activities take them. */
export const stretches = (
  count: number,
  longest: number,
): { nth: number; begin: number; end: number }[] =>
  Array.from({ length: Math.ceil(count / longest) }, (_, index) => ({
    nth: index + 1,
    begin: index * longest,
    end: Math.min(count, (index + 1) * longest),
  }));
