import type { KqlType, Scalar } from "../log-analytics/kql/syntax.js";
import { OPERATION_COLUMNS } from "../log-analytics/telemetry-columns.js";
import type { TimeSpan } from "../log-analytics/time-span.js";
import type { Component } from "../world/world.js";
import type { Envelope, ReceivedItem } from "./envelope.js";

type Values = Readonly<Record<string, Scalar>>;
type Of<Type extends Envelope["data"]["baseType"]> = Extract<Envelope["data"], { baseType: Type }>;

/** The tables that hold what was sent, and no app's own rows beside it. */
export const RECEIVED_COLUMNS = {
  AppDependencies: {
    TimeGenerated: "datetime",
    Id: "string",
    Name: "string",
    DependencyType: "string",
    Target: "string",
    Data: "string",
    Success: "bool",
    ResultCode: "string",
    DurationMs: "real",
    ...OPERATION_COLUMNS,
    SDKVersion: "string",
    _ResourceId: "string",
    Type: "string",
  },
  AppTraces: {
    TimeGenerated: "datetime",
    Message: "string",
    SeverityLevel: "long",
    ...OPERATION_COLUMNS,
    SDKVersion: "string",
    _ResourceId: "string",
    Type: "string",
  },
  AppMetrics: {
    TimeGenerated: "datetime",
    Name: "string",
    Sum: "real",
    ItemCount: "long",
    Min: "real",
    Max: "real",
    Properties: "dynamic",
    AppRoleName: "string",
    AppRoleInstance: "string",
    SDKVersion: "string",
    _ResourceId: "string",
    Type: "string",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, KqlType>>>>;

const SEVERITIES = ["Verbose", "Information", "Warning", "Error", "Critical"];

/** The rows of a table that a component was sent: of a time span, and ingested by its end. */
export function receivedRows(table: string, component: Component, span: TimeSpan): Values[] {
  return component.received.flatMap((item) => {
    const at = Date.parse(item.envelope.time);
    if (at < span.from || at > span.to || item.receivedAt > span.to) return [];
    const values = rowOf(table, item);
    if (values === undefined) return [];
    const { tags } = item.envelope;
    return [
      {
        TimeGenerated: new Date(at),
        ItemCount: 1,
        OperationId: tags["ai.operation.id"] ?? "",
        OperationName: tags["ai.operation.name"] ?? "",
        ParentId: tags["ai.operation.parentId"] ?? "",
        AppRoleName: tags["ai.cloud.role"] ?? "",
        AppRoleInstance: tags["ai.cloud.roleInstance"] ?? "",
        SDKVersion: tags["ai.internal.sdkVersion"] ?? "",
        _ResourceId: component.id.toLowerCase(),
        Type: table,
        ...values,
      },
    ];
  });
}

function rowOf(table: string, { envelope: { data } }: ReceivedItem): Values | undefined {
  if (data.baseType === "RequestData") return table === "AppRequests" ? request(data) : undefined;
  if (data.baseType === "MessageData") return table === "AppTraces" ? trace(data) : undefined;
  if (data.baseType === "MetricData") return table === "AppMetrics" ? metric(data) : undefined;
  return table === "AppDependencies" ? dependency(data) : undefined;
}

const request = ({ baseData }: Of<"RequestData">): Values => ({
  Id: baseData.id,
  Name: baseData.name,
  Url: baseData.url,
  Success: baseData.success,
  ResultCode: baseData.responseCode,
  DurationMs: millisecondsOf(baseData.duration),
  Properties: JSON.stringify(baseData.properties),
});

const dependency = ({ baseData }: Of<"RemoteDependencyData">): Values => ({
  Id: baseData.id,
  Name: baseData.name,
  DependencyType: baseData.type,
  Target: baseData.target,
  Data: baseData.data,
  Success: baseData.success,
  ResultCode: baseData.resultCode,
  DurationMs: millisecondsOf(baseData.duration),
  Properties: JSON.stringify(baseData.properties),
});

const trace = ({ baseData }: Of<"MessageData">): Values => ({
  Message: baseData.message,
  SeverityLevel: SEVERITIES.indexOf(baseData.severityLevel),
  Properties: JSON.stringify(baseData.properties),
});

function metric({ baseData: { metrics, properties } }: Of<"MetricData">): Values {
  const [{ name, value, count = 1, min = value, max = value } = { name: "", value: 0 }] = metrics;
  return {
    Name: name,
    Sum: value,
    ItemCount: count,
    Min: min,
    Max: max,
    Properties: JSON.stringify(properties),
  };
}

/** Of `[d.]hh:mm:ss[.fffffff]`. */
function millisecondsOf(duration: string): number {
  const [, days = "0", hours, minutes, seconds] =
    /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(duration) ?? [];
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60;
  return (whole + Number(seconds)) * 1000;
}
