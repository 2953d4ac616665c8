import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { entriesIn, textIn } from "../blobs/list-xml.js";
import { storageReachable } from "../blobs/reachable.js";
import { siteOf } from "../blobs/site.js";
import { AUDIENCE } from "../blobs/store.js";
import type { Identity, TokenAuthority } from "../identity/tokens.js";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Service } from "../server/service.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import type { Application } from "./dependencies.js";
import { MOST_LISTED, type RecordStore, StoreFailure } from "./record-store.js";

const FOLDER = "records/";
const USUAL_CONTAINER = "branding";

export interface BlobRecordOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  readonly blobs: Service;
}

interface File {
  readonly text: string;
  readonly type: string;
}

/** One request to the blob service, below the container. */
interface Asked {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly query?: string;
  readonly headers?: Request["headers"];
  readonly body?: string;
}

/**
 * Records as blobs `records/{id}`. The application is a client of the blob service like any other: with a token of its
 * own identity, so that roles, policies and whatever becomes of an account act on its records.
 */
export class BlobRecords implements RecordStore {
  readonly #options: BlobRecordOptions;

  constructor(options: BlobRecordOptions) {
    this.#options = options;
  }

  async write(application: Application, id: string, text: string): Promise<void> {
    await this.#ask(application, {
      method: "PUT",
      path: FOLDER + id,
      headers: { "x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": "text/plain" },
      body: text,
    });
  }

  async read(application: Application, id: string): Promise<string | undefined> {
    const { status, text } = await this.#ask(application, { method: "GET", path: FOLDER + id });
    return status === 404 ? undefined : text;
  }

  /** A file beside the records; undefined where there is none. */
  async file(application: Application, path: string): Promise<File | undefined> {
    const { status, text, type } = await this.#ask(application, { method: "GET", path });
    return status === 404 ? undefined : { text, type };
  }

  async list(application: Application): Promise<readonly string[]> {
    const ids: string[] = [];
    let marker = "";
    do {
      const page = new URLSearchParams({
        restype: "container",
        comp: "list",
        prefix: FOLDER,
        ...(marker !== "" && { marker }),
      });
      const { text } = await this.#ask(application, {
        method: "GET",
        path: "",
        query: page.toString(),
      });
      ids.push(...entriesIn(text).map(({ name }) => name.slice(FOLDER.length)));
      marker = textIn(text, "NextMarker");
    } while (marker !== "" && ids.length < MOST_LISTED);
    return ids.slice(0, MOST_LISTED);
  }

  /** Success, or a 404 of the blob itself; anything else is a failure of the store. */
  async #ask(
    application: Application,
    { method, path, query = "", headers, body = "" }: Asked,
  ): Promise<File & { readonly status: number }> {
    const { world, tokens, blobs } = this.#options;
    const container = this.#containerOf(application);
    const identity = identityOf(application, world);
    const at = world.timeOf("identity");
    const { token } = await tokens.issue(identity, AUDIENCE, world.tenantId(), at);
    const target = `${container.pathname}/${path}${query && `?${query}`}`.replace(/\/(\?|$)/, "$1");
    const { hostname, origin } = container;
    const request: Request = {
      id: guidFrom(application.id, target, at),
      method,
      host: hostname,
      origin,
      path: target.split("?", 1)[0] ?? "",
      target,
      query: new URLSearchParams(query),
      headers: {
        ...headers,
        host: hostname,
        authorization: `Bearer ${token}`,
        "x-ms-version": "2025-11-05",
        "content-length": String(Buffer.byteLength(body)),
      },
      stream: Readable.from(body === "" ? [] : [Buffer.from(body)]),
    };
    let answer: Answer;
    try {
      answer = await blobs.identify(request).carryOut({ befalls: () => undefined });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new StoreFailure(`${hostname} answers ${error.status} ${error.code}`);
    }
    const text = await textOf(answer);
    const { status } = answer;
    const code = String(answer.headers?.["x-ms-error-code"] ?? "");
    const type = answer.headers?.["content-type"] ?? "application/octet-stream";
    if (status < 300 || code === "BlobNotFound") return { status, text, type };
    throw new StoreFailure(`${hostname} answers ${status} ${code}`.trim());
  }

  /** The container of the URL, else the usual one, else, where there is none of that name, the first. */
  #containerOf({ env, principalId }: Application): URL {
    const { world } = this.#options;
    const given = env.get("STORAGE_ACCOUNT_URL");
    if (given === undefined) throw new StoreFailure("the app has no STORAGE_ACCOUNT_URL");
    if (!URL.canParse(given)) throw new StoreFailure(`the storage URL ${given} is not one`);
    const url = new URL(given);
    const names = [...(siteOf(url.hostname, world)?.account.containers.keys() ?? [])];
    const usual = names.includes(USUAL_CONTAINER) ? USUAL_CONTAINER : (names[0] ?? USUAL_CONTAINER);
    const named = url.pathname.split("/")[1] ?? "";
    const container = new URL(`/${named === "" ? usual : named}`, url);
    const result = storageReachable(world, container.toString(), principalId);
    if (!result.reachable) throw new StoreFailure(result.detail);
    return container;
  }
}

/** Whom the application's tokens name; an identity of the app's own is in no directory. */
function identityOf({ id, principalId = "" }: Application, { identities }: World): Identity {
  const known = identities.find((identity) => identity.principalId === principalId);
  return known ?? { clientId: principalId, principalId, resourceId: id };
}

async function textOf({ body = "" }: Answer): Promise<string> {
  return (body instanceof Readable ? await buffer(body) : Buffer.from(body)).toString("utf8");
}
