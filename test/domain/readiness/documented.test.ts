import { readFileSync } from "node:fs";
import path from "node:path";
import { readinessChecks } from "../../../src/domain/readiness/catalogue.js";

const page = readFileSync(path.join(__dirname, "../../../docs/readiness.md"), "utf8");
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split("\n")[0] ?? "", section] as const),
);

describe("the page for an operator", () => {
  it.each(readinessChecks.map((check) => [check.id, check] as const))(
    "says what %s means and how to mend it",
    (id, { title, weight }) => {
      const section = sections.get(`${id}: ${title}`) ?? "";

      expect(section).toContain(weight === "light" ? "\nLight. " : "\nHeavy. ");
      expect(section).toMatch(/\n\*\*Mend it:\*\* .+/);
    },
  );

  it("speaks of no check that there is not, in the catalogue's order", () => {
    expect([...sections.keys()]).toEqual(readinessChecks.map(({ id, title }) => `${id}: ${title}`));
  });
});
