import type { BlobContainer } from "../azure/blob-container.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { Incident, IncidentSignal } from "../domain/incident.js";
import type { Instant } from "../domain/instant.js";
import type { ScenarioId } from "../domain/scenario-id.js";
import { sha256 } from "./hash.js";
import { jsonDocuments, type Versioned } from "./json-document.js";

/** The incidents of the estate: who may start a run, and which alerts belong to which run. */
export interface Incidents {
  read(name: string): Promise<Versioned<Incident> | undefined>;
  /** Opens one where none was. False if somebody else did. */
  open(name: string, incident: Incident): Promise<boolean>;
  /** Opens one in the place of one that has ended. False if somebody else did. */
  reopen(name: string, ended: Versioned<Incident>, incident: Incident): Promise<boolean>;
  /** Closes it if this run holds it; harmless to repeat. */
  close(name: string, run: string, outcome: string, at: Instant): Promise<void>;
  /** The run that an alert with this key has been given to. */
  signal(key: string): Promise<IncidentSignal | undefined>;
  /** Remembers that an alert has been given to a run. */
  addSignal(key: string, signal: IncidentSignal): Promise<void>;
}

/** One incident for each environment, scenario and resource; ids are case-insensitive. */
export const incidentName = (
  environment: EnvironmentName,
  scenario: ScenarioId,
  resource: string,
): string =>
  `incidents/${environment}/${scenario}/${sha256(resource.toLowerCase()).slice(0, 32)}.json`;

const signalName = (key: string): string => `signals/${sha256(key)}.json`;

export function incidents(blobs: BlobContainer): Incidents {
  const documents = jsonDocuments(blobs, Incident);
  const signals = jsonDocuments(blobs, IncidentSignal);
  return {
    read: (name) => documents.read(name),
    open: async (name, incident) => (await documents.create(name, incident)) !== undefined,
    reopen: async (name, ended, incident) =>
      (await documents.replace(name, incident, ended)) !== undefined,
    async close(name, run, outcome, at) {
      const standing = await documents.read(name);
      if (standing?.value.run !== run || standing.value.status === "closed") return;
      const closed: Incident = { ...standing.value, status: "closed", closedAt: at, outcome };
      // Nobody but its run writes an open incident, so a lost race means it is closed already.
      await documents.replace(name, closed, standing);
    },
    signal: async (key) => (await signals.read(signalName(key)))?.value,
    async addSignal(key, signal) {
      await signals.create(signalName(key), signal);
    },
  };
}
