import { z } from "zod";

/*
 * What senders of Application Insights post: an envelope for each item, in the shapes of the published API description
 * (azure-rest-api-specs, applicationinsights/data-plane/Monitor.Exporters/preview/v2.1/swagger.json).
 */
const properties = z.record(z.string(), z.string()).default({});
const measurements = z.record(z.string(), z.number()).default({});
const ver = z.literal(2);
const span = /^(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$/;
const Duration = z.string().regex(span, "is no time span such as 00:00:01.250");

const Data = z.discriminatedUnion("baseType", [
  z.object({
    baseType: z.literal("RequestData"),
    baseData: z.object({
      ...{ ver, properties, measurements, duration: Duration },
      id: z.string().min(1).max(512),
      name: z.string().max(1024).default(""),
      success: z.boolean(),
      responseCode: z.string().max(1024),
      url: z.string().max(2048).default(""),
    }),
  }),
  z.object({
    baseType: z.literal("RemoteDependencyData"),
    baseData: z.object({
      ...{ ver, properties, measurements, duration: Duration },
      id: z.string().max(512).default(""),
      name: z.string().min(1).max(1024),
      success: z.boolean().default(true),
      resultCode: z.string().max(1024).default(""),
      type: z.string().max(1024).default(""),
      target: z.string().max(1024).default(""),
      data: z.string().max(8192).default(""),
    }),
  }),
  z.object({
    baseType: z.literal("MessageData"),
    baseData: z.object({
      ...{ ver, properties, measurements },
      message: z.string().min(1).max(32_768),
      severityLevel: z
        .enum(["Verbose", "Information", "Warning", "Error", "Critical"])
        .default("Verbose"),
    }),
  }),
  z.object({
    baseType: z.literal("MetricData"),
    baseData: z.object({
      ...{ ver, properties },
      metrics: z
        .array(
          z.object({
            name: z.string().min(1).max(1024),
            value: z.number(),
            count: z.int().optional(),
            min: z.number().optional(),
            max: z.number().optional(),
          }),
        )
        .length(1),
    }),
  }),
]);

const Envelope = z.object({
  ver: z.literal(1).default(1),
  name: z.string().min(1),
  time: z.iso.datetime(),
  sampleRate: z.number().default(100),
  iKey: z.guid(),
  tags: z.record(z.string(), z.string()).default({}),
  data: Data,
});
export type Envelope = z.infer<typeof Envelope>;

/** An item that was taken, and when. */
export interface ReceivedItem {
  readonly receivedAt: number;
  readonly envelope: Envelope;
}

/** An item, or what is wrong with it. */
export function parseEnvelope(
  value: unknown,
): { readonly envelope: Envelope } | { readonly message: string } {
  const parsed = Envelope.safeParse(value);
  if (parsed.success) return { envelope: parsed.data };
  const [issue] = parsed.error.issues;
  const where = (issue?.path ?? []).map(String).join(".");
  return { message: `Field '${where}' is not valid: ${issue?.message ?? ""}` };
}

/** The items of a body: a JSON array, or one document on each line. */
export function itemsOf(text: string): readonly unknown[] {
  if (text.trimStart().startsWith("[")) return JSON.parse(text) as unknown[];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): unknown => JSON.parse(line));
}
