import { readSettings } from "../../src/config/settings.js";
import { seconds } from "../../src/domain/duration.js";

const endpoint = "https://mcpdrstate.blob.core.windows.net";

describe("settings", () => {
  it("have a default for everything but the state account", () => {
    const { findings, azure, state } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
      ARM_ENDPOINT: "",
    });

    expect(findings).toEqual([]);
    expect(state).toEqual({ endpoint, container: "recovery-state" });
    expect(azure).toMatchObject({
      armEndpoint: "https://management.azure.com",
      callTimeLimit: seconds(20),
    });
  });

  it("take name servers as a list, and leave them to the system where there is none", () => {
    const dnsOf = (more: Record<string, string>) =>
      readSettings({ STATE_BLOB_ENDPOINT: endpoint, BACKUP_BLOB_ENDPOINT: endpoint, ...more });

    expect(dnsOf({}).dns).toEqual({ resolvers: [], authoritative: [] });
    expect(
      dnsOf({
        DNS_RESOLVERS: "1.1.1.1, 127.0.0.1:41003,[::1]:53,2001:4860:4860::8888",
        DNS_AUTHORITATIVE: "tm1.dns-tm.com",
      }).dns,
    ).toEqual({
      resolvers: ["1.1.1.1", "127.0.0.1:41003", "[::1]:53", "2001:4860:4860::8888"],
      authoritative: ["tm1.dns-tm.com"],
    });
    expect(dnsOf({ DNS_RESOLVERS: "https://dns.google" }).findings.join()).toContain(
      "app setting DNS_RESOLVERS: write name servers such as",
    );
  });

  it("take the service's own address from the platform", () => {
    const on = (WEBSITE_HOSTNAME?: string) =>
      readSettings({
        STATE_BLOB_ENDPOINT: endpoint,
        BACKUP_BLOB_ENDPOINT: endpoint,
        WEBSITE_HOSTNAME,
      }).address;

    expect(on("mcp-dr.azurewebsites.net")).toBe("https://mcp-dr.azurewebsites.net");
    expect(on("localhost:7071")).toBe("http://localhost:7071");
    expect(on(undefined)).toBeUndefined();
  });

  it("never stop the service over the key of its notices", () => {
    const { findings, notificationSecret } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
    });

    expect(findings).toEqual([]);
    expect(notificationSecret("NOTIFICATION_WEBHOOK_KEY")).toBeUndefined();
  });

  it("give channels the secrets that are theirs, under whatever name, and no others", () => {
    const { notificationSecret } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
      NOTIFICATION_TEAMS_NIGHT: "https://example.com/?sig=x",
      AzureWebJobsStorage: "AccountKey=x",
    });

    expect(notificationSecret("NOTIFICATION_TEAMS_NIGHT")).toContain("sig=x");
    expect(notificationSecret("AzureWebJobsStorage")).toBeUndefined();
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

  it("leave the platform's word and the alerts' token out of account until they are asked for", () => {
    const { platformAuthentication, alertToken } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
    });

    expect(platformAuthentication).toBe("none");
    expect(alertToken).toBeUndefined();
  });

  it("turn the secure webhook on by audience and tenant", () => {
    const { findings, alertToken, platformAuthentication } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
      PLATFORM_AUTHENTICATION: "entra",
      ALERT_TOKEN_AUDIENCE: "api://one, two",
      ALERT_TOKEN_TENANT: "0c4f8f0a-9a5e-4c39-8d0a-1d2f3b4c5d6e",
    });

    expect(findings).toEqual([]);
    expect(platformAuthentication).toBe("entra");
    expect(alertToken).toEqual({
      authorityHost: "https://login.microsoftonline.com",
      tenant: "0c4f8f0a-9a5e-4c39-8d0a-1d2f3b4c5d6e",
      audiences: ["api://one", "two"],
      application: "461e8683-5575-4561-ac7f-899cc907d62a",
      role: "ActionGroupsSecureWebhook",
    });
  });

  it.each([
    [{ ALERT_TOKEN_AUDIENCE: "api://one" }, "ALERT_TOKEN_TENANT: name it beside"],
    [
      { ALERT_TOKEN_TENANT: "0c4f8f0a-9a5e-4c39-8d0a-1d2f3b4c5d6e" },
      "ALERT_TOKEN_AUDIENCE: name it",
    ],
    [{ ALERT_TOKEN_AUDIENCE: "a", ALERT_TOKEN_TENANT: "contoso" }, "write the tenant's id"],
    [{ ALERT_TOKEN_AUDIENCE: "a", CALL_TIME_LIMIT_SECONDS: "soon" }, "ALERT_TOKEN_TENANT: name it"],
    [{ PLATFORM_AUTHENTICATION: "Entra" }, "PLATFORM_AUTHENTICATION: write none or entra"],
  ])("refuse half a lock: %j", (given, finding) => {
    const { findings, alertToken } = readSettings({
      STATE_BLOB_ENDPOINT: endpoint,
      BACKUP_BLOB_ENDPOINT: endpoint,
      ...given,
    });

    expect(findings.join("\n")).toContain(finding);
    expect(alertToken).toBeUndefined();
  });
});
