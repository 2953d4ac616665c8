import type { Environment } from "../../src/domain/estate.js";
import type { SimulatorState, TrafficState } from "../stack/simulator-client.js";

/**
 * The host that users are led to: the endpoint of the Traffic Manager profile that is switched on and
 * well, or what DNS answers where none is; without a profile the app's own address. Undefined where
 * users get no answer.
 */
export function entryOf(state: SimulatorState, environment: Environment): string | undefined {
  const profile = profileOf(state, environment);
  if (profile === undefined) {
    return state.containerApps.find(({ id }) => isSame(id, environment.containerApp.primary))?.fqdn;
  }
  const online = profile.endpoints.filter(({ status }) => status === "Online");
  const answered = online.find(({ target }) => target === profile.answer) ?? online[0];
  return answered?.target ?? profile.answer;
}

/** The profile of the estate, if it is there. */
export const profileOf = (
  { trafficManagerProfiles }: SimulatorState,
  { trafficManager }: Environment,
): TrafficState | undefined =>
  trafficManager && trafficManagerProfiles.find(({ id }) => isSame(id, trafficManager.profile));

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
