import type { Milliseconds } from "../domain/duration.js";

/** Where Azure is and how long a call may take. Sovereign clouds differ in these values only. */
export interface AzureSettings {
  readonly armEndpoint: string;
  readonly armAudience: string;
  readonly logsEndpoint: string;
  readonly logsAudience: string;
  readonly storageAudience: string;
  readonly registryAudience: string;
  /** Client id of the user-assigned identity; empty for the platform's own choice. */
  readonly clientId: string;
  readonly callTimeLimit: Milliseconds;
  readonly probeTimeLimit: Milliseconds;
}
