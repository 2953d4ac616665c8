import type { IncomingMessage, ServerResponse } from "node:http";

/** The largest body that the real host takes. */
const BODY_LIMIT_BYTES = 100 * 1_024 * 1_024;

export class BodyTooLargeError extends Error {}

/** One request and the answer to it. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  /** As it came, with its escapes, without the question mark. */
  readonly queryText: string;
  readonly query: URLSearchParams;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.method = (request.method ?? "GET").toUpperCase();
    const target = request.url ?? "/";
    const mark = target.indexOf("?");
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.queryText = mark < 0 ? "" : target.slice(mark + 1);
    this.query = new URLSearchParams(this.queryText);
  }

  /** Scheme and host as the caller knows this server. */
  get origin(): string {
    return `http://${this.header("host") ?? "localhost"}`;
  }

  get url(): string {
    return `${this.origin}${this.request.url ?? "/"}`;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** The first query parameter of that name, whatever its case. */
  parameter(name: string): string | undefined {
    for (const [key, value] of this.query) {
      if (key.toLowerCase() === name.toLowerCase()) return value;
    }
    return undefined;
  }

  /** A switch is on or off only when it stands once and says so; all else counts as absent. */
  switch(name: string): boolean | undefined {
    const values = [...this.query]
      .filter(([key]) => key.toLowerCase() === name.toLowerCase())
      .map(([, value]) => value.toLowerCase());
    if (values.length !== 1) return undefined;
    return values[0] === "true" ? true : values[0] === "false" ? false : undefined;
  }

  async body(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      size += chunk.length;
      // What is too much is read nevertheless: a client that is cut off while it sends never sees an answer.
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
    }
    if (size > BODY_LIMIT_BYTES) throw new BodyTooLargeError();
    return Buffer.concat(chunks);
  }

  /** Answers without a body. */
  empty(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.send(status, headers, undefined);
  }

  json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.jsonText(status, JSON.stringify(value), headers);
  }

  jsonText(status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
    this.send(
      status,
      { "Content-Type": "application/json; charset=utf-8", ...headers },
      Buffer.from(text),
    );
  }

  send(
    status: number,
    headers: Readonly<Record<string, string | readonly string[]>>,
    body: Uint8Array | undefined,
  ): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // Node would write the real date; clients compare it with their own, shifted one.
    response.setHeader("Date", new Date().toUTCString());
    if (body !== undefined && body.length > 0) {
      response.setHeader("Content-Length", body.length);
      response.end(this.method === "HEAD" ? undefined : body);
      return;
    }
    if (status !== 204 && status !== 304) response.setHeader("Content-Length", 0);
    response.end();
  }
}
