import { z } from "zod";
import { printDuration, type Milliseconds } from "../src/domain/duration.js";
import { Estate } from "../src/domain/estate.js";

/* The page about every field of an estate file, made from the schema that reads it. */

export const referencePage = "docs/estate-reference.md";

type Json = z.core.JSONSchema.JSONSchema;

interface Field {
  /** As a person would look for it, such as `redis.recovery.first`. */
  readonly path: string;
  readonly json: Json;
  readonly isRequired: boolean;
  /** Of the objects that it consists of: their places, by kind where there are several. */
  readonly tables: readonly string[];
  readonly example?: unknown;
}

/** An object of the file, in every place where it has this shape. */
interface Section {
  readonly paths: readonly string[];
  readonly shape: Json;
  readonly fields: readonly Field[];
}

/** The schema as an operator writes it. Durations have their defaults in milliseconds. */
const written = (): Json =>
  z.toJSONSchema(Estate, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (jsonSchema.title === "duration" && def.type === "default") {
        jsonSchema.default = printDuration(def.defaultValue as Milliseconds);
      }
      // zod leaves these out where something is transformed.
      const examples: unknown = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });

const isSchema = (json: unknown): json is Json => typeof json === "object" && json !== null;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const kindOf = ({ properties }: Json): string => {
  const kind = (properties?.["kind"] as Json | undefined)?.const;
  return kind === undefined ? "" : ` (${String(kind)})`;
};

interface Inner {
  readonly step: string;
  readonly shape: Json;
  readonly values: readonly unknown[];
}

/** The objects in a field, what leads to them, and the sample's values of them. */
function innerOf(json: Json, values: readonly unknown[]): readonly Inner[] {
  const { properties, items, additionalProperties, oneOf, anyOf } = json;
  if (properties !== undefined) {
    const kind = (properties["kind"] as Json | undefined)?.const;
    const fitting = values.filter(
      (each) => isObject(each) && (kind === undefined || each["kind"] === kind),
    );
    return [{ step: "", shape: json, values: fitting }];
  }
  const below = (step: string, schema: Json, members: readonly unknown[]): readonly Inner[] =>
    innerOf(schema, members).map((inner) => ({ ...inner, step: `${step}${inner.step}` }));
  if (isSchema(items) && !Array.isArray(items)) return below("[]", items, values.flat());
  if (isSchema(additionalProperties)) {
    const members = values.filter(isObject).flatMap((each) => Object.values(each));
    return below(".<name>", additionalProperties, members);
  }
  return (oneOf ?? anyOf ?? []).flatMap((each) => (isSchema(each) ? below("", each, values) : []));
}

function sectionsBelow(path: string, shape: Json, values: readonly unknown[]): readonly Section[] {
  const inners: Section[] = [];
  const fields = Object.entries(shape.properties ?? {}).map(([name, json]): Field => {
    const at = path === "" ? name : `${path}.${name}`;
    const schema = json as Json;
    const mine = values.flatMap((each) => (isObject(each) && name in each ? [each[name]] : []));
    const tables = innerOf(schema, mine).map((inner) => {
      const place = `${at}${inner.step}${kindOf(inner.shape)}`;
      inners.push(...sectionsBelow(place, inner.shape, inner.values));
      return place;
    });
    const example = mine[0] ?? schema.examples?.[0];
    return {
      ...{ path: at, json: schema, isRequired: shape.required?.includes(name) ?? false },
      ...{ tables, ...(example !== undefined && { example }) },
    };
  });
  return [{ paths: [path], shape, fields }, ...inners];
}

/** Every object of the file with its fields; the sample shows what people write, that of production before others. */
export function sectionsOf(sample: object): readonly Section[] {
  const found = new Map<string, Section>();
  const { environments, ...more } = sample as { environments: object };
  const production = Object.fromEntries(Object.entries(environments).reverse());
  for (const section of sectionsBelow("", written(), [{ ...more, environments: production }])) {
    const { properties, required } = section.shape;
    const key = JSON.stringify({ properties, required });
    const same = found.get(key);
    if (same === undefined) found.set(key, section);
    else found.set(key, joined(same, section));
  }
  return [...found.values()];
}

/** Two places of one shape; what the sample does not show in one it may show in the other. */
const joined = (one: Section, other: Section): Section => ({
  ...one,
  paths: [...one.paths, ...other.paths],
  fields: one.fields.map((field, nth) => {
    const example = field.example ?? other.fields[nth]?.example;
    return example === undefined ? field : { ...field, example };
  }),
});

/** Without what leads to an environment, which most fields stand in; items of the checklist are alike. */
const shown = (path: string): string =>
  path.replace(/^environments\.<name>\./, "").replace(/^(checklist\.items)\.[a-z-]+/, "$1.<item>");

const headingOf = ({ paths: [path = ""] }: Section): string => {
  if (path === "") return "The file";
  return path === "environments.<name>" ? "An environment" : `\`${shown(path)}\``;
};

