import type { Estate } from "../../src/domain/estate.js";
import { containerAppPage } from "./container-app-page.js";
import { keyVaultPage } from "./key-vault-page.js";
import { keyVaultFailbackPage, redisFailbackPage, storageFailbackPage } from "./failback-pages.js";
import { keyRotationPage } from "./key-rotation-page.js";
import type { Command, Page } from "./page.js";
import { redisPage } from "./redis-page.js";
import { regionFailbackPage } from "./region-failback-page.js";
import { regionPage } from "./region-page.js";
import { storagePage } from "./storage-page.js";

/** Whoever is signed in to several subscriptions would else ask the first one. */
const chooseSubscription = (id: string): Command => ({
  what: "Choose the environment's subscription",
  run: `az account set --subscription ${id} && az account show --query id -o tsv`,
  prints: "its id",
});

const recoveries = [
  containerAppPage,
  redisPage,
  keyRotationPage,
  keyVaultPage,
  storagePage,
  regionPage,
];
const failbacks = [
  redisFailbackPage,
  keyVaultFailbackPage,
  storageFailbackPage,
  regionFailbackPage,
];

/**
 * Every page of an estate; an environment of one region has none for the loss of it, nor for a way back, and
 * one with Azure Managed Redis none for its keys.
 */
export const pagesOf = ({ environments }: Estate): readonly Page[] =>
  Object.entries(environments).flatMap(([name, environment]) =>
    [...recoveries, ...failbacks].flatMap((pageOf) => {
      const page = pageOf(name, environment);
      if (page === undefined) return [];
      return { ...page, see: [chooseSubscription(environment.subscriptionId), ...page.see] };
    }),
  );
