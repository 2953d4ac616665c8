import { z } from "zod";
import { checklistItems, probedItems, type ProbedItem } from "./checklist.js";
import { Duration, minutes, seconds } from "./duration.js";

/*
 * How an item of the checklist is probed, as the estate says it. In paths, addresses, headers, bodies
 * and queries these stand for what is known at the time: {run} and {component} for ids, {since} for
 * the instant of the restoration, {call} for something that no other call has.
 */

const header = z.union(
  [
    z.strictObject({
      secret: z
        .string()
        .min(1)
        .describe(
          "The name of a secret in the vault that the app uses; its value goes nowhere but into the request.",
        ),
    }),
    z.strictObject({ value: z.string().max(1_000).describe("The text itself.") }),
  ],
  { error: 'write {"secret": "its name in the vault"} or {"value": "the text"}' },
);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const pattern = z.string().refine(isPattern, { error: "must be a regular expression" });

/** What an answer has to be like. */
const Expected = z
  .strictObject({
    status: z
      .int()
      .min(100)
      .max(599)
      .default(200)
      .describe("The status that the answer has to have."),
    jsonPath: z
      .string()
      .startsWith("$", { error: "write a JSON path such as $.status" })
      .optional()
      .describe("RFC 9535; the first value that it finds is looked at."),
    equals: scalar.optional().meta({ description: "What stands at the path.", examples: ["ok"] }),
    matches: pattern.optional().describe("Of the value at the path, or of the whole body."),
    within: Duration.refine((within) => within <= seconds(20), {
      error: "write 20 seconds or less, such as PT5S",
    })
      .default(seconds(5))
      .describe("How long the answer may take."),
  })
  .refine(({ equals, jsonPath }) => equals === undefined || jsonPath !== undefined, {
    path: ["equals"],
    error: "is compared with the value at a path; name it as jsonPath",
  });

const HttpProbe = z
  .strictObject({
    kind: z.literal("http").describe("A request."),
    path: z
      .string()
      .startsWith("/", { error: "write a path such as /chat" })
      .optional()
      .describe("At the app that users are led to, by its own address."),
    url: z
      .url({ protocol: /^https$/, error: "write an address such as https://mcp.example.com/chat" })
      .optional()
      .meta({
        description: "Anywhere else, such as at the users' own domain.",
        examples: ["https://mcp.example.com/health"],
      }),
    method: z.enum(["GET", "HEAD", "POST", "PUT"]).default("GET").describe("The request's method."),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), header)
      .default({})
      .describe("By name: each a text or the name of a secret."),
    body: z
      .union([z.string(), z.record(z.string(), z.json())])
      .optional()
      .describe("A text, or what is sent as JSON."),
    expect: Expected.prefault({}).describe("What the answer has to be like."),
    repeat: z
      .strictObject({
        requests: z.int().min(2).max(100).describe("How many at once."),
        refusedWith: z
          .int()
          .min(400)
          .max(599)
          .default(429)
          .describe("The status of those that are refused."),
      })
      .optional()
      .describe(
        "For limits: that many requests at once, of which some have to be refused and some not.",
      ),
  })
  .refine(({ path, url }) => (path === undefined) !== (url === undefined), {
    error: "names no place or two; write path for the app's own address, or url for another one",
  });
export type HttpProbe = z.infer<typeof HttpProbe>;

const Bound = z
  .strictObject({
    column: z
      .string()
      .min(1)
      .optional()
      .describe("Of the answer's first row; without it the rows are counted."),
    atLeast: z
      .number()
      .optional()
      .describe(
        "Looked for again until the deadline: what is logged can be queried minutes later.",
      ),
    atMost: z.number().optional().describe("No more than that."),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    error: "asks for nothing; write atLeast, atMost or both",
  });
export type Bound = z.infer<typeof Bound>;

const LogQuery = z
  .strictObject({
    kind: z.literal("log-query").describe("A query of Log Analytics."),
    query: z.string().min(1).describe("In KQL."),
    workspace: z
      .guid({ error: "write a GUID such as 0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c11" })
      .optional()
      .meta({
        description: "A workspace's customer id; by default the environment's.",
        examples: ["5a1e0000-0000-4000-8000-000000000009"],
      }),
    window: Duration.default(minutes(30)).describe("How far back it looks."),
    expect: z
      .array(Bound)
      .min(1, { error: "name at least one bound" })
      .describe(
        "What the answer has to hold. One bound must ask for something that is there, or silence would pass.",
      ),
  })
  .refine(({ expect }) => expect.some(({ atLeast = 0 }) => atLeast > 0), {
    path: ["expect"],
    error:
      "holds also where nothing was logged, so it proves nothing; add a bound with atLeast of 1 or more",
  });
export type LogQuery = z.infer<typeof LogQuery>;

export const ChecklistProbe = z.discriminatedUnion("kind", [HttpProbe, LogQuery]);
export type ChecklistProbe = z.infer<typeof ChecklistProbe>;

const probes = z.array(ChecklistProbe).min(1, { error: "name a probe, or leave the item out" });

/** The checklist of an environment. An item that is not named here is not checked, and said to be so. */
export const Checklist = z.strictObject({
  deadline: Duration.refine((deadline) => deadline >= seconds(10) && deadline <= minutes(60), {
    error: "write 10 seconds to an hour, such as PT5M",
  })
    .default(minutes(5))
    .describe(
      "After that the run ends, whatever has not answered. Telemetry needs minutes to be ingested.",
    ),
  items: z
    .strictObject(
      Object.fromEntries(
        probedItems.map((item) => [
          item,
          probes.max(5).optional().describe(`${checklistItems[item].title}: how it is probed.`),
        ]),
      ) as Record<ProbedItem, z.ZodOptional<typeof probes>>,
    )
    .prefault({})
    .describe(
      "The probes of each item, up to five. An item that is not named is not checked, and said to be so.",
    ),
});
export type Checklist = z.infer<typeof Checklist>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== "";
  } catch {
    return false;
  }
}
