import { classifyError } from "../azure/classify-error.js";
import type { DataExportRule, DataExports } from "../azure/data-exports.js";
import type { DiagnosticSettings } from "../azure/diagnostic-settings.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import { shortRegion } from "../azure/redis-caches.js";
import { seconds } from "../domain/duration.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { ensure } from "./ensure.js";
import * as contract from "./telemetry-backup.contract.js";

/** Requests, exceptions, metrics and events; in a workspace and in diagnostic settings they are called the same. */
const wantedTables = ["AppRequests", "AppExceptions", "AppMetrics", "AppEvents"];
/** The name of the rule that this service makes. */
const ruleName = "mcp-dr-telemetry";
/** As many rules of a workspace may be active. */
const mostRules = 10;
const settling = seconds(5);

interface Wanted {
  readonly component: string;
  readonly workspace: string;
  readonly account?: string | undefined;
}

/** What a backup of telemetry ensures about where telemetry flows. */
export function telemetryProtectionActivities({
  exports,
  diagnostics,
  accounts,
  store,
}: {
  readonly exports: DataExports;
  readonly diagnostics: DiagnosticSettings;
  readonly accounts: StorageAccounts;
  readonly store: StateStore;
}): readonly Activity[] {
  const settingTables = async (component: string): Promise<readonly string[]> =>
    (await diagnostics.of(component))
      .filter(({ storageAccountId }) => storageAccountId !== undefined)
      .flatMap(({ logs }) => logs)
      .flatMap(({ kind, name }) =>
        kind === "group" && name.toLowerCase() === "alllogs" ? wantedTables : [name],
      );

  /** What flows nowhere, and the rules that there are. */
  const look = async ({ component, workspace }: Wanted) => {
    const [rules, bySetting] = await Promise.all([
      exports.rules(workspace),
      settingTables(component),
    ]);
    const flowing = new Set(
      [...rules.filter(({ enabled }) => enabled).flatMap(({ tables }) => tables), ...bySetting].map(
        (table) => table.toLowerCase(),
      ),
    );
    return { rules, missing: wantedTables.filter((table) => !flowing.has(table.toLowerCase())) };
  };

  /** Why a rule for what is missing cannot be made. */
  const obstacle = async (
    { workspace, account }: Wanted,
    rules: readonly DataExportRule[],
  ): Promise<string | undefined> => {
    if (account === undefined) {
      return "name a storage account of the workspace's region as applicationInsights.export.account in the estate";
    }
    const [region, view] = await Promise.all([
      exports.regionOf(workspace),
      accounts.account(account),
    ]);
    if (region === undefined) return `there is no workspace ${shortNameOf(workspace)}`;
    if (view === undefined) return `there is no storage account ${shortNameOf(account)}`;
    const place = shortRegion(view.primaryLocation);
    if (place !== region) {
      return `${view.name} is in ${place}; only an account of the workspace's region, ${region}, can take it`;
    }
    const active = rules.filter(({ enabled }) => enabled);
    const isFull = active.length >= mostRules && !active.some((rule) => goesTo(rule, account));
    return isFull
      ? `the workspace has ${mostRules} active export rules, as many as it may`
      : undefined;
  };

  return [
    contract.streamTelemetry.implementedBy(classifyError, async (wanted, context) => {
      const { workspace, account = "" } = wanted;
      const made = (tables: readonly string[]) => ({
        changed: true,
        drift: [],
        detail: `${tables.join(", ")} flow into ${shortNameOf(account)} from now on`,
      });
      const before = await look(wanted);
      return ensure(store, context, contract.streamTelemetry, {
        resource: workspace,
        plan: () => made(before.missing),
        onRepeat: "repeat",
        settling,
        observe: async () => {
          const { rules, missing } = await look(wanted);
          if (missing.length === 0) {
            return { changed: false, drift: [], detail: "telemetry flows into storage" };
          }
          const why = await obstacle(wanted, rules);
          if (why === undefined) return undefined;
          const drift = [`${missing.join(", ")} flow into no storage account: ${why}`];
          return { changed: false, drift, detail: drift.join("; ") };
        },
        act: async () => {
          const { rules, missing } = await look(wanted);
          // An account takes one rule of a workspace, so one that is there gets the tables besides its own.
          const own = rules.find((rule) => goesTo(rule, account));
          const tables = [...new Set([...(own?.tables ?? []), ...missing])];
          const name = own?.name ?? freeName(rules);
          await exports.put(workspace, { name, tables, destination: account, enabled: true });
          return made(missing);
        },
      });
    }),
  ];
}

const goesTo = ({ destination }: DataExportRule, account: string): boolean =>
  sameResource(destination, account);

function freeName(rules: readonly DataExportRule[]): string {
  const taken = new Set(rules.map(({ name }) => name.toLowerCase()));
  for (let nth = 1; ; nth++) {
    const name = nth === 1 ? ruleName : `${ruleName}-${nth}`;
    if (!taken.has(name)) return name;
  }
}
