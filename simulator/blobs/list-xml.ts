import { decodeXML, escapeUTF8 } from "entities";

/*
 * Listings as Azurite writes them: without white space between elements, names and values escaped. Nothing but names
 * is taken out of them, so they are cut, not parsed.
 */

/** One entry of a listing with its own text. */
export interface Entry {
  readonly kind: "blob" | "prefix" | "container";
  readonly name: string;
  readonly text: string;
}

const ENTRY = /<(Blob|BlobPrefix|Container)><Name>([^<]*)<\/Name>.*?<\/\1>/gs;
const KINDS = { Blob: "blob", BlobPrefix: "prefix", Container: "container" } as const;

export function entriesIn(xml: string): Entry[] {
  return [...xml.matchAll(ENTRY)].map(([text, kind, name = ""]) => ({
    kind: KINDS[kind as keyof typeof KINDS],
    name: decodeXML(name),
    text,
  }));
}

/** The listing with other entries. */
export function withEntries(xml: string, entries: readonly { readonly text: string }[]): string {
  const list = entries.map(({ text }) => text).join("");
  return xml
    .replace(/<(Blobs|Containers)\/>/, "<$1></$1>")
    .replace(/<(Blobs|Containers)>.*<\/\1>/s, (_all, name: string) => `<${name}>${list}</${name}>`);
}

/** The text of an element that occurs once, or nothing. */
export function textIn(xml: string, name: string): string {
  return decodeXML(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "");
}

export function prefixEntry(name: string): Entry {
  const text = `<BlobPrefix><Name>${escapeUTF8(name)}</Name></BlobPrefix>`;
  return { kind: "prefix", name, text };
}

/** What a listing tells of a blob, from the headers that the blob itself is answered with. */
export function blobEntry(
  name: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  include: readonly string[],
): Entry {
  const of = (header: string): string => String(headers[header] ?? "");
  const properties = [
    ["Creation-Time", of("x-ms-creation-time")],
    ["Last-Modified", of("last-modified")],
    ["Etag", of("etag").replaceAll('"', "")],
    ["Content-Length", of("content-length")],
    ["Content-Type", of("content-type")],
    ["Content-Encoding", of("content-encoding")],
    ["Content-Language", of("content-language")],
    ["Content-MD5", of("x-ms-blob-content-md5") || of("content-md5")],
    ["BlobType", of("x-ms-blob-type")],
    ["LeaseStatus", "unlocked"],
    ["LeaseState", "available"],
    ["ServerEncrypted", "true"],
    ["AccessTier", of("x-ms-access-tier") || "Hot"],
  ];
  const metadata = Object.entries(headers).filter(([key]) => key.startsWith("x-ms-meta-"));
  const text = [
    `<Blob><Name>${escapeUTF8(name)}</Name><Properties>`,
    ...properties.map(([key = "", value = ""]) => (value === "" ? "" : element(key, value))),
    "</Properties>",
    ...(include.includes("metadata") && metadata.length > 0
      ? [
          "<Metadata>",
          ...metadata.map(([key, value]) => element(key.slice("x-ms-meta-".length), String(value))),
          "</Metadata>",
        ]
      : []),
    "</Blob>",
  ].join("");
  return { kind: "blob", name, text };
}

function element(name: string, value: string): string {
  return `<${name}>${escapeUTF8(value)}</${name}>`;
}
