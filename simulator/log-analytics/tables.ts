import { consoleBetween, requestsBetween } from "../application/activity.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { ContainerApp, ManagedEnvironment } from "../container-apps/state.js";
import { RECEIVED_COLUMNS, receivedRows } from "../ingestion/rows.js";
import { guidFrom } from "../world/names.js";
import { historyBetween } from "./request-history.js";
import type { Component } from "../world/world.js";
import type { Column, Row } from "./kql/expressions.js";
import type { Table } from "./kql/evaluate.js";
import type { KqlType, Scalar } from "./kql/syntax.js";
import { OPERATION_COLUMNS } from "./telemetry-columns.js";
import type { TimeSpan } from "./time-span.js";

/** An app, where it runs and where its code reports to. */
export interface Source {
  readonly app: ContainerApp;
  readonly environment: ManagedEnvironment;
  readonly component: Component | undefined;
}

type Values = Readonly<Record<string, Scalar>>;

interface Definition {
  /** Whose workspace holds the rows: that of the platform's logs or that of the application's telemetry. */
  readonly kept: "environment" | "component";
  readonly columns: Readonly<Record<string, KqlType>>;
  rows(source: Source, span: TimeSpan): Values[];
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  AppRequests: {
    kept: "component",
    columns: {
      TimeGenerated: "datetime",
      Id: "string",
      Name: "string",
      Url: "string",
      Success: "bool",
      ResultCode: "string",
      DurationMs: "real",
      ...OPERATION_COLUMNS,
      _ResourceId: "string",
      Type: "string",
    },
    rows: ({ app, environment, component }, { from, to }) =>
      requestsBetween(app, from, to).map(({ at, method, path, status, durationMs, backend }) => ({
        TimeGenerated: new Date(at),
        Name: `${method} ${path}`,
        Url: `https://${fqdnOf(app, environment.defaultDomain)}${path}`,
        Success: status < 400,
        ResultCode: String(status),
        DurationMs: durationMs,
        ItemCount: 1,
        OperationId: operationId(app, at),
        AppRoleName: app.name,
        AppRoleInstance: backend.replica,
        _ResourceId: component?.id.toLowerCase() ?? null,
        Type: "AppRequests",
      })),
  },
  AppExceptions: {
    kept: "component",
    columns: {
      TimeGenerated: "datetime",
      ProblemId: "string",
      ExceptionType: "string",
      OuterMessage: "string",
      SeverityLevel: "long",
      OperationId: "string",
      AppRoleName: "string",
      AppRoleInstance: "string",
      _ResourceId: "string",
      Type: "string",
    },
    rows: ({ app, component }, { from, to }) =>
      requestsBetween(app, from, to).flatMap(({ at, status, backend }) =>
        status !== 503 || backend.ailment === undefined
          ? []
          : [
              {
                TimeGenerated: new Date(at),
                ProblemId: `ServiceUnavailable at ${backend.ailment.check}`,
                ExceptionType: "ServiceUnavailable",
                OuterMessage: backend.ailment.detail,
                SeverityLevel: 3,
                OperationId: operationId(app, at),
                AppRoleName: app.name,
                AppRoleInstance: backend.replica,
                _ResourceId: component?.id.toLowerCase() ?? null,
                Type: "AppExceptions",
              },
            ],
      ),
  },
  AppEvents: {
    kept: "component",
    columns: {
      TimeGenerated: "datetime",
      Name: "string",
      Properties: "dynamic",
      Measurements: "dynamic",
      ItemCount: "long",
      OperationId: "string",
      AppRoleName: "string",
      AppRoleInstance: "string",
      _ResourceId: "string",
      Type: "string",
    },
    rows: ({ app, component }, { from, to }) =>
      app.telemetry
        .filter(({ at }) => at >= from && at <= to)
        .map(({ at, name, properties, measurements, replica }) => ({
          TimeGenerated: new Date(at),
          Name: name,
          Properties: JSON.stringify(properties),
          Measurements: JSON.stringify(measurements),
          ItemCount: 1,
          OperationId: operationId(app, at),
          AppRoleName: app.name,
          AppRoleInstance: replica,
          _ResourceId: component?.id.toLowerCase() ?? null,
          Type: "AppEvents",
        })),
  },
  ContainerAppConsoleLogs_CL: {
    kept: "environment",
    columns: {
      TimeGenerated: "datetime",
      ContainerAppName_s: "string",
      EnvironmentName_s: "string",
      RevisionName_s: "string",
      ContainerGroupName_s: "string",
      ContainerName_s: "string",
      Stream_s: "string",
      Log_s: "string",
      Type: "string",
    },
    rows: ({ app, environment }, { from, to }) =>
      consoleBetween(app, from, to).map(({ at, revision, replica, stream, text }) => ({
        TimeGenerated: new Date(at),
        ContainerAppName_s: app.name,
        EnvironmentName_s: environment.name,
        RevisionName_s: revision,
        ContainerGroupName_s: replica,
        ContainerName_s: app.envelope.properties.template?.containers[0]?.name ?? "",
        Stream_s: stream,
        Log_s: text,
        Type: "ContainerAppConsoleLogs_CL",
      })),
  },
  ContainerAppSystemLogs_CL: {
    kept: "environment",
    columns: {
      TimeGenerated: "datetime",
      ContainerAppName_s: "string",
      EnvironmentName_s: "string",
      RevisionName_s: "string",
      ReplicaName_s: "string",
      Reason_s: "string",
      Type_s: "string",
      Log_s: "string",
      Type: "string",
    },
    rows: ({ app, environment }, { from, to }) =>
      app.events
        .filter(({ at }) => at >= from && at <= to)
        .map(({ at, revision, replica, reason, type, message }) => ({
          TimeGenerated: new Date(at),
          ContainerAppName_s: app.name,
          EnvironmentName_s: environment.name,
          RevisionName_s: revision,
          ReplicaName_s: replica,
          Reason_s: reason,
          Type_s: type,
          Log_s: message,
          Type: "ContainerAppSystemLogs_CL",
        })),
  },
};

const received: Readonly<Record<string, Readonly<Record<string, KqlType>>>> = RECEIVED_COLUMNS;

/** A table of a workspace with its rows in a time span; undefined for a name that is no table. */
export function openTable(
  name: string,
  customerId: string,
  sources: readonly Source[],
  span: TimeSpan,
  components: readonly Component[] = [],
): Table | undefined {
  const definition = DEFINITIONS[name];
  const described = definition?.columns ?? received[name];
  if (described === undefined) return undefined;
  const columns: Column[] = Object.entries(described).map(([column, type]) => ({
    name: column,
    type,
  }));
  const rows: Row[] = [];
  const add = (values: Values) => rows.push(columns.map((column) => values[column.name] ?? null));
  if (definition !== undefined) {
    sources
      .filter(
        (source) => source[definition.kept]?.workspaceCustomerId?.toLowerCase() === customerId,
      )
      .flatMap((source) => definition.rows(source, span))
      .forEach(add);
  }
  for (const component of components) {
    const { id, requests, workspaceCustomerId } = component;
    if (workspaceCustomerId.toLowerCase() !== customerId) continue;
    if (name === "AppRequests" && requests !== undefined) {
      for (const values of historyBetween(requests, span, id)) add(values);
    }
    receivedRows(name, component, span).forEach(add);
  }
  return { columns, rows };
}

function operationId(app: ContainerApp, at: number): string {
  return guidFrom(app.id, "operation", at).replaceAll("-", "");
}
