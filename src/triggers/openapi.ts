import type { HttpResponseInit } from "@azure/functions";
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import { z } from "zod";
import { rolesFor, type Permission } from "../domain/identity.js";
import { RunRecord } from "../domain/run-record.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { AutomationRequest, AutomationView } from "./automation.js";
import { BackupAnswer, BackupRequest, BackupView } from "./backups.js";
import { DrillRequest, DrillView } from "./drills.js";
import { FailbackRequest } from "./failbacks.js";
import { ProofAnswer, ProofRequest } from "./proofs.js";
import { ReadinessAnswer, ReadinessRequest, ReadinessView } from "./readiness.js";
import { RestoreRequest } from "./restores.js";
import { ApprovalAnswer, DecisionAnswer, VerbAnswer, VerbRequest } from "./verbs.js";
import { CommonAlert } from "./alerts/parse-alert.js";
import { AlertAnswer } from "./alerts/alerts.js";
import { json } from "./endpoint.js";
import { ServiceHealth } from "./health.js";
import { Problem } from "./problem.js";
import { StartAnswer } from "./ordered-run.js";
import { RecoveryRequest } from "./recoveries.js";
import { QuarterlySummary } from "../domain/summary.js";
import { ReportList, ReportListQuery } from "./reports.js";
import { SummaryQuery } from "./summary.js";
import { RunList, RunView } from "./run-view.js";

const jsonOf = (schema: z.ZodType, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
const problemOf = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: Problem } },
});
const unavailable = problemOf("The state store or the estate cannot be used; try again.");
/** What every address answers that asks for a permission. */
const guarded = (permission: Permission) => ({
  "401": problemOf(
    "The function key is missing or wrong, which the host answers without a body; or the platform authenticates, and vouches for nobody in this request",
  ),
  "403": problemOf(
    `The platform authenticates, and the caller has not the role ${rolesFor(permission).join(" or ")}`,
  ),
  "503": unavailable,
});
const keyed = [{ functionKey: [] }, { functionKey: [], entra: [] }];
const operatorHeader = z.string().min(1).max(100).optional().meta({
  description:
    "Who sends this, for the audit; taken at its word, and only while the platform does not authenticate",
});
const idempotencyKey = z.string().optional().meta({
  description: "The same key and body give the same run, however often they are sent",
});
const run = z.object({ id: z.string().meta({ description: "A run's id" }) });

