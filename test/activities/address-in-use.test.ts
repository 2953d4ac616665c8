import { addressInUse, isObserved, whyAssumed } from "../../src/activities/address-in-use.js";
import type { ContainerApps } from "../../src/azure/container-apps.js";
import { restError } from "../support/memory-container.js";

const primary = "https://prod.vault.azure.net";
const secondary = "https://prod-dr.vault.azure.net";
const gone = restError(404, "ResourceNotFound");

/** What is said where each app has an address or answers with an error. */
function said(app: string | Error | undefined, standby?: string | Error) {
  const apps = {
    app: (id: string) => {
      const answer = id === "app" ? app : standby;
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ variables: answer === undefined ? {} : { KEY_VAULT_URL: answer } });
    },
  } as unknown as ContainerApps;
  const sides = { app: "app", ...(standby === undefined ? {} : { standby: "standby" }) };
  return addressInUse(apps, sides, "KEY_VAULT_URL");
}

describe("the address in use", () => {
  it("is the primary app's, whatever the standby names", async () => {
    const answer = await said(primary, secondary);

    expect(answer).toEqual({ address: primary, by: "app" });
    expect(isObserved(answer, "primary")).toBe(true);
    expect(isObserved(await said(secondary, secondary), "secondary")).toBe(true);
  });

  it.each([
    ["is gone", gone],
    ["may not be read", restError(401, "AuthenticationFailed")],
  ])("is the standby's where the primary app %s", async (_what, error) => {
    expect(await said(error, primary)).toEqual({ address: primary, by: "standby" });
  });

  it("is observed by the standby's word where that is the primary side, and only then", async () => {
    const same = await said(gone, primary);
    const other = await said(gone, secondary);

    expect(isObserved(same, "primary")).toBe(true);
    expect(isObserved(other, "secondary")).toBe(false);
    expect(whyAssumed(other, "vault")).toBe(
      `the primary app cannot be read, and the standby names ${secondary}`,
    );
  });

  it("is not known where no app can be read, or the app does not say it", async () => {
    const [none, alone, silent] = [await said(gone, gone), await said(gone), await said(undefined)];

    expect([none.by, alone.by, silent.by]).toEqual(["nobody", "nobody", "app"]);
    expect(isObserved(none, "primary")).toBe(false);
    expect(whyAssumed(none, "vault")).toBe("no app can be read");
    expect(whyAssumed(silent, "vault")).toBe("the app does not say which vault it uses");
  });

  it.each([
    ["is throttled", restError(429, "TooManyRequests")],
    ["is away", restError(503, "ServiceUnavailable")],
    ["waits for a role", restError(403, "AuthorizationFailed")],
    ["cannot be asked because of a defect", new TypeError("oops")],
  ])("is asked for again where an app %s", async (_what, error) => {
    await expect(said(error, primary)).rejects.toBe(error);
    await expect(said(gone, error)).rejects.toBe(error);
  });
});
