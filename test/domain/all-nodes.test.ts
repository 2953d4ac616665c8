import { restoreOrderOf, whyNoExport } from "../../src/domain/all-nodes.js";
import { hours } from "../../src/domain/duration.js";
import { RestoreRequest } from "../../src/triggers/restores.js";
import { sampleEstate } from "../support/estates.js";

const production = sampleEstate().environments.production!;
const now = "2026-11-22T14:00:00.000Z";
const [set, cache] = ["redis/mine/20261122T130000Z-run/", "cache"];

describe("an export for the reboot of all nodes", () => {
  it("is recent enough for an hour", () => {
    const at = (takenAt: string) => whyNoExport({ set, takenAt }, now, "production", production);

    expect(at("2026-11-22T13:00:00.000Z")).toBeUndefined();
    expect(at("2026-11-22T12:59:59.999Z")).toContain(set);
  });

  it("is made by a body that is told, with what an interval of hours means", () => {
    const { backups } = production;
    const rarely = { ...backups, redis: { ...backups.redis, interval: hours(6) } };
    const why = (estate: typeof production) => whyNoExport(undefined, now, "staging", estate);

    expect(why(production)).toContain('"environment":"staging","kinds":["redis"],"reason":');
    expect(why(production)).not.toContain("wait for the next");
    expect(why({ ...production, backups: rarely })).toContain("6 h");
  });

  it.each(["snapshot", "export"] as const)("is restored by an order that is taken: %s", (way) => {
    const undo = { cache, set, takenAt: now, way, held: 1, persistent: false };
    const body = restoreOrderOf("production", undo).replace("POST /api/restores ", "");

    expect(RestoreRequest.parse(JSON.parse(body))).toMatchObject({ from: set, kind: "redis" });
  });
});
