import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../log.js";
import { BodyTooLargeError, Exchange } from "./exchange.js";

/** An HTTP server on loopback. */
export interface Listener {
  readonly port: number;
  /** Takes no new connections; resolves when those in use have ended. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 lets the system choose. */
export async function listen(
  port: number,
  handler: (exchange: Exchange) => Promise<void>,
  log: Log,
): Promise<Listener> {
  const server = createServer((request, response) => {
    void answer(request, response, handler, log);
  });
  // A person may hold a long poll open, and a body of 100 MB takes its time.
  server.requestTimeout = 0;
  await bind(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handler: (exchange: Exchange) => Promise<void>,
  log: Log,
): Promise<void> {
  const exchange = new Exchange(request, response);
  try {
    await handler(exchange);
  } catch (error) {
    // The client went away in the middle of its request.
    if (request.destroyed && !request.complete) return;
    if (!(error instanceof BodyTooLargeError)) {
      log.error("Host.Http", (error as Error).stack ?? String(error));
    }
    exchange.empty(500, { Connection: "close" });
  }
}

async function bind(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new Error(
              `port ${port} is in use; choose another with --port, or 0 for any that is free`,
            )
          : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}