/** Where each object is described, as GitHub makes anchors of headings. */
function anchorsOf(sections: readonly Section[]): ReadonlyMap<string, string> {
  const used = new Map<string, number>();
  return new Map(
    sections.flatMap((section) => {
      const plain = headingOf(section)
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-");
      const before = used.get(plain) ?? 0;
      used.set(plain, before + 1);
      const anchor = before === 0 ? plain : `${plain}-${before}`;
      return section.paths.map((path) => [path, anchor] as const);
    }),
  );
}

function typeOf(json: Json): string {
  if (json.title !== undefined) return json.title;
  if (json.const !== undefined) return `\`${String(json.const)}\``;
  if (json.enum !== undefined) return json.enum.map((each) => `\`${String(each)}\``).join(", ");
  if (json.$ref !== undefined) return "JSON";
  const either = json.oneOf ?? json.anyOf;
  if (either !== undefined) {
    return [...new Set(either.map((each) => (isSchema(each) ? typeOf(each) : "anything")))].join(
      " or ",
    );
  }
  if (json.type === "array") {
    return `list of ${isSchema(json.items) ? typeOf(json.items) : "anything"}`;
  }
  if (json.type === "integer" || json.type === "number") return numberOf(json);
  if (json.type === "boolean") return "true or false";
  if (json.type === "object") return "object";
  if (Array.isArray(json.type)) return "text, number, true, false or null";
  const formats: Readonly<Record<string, string>> = {
    ...{ email: "e-mail address", uri: "address", "date-time": "instant in UTC", uuid: "GUID" },
  };
  return formats[json.format ?? ""] ?? "text";
}

function numberOf({ type, minimum, maximum }: Json): string {
  const kind = type === "integer" ? "whole number" : "number";
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum === undefined || most === undefined) return kind;
  return `${kind}, ${minimum} to ${most}`;
}

/** A value in a cell: ids without what all have, and nothing that makes the page wide. */
function inCell(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /\/subscriptions\/[^"]*\/providers\/[^"/]+\/([^"]+)/g,
    "…/$1",
  );
  const short = text.length > 72 ? `${text.slice(0, 70)} …` : text;
  return `\`${short.replaceAll("|", "\\|")}\``;
}

function rowOf(field: Field, anchors: ReadonlyMap<string, string>): readonly string[] {
  const { path, json, isRequired, tables, example } = field;
  const links = tables.map((table) => {
    const kind = /\(([a-z-]+)\)$/.exec(table)?.[1];
    return `[${kind ?? (table === path ? "object" : "objects")}](#${anchors.get(table) ?? ""})`;
  });
  const type = links.length === 0 ? typeOf(json) : links.join(", ");
  const fallback = isRequired ? "**required**" : defaultOf(field);
  return [
    `\`${path.replace(/^.*\./, "")}\``,
    type,
    fallback,
    (json.description ?? "").replaceAll("|", "\\|"),
    tables.length > 0 || example === undefined ? "" : inCell(example),
  ];
}

/** An object with a default takes those of its fields. */
function defaultOf({ json, tables }: Field): string {
  if (json.default === undefined) return "—";
  return tables.length > 0 && isObject(json.default) ? "its fields' own" : inCell(json.default);
}

/** Cells of one width, as the formatter has them. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const head = ["field", "type", "default", "meaning", "example"];
  const width = head.map((title, nth) =>
    Math.max(...[head, ...rows].map((row) => (row[nth] ?? title).length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, nth) => cell.padEnd(width[nth] ?? 0)).join(" | ")} |`;
  return [line(head), line(width.map((each) => "-".repeat(each))), ...rows.map(line)];
}

/** The page as a whole. */
export function referenceText(sample: object): string {
  const sections = sectionsOf(sample);
  const anchors = anchorsOf(sections);
  return `${[
    "# Every field of the estate file",
    "",
    "Written by `npm run estate-reference` from the schema that reads the file; do not edit it here. How to begin one:",
    "[describing an estate](describing-an-estate.md). A whole one: [config/estate.sample.json](../config/estate.sample.json).",
    "",
    "The file is JSON. Fields are written as in `redis.recovery.first`: below the environment, the member `redis`, in it `recovery`, in it `first`;",
    "`[]` is each member of a list, `<name>` each member of an object, and a word in brackets the kind that it is of. A field that is not known is refused.",
    "",
    "- **duration**: ISO 8601 in days, hours, minutes and seconds, such as `PT15M`, `PT1H30M` or `P90D`.",
    "- **id of a …**: the resource's id as the portal shows it under _Properties_:",
    "  `/subscriptions/<subscription>/resourceGroups/<group>/providers/<type>/<name>`. Examples below leave out what stands before the name.",
    "- **region**: as ARM writes it, such as `eastus`.",
    "- **name of an app setting**: a secret stays out of this file; it stands in that setting, whose name begins with `NOTIFICATION_`.",
    "",
    "What has a default may be left out. `—` means that it may be left out, and that there is none then.",
    "",
    ...sections.flatMap((section) => {
      const [, ...others] = new Set(section.paths.map((path) => `\`${shown(path)}\``));
      return [
        `## ${headingOf(section)}`,
        "",
        ...(others.length === 0 ? [] : [`The same holds for ${others.join(", ")}.`, ""]),
        ...table(section.fields.map((field) => rowOf(field, anchors))),
        "",
      ];
    }),
  ]
    .join("\n")
    .trimEnd()}\n`;
}
