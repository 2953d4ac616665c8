import { readFileSync } from "node:fs";
import path from "node:path";
import { Estate } from "../../src/domain/estate.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";

const sample = path.join(__dirname, "../../config/estate.sample.json");

/** The sample as JSON, to be bent in a test. */
export const sampleJson = (): SampleEstate =>
  JSON.parse(readFileSync(sample, "utf8")) as SampleEstate;

type Loose = Record<string, unknown>;
export interface SampleEstate extends Loose {
  environments: Record<"development" | "staging" | "production", Record<string, Loose> & Loose>;
}

export const sampleEstate = (): Estate => Estate.parse(sampleJson());

export const detectedAt = "2026-11-22T13:58:24.371Z";
export const runOf = (scenario: string): string => `${scenario}-production-20261122T135830Z-ab12cd`;

/** The order of a recovery of production's container app, started by an alert. */
export function orderOf(more: Partial<RecoveryOrder> = {}): RecoveryOrder {
  const estate = sampleEstate().environments.production;
  if (estate === undefined) throw new Error("the sample has no production");
  return {
    scenario: "container-app-failure",
    environment: "production",
    resource: estate.containerApp.primary,
    mode: "execute",
    authority: "act",
    trigger: { kind: "alert", alertId: "/alerts/1", rule: "mcp-health", severity: "Sev1" },
    detectedAt,
    estate,
    incident: "incidents/production/container-app-failure/0.json",
    ...more,
  };
}
