import { readFileSync } from "node:fs";
import path from "node:path";
import { referencePage, referenceText, sectionsOf } from "../../tools/estate-reference-text.js";
import { sampleJson } from "../support/estates.js";

const page = path.join(__dirname, "../..", referencePage);

describe("the page about every field of the estate", () => {
  const fields = sectionsOf(sampleJson()).flatMap((section) => section.fields);

  it("is what npm run estate-reference makes", () => {
    expect(readFileSync(page, "utf8")).toBe(referenceText(sampleJson()));
  });

  it("finds every part of an estate", () => {
    const paths = fields.map((field) => field.path.replace("environments.<name>.", ""));
    expect(paths).toEqual(
      expect.arrayContaining([
        ...["version", "redis.recovery.first", "containerApp.health.inARow", "proof.blobs.bytes"],
        ...["notifications.channels[] (pagerduty).routingKey", "drills.blocked[].until"],
        "checklist.items.chat",
      ]),
    );
    expect(fields.length).toBeGreaterThan(150);
  });

  it("says of every field what it means", () => {
    const silent = fields.filter(({ json }) => (json.description ?? "") === "");
    expect(silent.map((field) => field.path)).toEqual([]);
  });

  it("shows of every field what people write", () => {
    const bare = fields.filter(
      ({ tables, example }) => tables.length === 0 && example === undefined,
    );
    expect(bare.map((field) => field.path)).toEqual([]);
  });
});
