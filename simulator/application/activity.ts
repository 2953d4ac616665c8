import type { Backend, ContainerApp, TrafficPhase } from "../container-apps/state.js";
import { backendFor } from "../container-apps/traffic.js";

/** Users send one request each ten seconds. */
const EVERY_MS = 10_000;

/** A request that the application answered: a user's, or one that came in over HTTP. */
export interface AppRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly backend: Backend;
}

/** A line on the standard output or error of a container. */
export interface ConsoleLine {
  readonly at: number;
  readonly revision: string;
  readonly replica: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** The requests in a time span, oldest first. The users' follow from where traffic went; they are not stored. */
export function requestsBetween(app: ContainerApp, from: number, to: number): AppRequest[] {
  const recorded = app.requests
    .filter(({ at }) => at >= from && at <= to)
    .map((request) => ({ ...request, durationMs: durationOf(request.at, request.status) }));
  return [...usersBetween(app, from, to), ...recorded].sort((a, b) => a.at - b.at);
}

function usersBetween(app: ContainerApp, from: number, to: number): AppRequest[] {
  const found: AppRequest[] = [];
  for (const [index, phase] of app.phases.entries()) {
    const end = Math.min(to, (app.phases[index + 1]?.from ?? Infinity) - 1);
    const start = Math.max(from, phase.from);
    for (let tick = Math.ceil(start / EVERY_MS); tick * EVERY_MS <= end; tick += 1) {
      if (!isSentHere(app, tick)) continue;
      const request = userRequest(phase, tick);
      if (request) found.push(request);
    }
  }
  return found;
}

/** Whether DNS sends the user whose turn it is to this app. */
function isSentHere({ audience }: ContainerApp, tick: number): boolean {
  const now = audience.findLast(({ from }) => from <= tick * EVERY_MS);
  if (now === undefined) return true;
  // 37 is coprime with 100, and not what weights of revisions go by.
  const user = (tick * 37) % 100;
  return user >= now.first && user < now.first + now.count;
}

function userRequest({ shares }: TrafficPhase, tick: number): AppRequest | undefined {
  const backend = backendFor(shares, tick);
  if (backend === undefined) return undefined; // It never reached the application.
  const status = backend.ailment === undefined ? 200 : 503;
  const at = tick * EVERY_MS;
  return {
    at,
    method: "POST",
    path: "/mcp",
    status,
    durationMs: durationOf(tick, status),
    backend,
  };
}

/** What the containers have written in a time span, oldest first: starts, and a line for each request. */
export function consoleBetween(app: ContainerApp, from: number, to: number): ConsoleLine[] {
  const starts = app.events
    .filter(({ at, reason }) => reason === "ContainerStarted" && at >= from && at <= to)
    .map(({ at, revision, replica }): ConsoleLine => ({
      at,
      revision,
      replica,
      stream: "stdout",
      text: `listening on port ${app.envelope.properties.configuration?.ingress?.targetPort ?? 8080}`,
    }));
  const served = requestsBetween(app, from, to).flatMap((request) => linesOf(request));
  return [...starts, ...served].sort((a, b) => a.at - b.at);
}

function linesOf({ at, method, path, status, durationMs, backend }: AppRequest): ConsoleLine[] {
  const { revision, replica, ailment } = backend;
  const access: ConsoleLine = {
    at,
    revision,
    replica,
    stream: "stdout",
    text: `${method} ${path} ${status} ${durationMs}ms`,
  };
  if (ailment === undefined || status < 500) return [access];
  return [access, { ...access, stream: "stderr", text: `error: ${ailment.detail}` }];
}

/** Between 20 and 80 ms, and the time limit of a worker for what fails. */
function durationOf(seed: number, status: number): number {
  return status >= 500 ? 1000 : 20 + ((seed * 7) % 61);
}
