import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import type { CertificateAuthority } from "./certificates.js";
import type { Gateway } from "./gateway.js";
import type { Service } from "./service.js";

/** Clients keep connections for a while; closing first would break a request that is on its way. */
const KEEP_ALIVE_MS = 120_000;

export interface Front {
  /** `http://127.0.0.1:port` for HTTPS_PROXY. */
  readonly proxy: string;
  /** `https://localhost:port`, where ARM answers without a proxy. */
  readonly direct: string;
  close(): Promise<void>;
}

/**
 * The way in: a CONNECT proxy that answers for Azure's host names itself, with certificates of its own authority,
 * and one direct HTTPS endpoint for clients that are told where ARM is.
 */
export async function startFront(
  gateway: Gateway,
  authority: CertificateAuthority,
  direct: Service,
): Promise<Front> {
  const sockets = new Set<Duplex>();
  const track = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };

  const own = await authority.issue(["localhost", "127.0.0.1"]);
  const tls = createTlsServer({
    ...own,
    SNICallback: (name, done) => {
      if (name === "localhost") {
        done(null, createSecureContext(own));
        return;
      }
      authority.contextFor(name.toLowerCase()).then(
        (context) => {
          done(null, context);
        },
        (error: unknown) => {
          done(error instanceof Error ? error : new Error(String(error)));
        },
      );
    },
  });
  tls.keepAliveTimeout = KEEP_ALIVE_MS;
  tls.requestTimeout = 0;
  tls.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const host = hostOf(incoming.headers.host ?? "");
    const service = isLoopback(host) ? direct : gateway.serviceFor(host);
    if (service === undefined) {
      outgoing.writeHead(421, { "content-type": "text/plain" });
      outgoing.end(`nothing simulated answers for the host ${host}\n`);
      return;
    }
    void gateway.handle(service, incoming, outgoing, "https");
  });
  tls.on("tlsClientError", (_error, socket) => socket.destroy());
  tls.on("connection", track);

  const proxy = createServer((incoming, outgoing) => {
    outgoing.writeHead(502, { "content-type": "text/plain" });
    outgoing.end(
      `the simulator proxies CONNECT (https) only, not ${incoming.method ?? ""} ${incoming.url ?? ""}\n`,
    );
  });
  proxy.on("connection", track);
  proxy.on("connect", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [host = "", port = "443"] = (incoming.url ?? "").split(":");
    if (port !== "443" || gateway.serviceFor(host) === undefined) {
      gateway.refusedConnection(host);
      refuseConnect(socket, host, port);
      return;
    }
    if (!gateway.resolves(host)) {
      gateway.refusedConnection(host);
      refuse(socket, `the name ${host} cannot be resolved\n`);
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    tls.emit("connection", socket);
  });

  return {
    proxy: `http://127.0.0.1:${await listen(proxy)}`,
    direct: `https://localhost:${await listen(tls)}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed(proxy), closed(tls)]);
    },
  };
}

function refuseConnect(socket: Duplex, host: string, port: string): void {
  const message = isLoopback(host)
    ? `${host}:${port} is this machine: put ${host} into NO_PROXY\n`
    : `nothing simulated has the name ${host}:${port}; the seed, and what was made since, decide which accounts and apps exist\n`;
  refuse(socket, message);
}

function refuse(socket: Duplex, message: string): void {
  socket.end(
    [
      "HTTP/1.1 502 Bad Gateway",
      "Content-Type: text/plain",
      `Content-Length: ${Buffer.byteLength(message)}`,
      "Connection: close",
      "",
      message,
    ].join("\r\n"),
  );
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "").toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1";
}

/** Starts listening on a port of loopback that the system chooses. */
export function listen(server: Server | TlsServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export function closed(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
