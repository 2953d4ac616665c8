import { StorageManagementClient } from "@azure/arm-storage";
import { waitFor } from "./pause.js";
import { partsOf, program } from "./program.js";

/*
 * Scenario 4 as the runbook has it, its commands one after the other: an account whose primary is
 * unavailable is failed over, and that is all; only where it cannot be, the runbook makes a new one.
 * The nights before it has nothing to do for that: Azure keeps the copy.
 */

const [, , , , task = "recover"] = process.argv;

program(async ({ credential, production, run, isWell }) => {
  if (task === "backup") return;
  const { subscription, group, name } = partsOf(production.storage.primary);
  const { storageAccounts } = new StorageManagementClient(credential, subscription);
  const show = () => storageAccounts.getProperties(group, name);
  const before = await run("az storage account show --query statusOfPrimary", show);
  await run("az storage account failover", async () => {
    await storageAccounts.failover(group, name).submitted();
  });
  await run("az storage account show --query failoverInProgress", () =>
    waitFor(
      "the failover",
      async () => {
        const { failoverInProgress, primaryLocation } = await show();
        const isOver = failoverInProgress !== true && primaryLocation !== before.primaryLocation;
        return isOver || undefined;
      },
      { atMost: 7_200 },
    ),
  );
  await run("curl /health", () => waitFor("the app", async () => (await isWell()) || undefined));
});
