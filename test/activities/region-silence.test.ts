import { askApp, seenOf } from "../../src/activities/region-silence.js";
import { milliseconds } from "../../src/domain/duration.js";
import { sampleEstate } from "../support/estates.js";

const { health: rule } = sampleEstate().environments.production!.containerApp;
const ill = { well: false, detail: "" };

describe("an app", () => {
  it.each([
    ["what it says below 500", { status: 404 }, "answers"],
    ["its own word on its checks", { status: 503, checks: { redis: ill } }, "answers"],
    ["a 503 of the ingress, which has none", { status: 503 }, "silent"],
    ["nothing at all", { status: undefined }, "silent"],
  ])("is heard by %s", async (_how, probe, expected) => {
    const health = {
      probe: () =>
        Promise.resolve({
          healthy: false,
          latency: milliseconds(1),
          detail: "",
          checks: {},
          ...probe,
        }),
    };
    const asked = { fqdn: "app.example", rule };

    expect(await seenOf(() => askApp(health, asked))).toBe(expected);
  });
});
