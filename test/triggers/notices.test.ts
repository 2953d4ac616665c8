import { HttpRequest } from "@azure/functions";
import { seconds } from "../../src/domain/duration.js";
import { Environment } from "../../src/domain/estate.js";
import { plus } from "../../src/domain/instant.js";
import { heldBackNotice } from "../../src/domain/notice-of.js";
import { stateStore } from "../../src/state/state-store.js";
import { tell } from "../../src/triggers/notices.js";
import { detectedAt, sampleEstate } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";
import { startedNotice } from "../support/notices.js";

function world(estate = sampleEstate()) {
  const blobs = new MemoryContainer();
  const store = stateStore(blobs);
  const started: { id: string; input: unknown }[] = [];
  const logged: string[] = [];
  const endpoint = {
    request: new HttpRequest({ method: "POST", url: "https://dr.example/api/alerts" }),
    store,
    estate,
    runs: {
      start: (_orchestrator: string, id: string, input: unknown) => {
        started.push({ id, input });
        return Promise.resolve();
      },
      state: (id: string) =>
        Promise.resolve({ kind: started.some((one) => one.id === id) ? "active" : "unknown" }),
    },
    log: (message: string) => logged.push(message),
  };
  return { blobs, store, started, logged, endpoint };
}

const held = heldBackNotice({
  environment: "production",
  contacts: Environment.parse(sampleEstate().environments.production).contacts,
  alert: { rule: "mcp-health", severity: "Sev1", firedAt: detectedAt },
  distinction: "ab12cd",
  resource: "/subscriptions/x",
  reason: "two automatic runs within 6 h",
  at: plus(detectedAt, seconds(1)),
});

describe("tell", () => {
  it("has a notice delivered once, however often the alert comes", async () => {
    const { endpoint, started, store } = world();

    await tell(endpoint, held);
    await tell(endpoint, held);

    expect(started).toMatchObject([
      { id: "notice-production.held-back.ab12cd", input: { channels: [{ name: "on-call" }] } },
    ]);
    expect(await store.notices.receipts(held)).toMatchObject([{ status: "pending" }]);
  });

  it("says where to look, where there is a run", async () => {
    const { endpoint, started } = world();
    const notice = startedNotice();

    await tell(endpoint, notice);

    expect(started[0]?.input).toHaveProperty(
      "notice.lines.4",
      `Look: https://dr.example/api/recoveries/${notice.run ?? ""}`,
    );
  });

  it("logs that an environment has nobody to tell", async () => {
    const estate = sampleEstate();
    delete estate.environments.staging?.notifications;
    const { endpoint, started, logged } = world(estate);

    await tell(endpoint, { ...held, environment: "staging" });

    expect(started).toEqual([]);
    expect(logged.join()).toContain("staging names no notifications");
  });

  it("fails if the notice could not be handed over, so that the alert comes again", async () => {
    const { endpoint, blobs } = world();
    blobs.failures.push(new Error("away"));

    await expect(tell(endpoint, held)).rejects.toThrow("away");
  });
});
