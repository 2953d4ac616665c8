import type { Ailment } from "../container-apps/state.js";

export interface HealthReport {
  readonly status: "healthy" | "unhealthy";
  readonly checks: Readonly<Record<string, { status: string; detail: string }>>;
}

const CHECKS = ["server", "redis", "keyVault", "storage"];

/** What the application says of itself at /health. */
export function healthReport(ailment: Ailment | undefined): HealthReport {
  const checks = Object.fromEntries(
    CHECKS.map((check) => [
      check,
      ailment?.check === check
        ? { status: "unhealthy", detail: ailment.detail }
        : { status: "healthy", detail: "ok" },
    ]),
  );
  return { status: ailment === undefined ? "healthy" : "unhealthy", checks };
}
