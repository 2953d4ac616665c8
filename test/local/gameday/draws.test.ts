import { defaultSeed, drawFor, generator, shuffled } from "../../../local/gameday/draws.js";
import { exercises } from "../../../local/gameday/exercises/exercises.js";

const exercise = exercises[1]!;
const seeds = Array.from({ length: 200 }, (_, seed) => seed);

it("the same seed draws the same, and another one something else", () => {
  const draw = (seed: number, cell = "one") => drawFor(seed, cell, exercise);

  expect(draw(defaultSeed)).toEqual(draw(defaultSeed));
  expect(new Set(seeds.map((seed) => JSON.stringify(draw(seed)))).size).toBeGreaterThan(50);
  expect(draw(defaultSeed, "two")).not.toEqual(draw(defaultSeed, "one"));
});

it("what is drawn is possible, and each possibility is drawn at some time", () => {
  const draws = seeds.map((seed) => drawFor(seed, "cell", exercise));

  for (const { untilNoticed, change, struck } of draws) {
    expect(untilNoticed).toBeGreaterThanOrEqual(30);
    expect(untilNoticed).toBeLessThanOrEqual(300);
    expect(change).toBeLessThanOrEqual(exercise.certain.length);
    // A fault that strikes only what may never be called would prove nothing.
    expect(exercise.certain.some((operation) => struck.includes(operation))).toBe(true);
  }
  expect(new Set(draws.map(({ change }) => change)).size).toBe(exercise.certain.length);
  expect(new Set(draws.map(({ untilNoticed }) => untilNoticed)).size).toBe(10);
});

it("an order has everything once, and depends on the seed", () => {
  const things = ["a", "b", "c", "d", "e", "f"];
  const orders = seeds.map((seed) => shuffled(seed, things).join(""));

  expect([...shuffled(defaultSeed, things)].sort()).toEqual(things);
  expect(shuffled(7, things)).toEqual(shuffled(7, things));
  expect(new Set(orders).size).toBeGreaterThan(50);
});

it("numbers lie from 0 up to 1 and are spread", () => {
  const next = generator(defaultSeed, "spread");
  const drawn = Array.from({ length: 2_000 }, next);

  expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = drawn.filter((number) => Math.floor(number * 10) === tenth).length;
    expect(share).toBeGreaterThan(120);
  }
});
