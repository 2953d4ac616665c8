import { exercises } from "../../../local/gameday/exercises/exercises.js";
import { courseUnder, faultNames } from "../../../local/gameday/exercise.js";
import { catalogue } from "../../../src/scenarios/catalogue.js";

describe("the exercises of a game day", () => {
  it("are one for each scenario that an alert starts", () => {
    const automatic = catalogue.filter(({ automatic: starts }) => starts).map(({ id }) => id);

    expect(exercises.map(({ scenario }) => scenario).sort()).toEqual(automatic.sort());
  });

  it.each(exercises)(
    "name what $scenario changes, and why a fault cannot befall it",
    (exercise) => {
      const { changes, longChanges, repeatable, spared, courses, unlogged, scenario } = exercise;
      const steps = catalogue.find(({ id }) => id === scenario)?.steps ?? {};

      expect(changes).toEqual(expect.arrayContaining([...longChanges, ...repeatable]));
      expect(longChanges.length).toBeGreaterThan(0);
      for (const why of Object.values(spared)) expect(why).toMatch(/^\S.{5,}$/);
      expect(Object.keys(steps)).toEqual(expect.arrayContaining([...unlogged]));
      for (const fault of faultNames) {
        expect(changes).toEqual(expect.arrayContaining([...courseUnder(exercise, fault).certain]));
        expect(spared[fault] !== undefined && courses[fault] !== undefined).toBe(false);
      }
    },
  );
});
