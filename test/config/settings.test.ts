import { readSettings } from "../../src/config/settings.js";
import { seconds } from "../../src/domain/duration.js";

const endpoint = "https://mcpdrstate.blob.core.windows.net";

describe("settings", () => {
  it("have a default for everything but the state account", () => {
    const { findings, azure, state } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      ARM_ENDPOINT: "",
    });

    expect(findings).toEqual([]);
    expect(state).toEqual({ endpoint, container: "recovery-state" });
    expect(azure).toMatchObject({
      armEndpoint: "https://management.azure.com",
      callTimeLimit: seconds(20),
    });
  });

  it("take the service's own address from the platform", () => {
    const on = (WEBSITE_HOSTNAME?: string) =>
      readSettings({ STATE_BLOB_ENDPOINT: endpoint, WEBSITE_HOSTNAME }).address;

    expect(on("mcp-dr.azurewebsites.net")).toBe("https://mcp-dr.azurewebsites.net");
    expect(on("localhost:7071")).toBe("http://localhost:7071");
    expect(on(undefined)).toBeUndefined();
  });

  it("never stop the service over the key of its notices", () => {
    const { findings, webhookKey } = readSettings({ STATE_BLOB_ENDPOINT: endpoint });

    expect(findings).toEqual([]);
    expect(webhookKey).toBe("");
  });

  it("name each wrong one, and stay usable enough to say so", () => {
    const { findings, state, azure } = readSettings({
      STATE_CONTAINER: "No Such Name",
      CALL_TIME_LIMIT_SECONDS: "soon",
    });

    expect(findings.join("\n")).toContain("app setting STATE_BLOB_ENDPOINT: ");
    expect(findings.join("\n")).toContain(
      "app setting STATE_CONTAINER: write a legal container name",
    );
    expect(findings.join("\n")).toContain("app setting CALL_TIME_LIMIT_SECONDS");
    expect(state.endpoint).toMatch(/\.invalid$/);
    expect(azure.callTimeLimit).toBe(seconds(20));
  });
});
