import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { readHostConfig } from "../../../local/host/host-json.js";

const read = (durableTask: object): unknown => {
  const app = mkdtempSync(path.join(os.tmpdir(), "host-json-"));
  try {
    const json = { version: "2.0", extensions: { durableTask } };
    writeFileSync(path.join(app, "host.json"), JSON.stringify(json));
    return readHostConfig(app, {});
  } finally {
    rmSync(app, { recursive: true });
  }
};

describe("the storage of runs in host.json", () => {
  it("is taken with the members that the real host knows", () => {
    const storageProvider = {
      type: "AzureStorage",
      maxQueuePollingInterval: "00:00:01",
      controlQueueVisibilityTimeout: "00:01:00",
      workItemQueueVisibilityTimeout: "00:02:00",
      partitionCount: 4,
      controlQueueBatchSize: 32,
      useTablePartitionManagement: true,
    };

    expect(read({ storageProvider, useGracefulShutdown: false })).toMatchObject({
      durable: { hubName: "TestHubName" },
    });
  });

  // The real host takes its defaults for each of these, and says nothing.
  it.each([
    [{ maxQueuePollInterval: "00:00:01" }, /storageProvider .*maxQueuePollInterval/],
    [{ maxQueuePollingInterval: "1s" }, /maxQueuePollingInterval must be hh:mm:ss/],
    [{ maxQueuePollingInterval: "00:00:00" }, /maxQueuePollingInterval must be hh:mm:ss/],
    [{ partitionCount: 17 }, /partitionCount/],
    [{ type: "mssql" }, /type must be AzureStorage/],
  ])("is refused with a mistake: %j", (storageProvider, message) => {
    expect(() => read({ storageProvider })).toThrow(message);
  });
});
