import { z } from "zod";
import { probedItems, type ProbedItem } from "./checklist.js";
import { Duration, minutes, seconds } from "./duration.js";

/*
 * How an item of the checklist is probed, as the estate says it. In paths, addresses, headers, bodies
 * and queries these stand for what is known at the time: {run} and {component} for ids, {since} for
 * the instant of the restoration, {call} for something that no other call has.
 */

const header = z.union(
  [z.strictObject({ secret: z.string().min(1) }), z.strictObject({ value: z.string().max(1_000) })],
  { error: 'write {"secret": "its name in the vault"} or {"value": "the text"}' },
);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const pattern = z.string().refine(isPattern, { error: "must be a regular expression" });

/** What an answer has to be like. */
const Expected = z
  .strictObject({
    status: z.int().min(100).max(599).default(200),
    /** RFC 9535; the first value that it finds is looked at. */
    jsonPath: z
      .string()
      .startsWith("$", { error: "write a JSON path such as $.status" })
      .optional(),
    equals: scalar.optional(),
    /** Of the value at the path, or of the whole body. */
    matches: pattern.optional(),
    /** How long the answer may take. */
    within: Duration.refine((within) => within <= seconds(20), {
      error: "write 20 seconds or less, such as PT5S",
    }).default(seconds(5)),
  })
  .refine(({ equals, jsonPath }) => equals === undefined || jsonPath !== undefined, {
    path: ["equals"],
    error: "is compared with the value at a path; name it as jsonPath",
  });

const HttpProbe = z
  .strictObject({
    kind: z.literal("http"),
    /** At the app that users are led to, by its own address. */
    path: z.string().startsWith("/", { error: "write a path such as /chat" }).optional(),
    /** Anywhere else, such as at the users' own domain. */
    url: z
      .url({ protocol: /^https$/, error: "write an address such as https://mcp.example.com/chat" })
      .optional(),
    method: z.enum(["GET", "HEAD", "POST", "PUT"]).default("GET"),
    /** Secrets are read from the vault that the app uses; they go nowhere but into the request. */
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), header).default({}),
    /** A text, or what is sent as JSON. */
    body: z.union([z.string(), z.record(z.string(), z.json())]).optional(),
    expect: Expected.prefault({}),
    /** For limits: that many requests at once, of which some have to be refused and some not. */
    repeat: z
      .strictObject({
        requests: z.int().min(2).max(100),
        refusedWith: z.int().min(400).max(599).default(429),
      })
      .optional(),
  })
  .refine(({ path, url }) => (path === undefined) !== (url === undefined), {
    error: "names no place or two; write path for the app's own address, or url for another one",
  });
export type HttpProbe = z.infer<typeof HttpProbe>;

const Bound = z
  .strictObject({
    /** Of the answer's first row; without it the rows are counted. */
    column: z.string().min(1).optional(),
    /** Looked for again until the deadline: what is logged can be queried minutes later. */
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    error: "asks for nothing; write atLeast, atMost or both",
  });
export type Bound = z.infer<typeof Bound>;

const LogQuery = z
  .strictObject({
    kind: z.literal("log-query"),
    query: z.string().min(1),
    /** A workspace's customer id; by default the environment's. */
    workspace: z
      .guid({ error: "write a GUID such as 0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c11" })
      .optional(),
    /** How far back it looks. */
    window: Duration.default(minutes(30)),
    expect: z.array(Bound).min(1, { error: "name at least one bound" }),
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
  /** After that the run ends, whatever has not answered. Telemetry needs minutes to be ingested. */
  deadline: Duration.refine((deadline) => deadline >= seconds(10) && deadline <= minutes(60), {
    error: "write 10 seconds to an hour, such as PT5M",
  }).default(minutes(5)),
  items: z
    .strictObject(
      Object.fromEntries(probedItems.map((item) => [item, probes.max(5).optional()])) as Record<
        ProbedItem,
        z.ZodOptional<typeof probes>
      >,
    )
    .prefault({}),
});
export type Checklist = z.infer<typeof Checklist>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== "";
  } catch {
    return false;
  }
}
