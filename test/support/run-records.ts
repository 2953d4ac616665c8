import type { RunRecord } from "../../src/domain/run-record.js";
import { detectedAt, runOf } from "./estates.js";

const restored: RunRecord = {
  version: 1,
  id: runOf("container-app-failure"),
  kind: "recovery",
  environment: "production",
  scenario: "container-app-failure",
  title: "Container app failure",
  resource:
    "/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups/mcp-server-prod/providers/Microsoft.App/containerApps/mcp-server-prod",
  mode: "execute",
  trigger: { kind: "alert", alertId: "/alerts/1", rule: "mcp-health-prod", severity: "Sev0" },
  detectedAt,
  startedAt: "2026-11-22T13:58:30.000Z",
  endedAt: "2026-11-22T14:00:12.000Z",
  restoredAt: "2026-11-22T14:00:11.000Z",
  outcome: "restored",
  reason: "a restart of the serving revision brought the app back",
  deadlines: { scenarioAt: "2026-11-22T14:13:24.371Z", environmentAt: "2026-11-22T14:58:24.371Z" },
  withinRto: { scenario: true, environment: true },
  dataLoss: "none: the app keeps no data of its own",
  nextSteps: [],
  findings: [],
  steps: [
    {
      id: "confirm",
      title: "Confirm the failure by probes of our own",
      status: "done",
      startedAt: "2026-11-22T13:58:30.000Z",
      endedAt: "2026-11-22T13:58:41.000Z",
      attempts: 3,
      detail: "HTTP 503, unhealthy, worker: deadlocked",
      evidence: [],
    },
    {
      id: "gather-evidence",
      title: "Gather state, logs and error rates before anything changes",
      status: "done",
      startedAt: "2026-11-22T13:58:41.000Z",
      endedAt: "2026-11-22T13:58:42.000Z",
      attempts: 0,
      detail: "100 log lines kept from the log stream",
      evidence: [
        {
          title: "App logs",
          blob: "evidence/run/app-logs.txt",
          bytes: 5120,
          sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
      ],
    },
    {
      id: "restart-revision",
      title: "Restart the revisions that serve traffic",
      status: "done",
      startedAt: "2026-11-22T13:58:42.000Z",
      endedAt: "2026-11-22T13:58:43.000Z",
      attempts: 1,
      changed: true,
      detail: "restarted mcp-server-prod--v42",
      evidence: [],
    },
  ],
  approvals: [],
  decisions: [],
  checklist: [],
  notifications: [
    {
      notice: `${runOf("container-app-failure")}.started`,
      kind: "started",
      noticeAt: "2026-11-22T13:58:30.000Z",
      channel: "on-call",
      to: ["primary"],
      status: "delivered",
      attempts: 2,
      at: "2026-11-22T13:58:36.000Z",
      detail: "HTTP 204",
    },
  ],
};

const { restoredAt: _, ...unrestored } = restored;

/** Records to render: one that went well, one that a person has to finish. */
export const runRecords = {
  restored,
  "needs-operator": {
    ...unrestored,
    endedAt: "2026-11-22T14:16:00.000Z",
    outcome: "needs-operator",
    reason: "there is no other revision",
    withinRto: { scenario: false, environment: true },
    nextSteps: ["Read the evidence of this run", "Deploy a version that is known to work"],
    findings: ["the app's template is still that of the failed revision"],
    notifications: [
      ...restored.notifications,
      {
        notice: `${runOf("container-app-failure")}.breached.scenario`,
        kind: "breached",
        noticeAt: "2026-11-22T14:13:24.372Z",
        channel: "on-call",
        to: ["primary", "secondary", "escalation"],
        status: "failed",
        attempts: 1,
        at: "2026-11-22T14:13:25.000Z",
        detail: "http-410: the receiver refused the notice",
      },
    ],
  },
} satisfies Record<string, RunRecord>;
