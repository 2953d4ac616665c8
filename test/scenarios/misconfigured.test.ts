import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack } from "../../local/stack/stack.js";
import { freshAlert } from "../support/recovery-run.js";

it.each([
  [{ ESTATE_FILE: "no/such/estate.json" }, "no/such/estate.json: cannot be read"],
  [{ STATE_BLOB_ENDPOINT: "http://insecure.example" }, "app setting STATE_BLOB_ENDPOINT"],
])(
  "registers all the same with %j, and answers every call with what is wrong",
  async (settings, finding) => {
    const stack = await startStack({ settings });
    try {
      const service = new ServiceClient(stack.host);

      const answers = [
        await service.call("POST", "/api/alerts", JSON.stringify(await freshAlert(stack))),
        await service.call("POST", "/api/recoveries", "{}"),
        await service.call("GET", "/api/recoveries"),
      ];
      const health = await service.call("GET", "/api/health");

      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 503, type: "application/problem+json" });
        expect(answer.text).toContain(finding);
      }
      expect(health.status).toBe(503);
    } finally {
      await stack.stop();
    }
  },
);