const operations: Record<string, Record<string, ZodOpenApiOperationObject>> = {
  "/alerts": {
    post: {
      summary: "Takes an alert of Azure Monitor in the common alert schema",
      security: [{ functionKey: [] }, { entra: [] }],
      requestBody: { content: { "application/json": { schema: CommonAlert } } },
      responses: {
        "202": jsonOf(AlertAnswer, "What was done with it and why"),
        "400": problemOf("Not an alert in the common alert schema"),
        "401": problemOf("The secure webhook is on, and the token is missing or not accepted"),
        "403": problemOf("The token is true, but not that of Azure Monitor's action groups"),
        "413": problemOf("Longer than 256 KB"),
        "503": unavailable,
      },
    },
  },
  "/recoveries": {
    post: {
      summary: "Starts a recovery by an operator's order",
      security: keyed,
      requestParams: {
        header: z.object({
          "Idempotency-Key": idempotencyKey,
          "x-operator": operatorHeader,
        }),
      },
      requestBody: { content: { "application/json": { schema: RecoveryRequest } } },
      responses: {
        "202": jsonOf(StartAnswer, "The run that was started"),
        "400": problemOf("A member is wrong; the answer names it"),
        "409": problemOf("An incident is open; the answer names its run"),
        "422": problemOf("The Idempotency-Key was used with another body"),
        ...guarded("operate"),
      },
    },
    get: {
      summary: "Lists what runs now and what has ended",
      security: keyed,
      requestParams: { query: z.object({ top: z.int().min(1).max(500).optional() }) },
      responses: {
        "200": jsonOf(RunList, "Runs, the ended ones newest first"),
        "400": problemOf("top is not a number from 1 to 500"),
        ...guarded("read"),
      },
    },
  },
  "/backups": {
    post: {
      summary: "Makes the backups of the present period, unless they have been made",
      security: keyed,
      requestParams: { header: z.object({ "x-operator": operatorHeader }) },
      requestBody: { content: { "application/json": { schema: BackupRequest } } },
      responses: {
        "202": jsonOf(BackupAnswer, "The run of each kind, and whether it was started by this"),
        "400": problemOf("A member is wrong; the answer names it"),
        ...guarded("operate"),
      },
    },
    get: {
      summary: "Shows what is protected, how old it is and how far it can be trusted",
      security: keyed,
      requestParams: { query: z.object({ environment: EnvironmentName.optional() }) },
      responses: {
        "200": jsonOf(BackupView, "Each kind of each environment"),
        "400": problemOf("There is no environment of that name"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("read"),
      },
    },
  },
  "/proofs": {
    post: {
      summary: "Restores samples of backup sets into scratch places, and compares them",
      security: keyed,
      requestParams: { header: z.object({ "x-operator": operatorHeader }) },
      requestBody: { content: { "application/json": { schema: ProofRequest } } },
      responses: {
        "202": jsonOf(ProofAnswer, "The run of each kind, and whether it was started by this"),
        "400": problemOf("A member is wrong; the answer names it"),
        ...guarded("operate"),
      },
    },
  },
  "/readiness": {
    post: {
      summary: "Evaluates now whether recoveries would work",
      security: keyed,
      requestParams: { header: z.object({ "x-operator": operatorHeader }) },
      requestBody: { content: { "application/json": { schema: ReadinessRequest } } },
      responses: {
        "202": jsonOf(ReadinessAnswer, "What is evaluated; the result is shown by GET"),
        "400": problemOf("A member is wrong; the answer names it"),
        ...guarded("operate"),
      },
    },
    get: {
      summary: "Shows whether recoveries would work, by the last evaluation, with remedies",
      security: keyed,
      requestParams: { query: z.object({ environment: EnvironmentName.optional() }) },
      responses: {
        "200": jsonOf(ReadinessView, "Each environment: verdicts of the scenarios, and findings"),
        "400": problemOf("There is no environment of that name"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("read"),
      },
    },
  },
  "/restores": {
    post: {
      summary: "Brings something back from a backup set",
      security: keyed,
      requestParams: {
        header: z.object({ "Idempotency-Key": idempotencyKey, "x-operator": operatorHeader }),
      },
      requestBody: { content: { "application/json": { schema: RestoreRequest } } },
      responses: {
        "202": jsonOf(StartAnswer, "The run that was started"),
        "400": problemOf("A member is wrong, or there is no such set; the answer names it"),
        "409": problemOf("The set cannot be used; the answer says why and names the newest usable"),
        "422": problemOf("The Idempotency-Key was used with another body"),
        ...guarded("operate"),
      },
    },
  },
  "/drills": {
    post: {
      summary: "Starts a drill: something is broken, recovered by the ordinary way, and undone",
      security: keyed,
      requestParams: {
        header: z.object({ "Idempotency-Key": idempotencyKey, "x-operator": operatorHeader }),
      },
      requestBody: { content: { "application/json": { schema: DrillRequest } } },
      responses: {
        "202": jsonOf(StartAnswer, "The run that was started"),
        "400": problemOf("A member is wrong; the answer names it"),
        "409": problemOf(
          "A blocked window, another run, or no other region; the answer says which",
        ),
        "422": problemOf("The Idempotency-Key was used with another body"),
        ...guarded("operate"),
      },
    },
    get: {
      summary:
        "Shows the drills that are planned, what blocks them, and the last of each environment",
      security: keyed,
      responses: {
        "200": jsonOf(DrillView, "Each environment"),
        ...guarded("read"),
      },
    },
  },
  "/failbacks": {
    post: {
      summary: "Goes back to the original side, and brings home what is newer on the other",
      security: keyed,
      requestParams: {
        header: z.object({ "Idempotency-Key": idempotencyKey, "x-operator": operatorHeader }),
      },
      requestBody: { content: { "application/json": { schema: FailbackRequest } } },
      responses: {
        "202": jsonOf(StartAnswer, "The run that was started"),
        "400": problemOf("A member is wrong, or this version cannot fail that back"),
        "409": problemOf("A run is on this resource already; the answer names it"),
        "422": problemOf("The Idempotency-Key was used with another body"),
        ...guarded("operate"),
      },
    },
  },
  "/recoveries/{id}": {
    get: {
      summary: "Shows one run: steps, clock and forecast, or its record once it has ended",
      security: keyed,
      requestParams: { path: run },
      responses: {
        "200": jsonOf(RunView, "The run"),
        "404": problemOf("No such run"),
        ...guarded("read"),
      },
    },
  },
  ...Object.fromEntries(
    [
      ["approval", "Answers a request for approval", ApprovalAnswer, "approve"] as const,
      ["decision", "Decides about a step that failed for good", DecisionAnswer, "operate"] as const,
      ["pause", "Pauses the run before its next step", VerbRequest, "operate"] as const,
      ["resume", "Lets a paused run go on", VerbRequest, "operate"] as const,
      ["cancel", "Cancels the run at its next safe point", VerbRequest, "operate"] as const,
    ].map(([verb, summary, schema, permission]) => [
      `/recoveries/{id}/${verb}`,
      {
        post: {
          summary,
          security: keyed,
          requestParams: { path: run, header: z.object({ "x-operator": operatorHeader }) },
          requestBody: { content: { "application/json": { schema } } },
          responses: {
            "200": jsonOf(VerbAnswer, "It is so already; nothing was changed"),
            "202": jsonOf(VerbAnswer, "The run takes it up"),
            "400": problemOf("A member is wrong; the answer names it"),
            "404": problemOf("No such run"),
            "409": problemOf("Refused; the answer says why"),
            ...guarded(permission),
          },
        },
      },
    ]),
  ),
  "/automation/{environment}": {
    put: {
      summary: "Sets what alerts may set off: act, propose or off",
      security: keyed,
      requestParams: {
        path: z.object({ environment: EnvironmentName }),
        header: z.object({ "x-operator": operatorHeader }),
      },
      requestBody: { content: { "application/json": { schema: AutomationRequest } } },
      responses: {
        "200": jsonOf(AutomationView, "The mode that holds now"),
        "400": problemOf("A member is wrong; the answer names it"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("operate"),
      },
    },
    get: {
      summary: "Shows what alerts may set off, and who set it",
      security: keyed,
      requestParams: { path: z.object({ environment: EnvironmentName }) },
      responses: {
        "200": jsonOf(AutomationView, "The mode that holds now"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("read"),
      },
    },
  },
  "/reports": {
    get: {
      summary: "Lists the records of ended runs, with their hashes, a page at a time",
      security: keyed,
      requestParams: { query: ReportListQuery },
      responses: {
        "200": jsonOf(ReportList, "Records, the newest end first"),
        "400": problemOf("A member is wrong; the answer names it"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("report"),
      },
    },
  },
  "/reports/summary": {
    get: {
      summary: "Summarizes a quarter of an environment for auditors, from records alone",
      security: keyed,
      requestParams: { query: SummaryQuery },
      responses: {
        "200": {
          description: "Drills, targets, what is open, and what each run measured",
          content: {
            "application/json": { schema: QuarterlySummary },
            "text/html": { schema: z.string() },
            "text/markdown": { schema: z.string() },
          },
        },
        "400": problemOf("A member is wrong; the answer names it"),
        "404": problemOf("The estate has no such environment"),
        ...guarded("report"),
      },
    },
  },
  "/reports/{id}": {
    get: {
      summary: "The evidence of an ended run",
      security: keyed,
      requestParams: {
        path: run,
        query: z.object({ format: z.enum(["html", "md", "json"]).optional() }),
      },
      responses: {
        "200": {
          description: "The report",
          content: {
            "application/json": { schema: RunRecord.meta({ id: "RunRecord" }) },
            "text/html": { schema: z.string() },
            "text/markdown": { schema: z.string() },
          },
        },
        "400": problemOf("format is not html, md or json"),
        "404": problemOf("No such report, or not yet"),
        ...guarded("report"),
      },
    },
  },
  "/health": {
    get: {
      summary: "Whether this service itself can work",
      security: [],
      responses: {
        "200": jsonOf(ServiceHealth, "It can"),
        "503": jsonOf(ServiceHealth, "It cannot; the checks say why"),
      },
    },
  },
};

let document: unknown;

/** GET /api/openapi.json: generated from the schemas that validate. */
export function showOpenApi(): HttpResponseInit {
  document ??= createDocument({
    openapi: "3.1.0",
    info: {
      title: "Disaster recovery of the Enterprise MCP Server",
      version: "0.1.0",
      description:
        "Starts recoveries, backups and restores, shows them, and hands out their evidence.",
    },
    servers: [{ url: "/api" }],
    paths: operations,
    components: {
      securitySchemes: {
        functionKey: { type: "apiKey", in: "header", name: "x-functions-key" },
        entra: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "A token of Entra: of a person or application with an app role, where the platform authenticates; of Azure Monitor's action groups, where the secure webhook is on",
        },
      },
    },
  });
  return json(200, document);
}
