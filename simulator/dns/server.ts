import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from "dns-packet";
import { log } from "../server/log.js";
import { type Answerer, RCODES, refused, type Reply } from "./reply.js";

export interface DnsServer {
  /** `127.0.0.1:port`, for UDP and TCP alike. */
  readonly address: string;
  close(): Promise<void>;
}

export interface DnsServerOptions {
  readonly answer: Answerer;
  /** Whether it offers to look up what it does not know. */
  readonly recursive: boolean;
}

const UDP_PAYLOAD = 1232;
const OPCODE_MASK = 0x7800;
const ATTEMPTS = 20;

/** A name server on loopback that speaks real DNS over UDP and TCP at one port. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = await bindUdp();
    const { port } = udp.address();
    const sockets = new Set<Socket>();
    const tcp = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      serveStream(socket, options);
    });
    if (!(await listensAt(tcp, port))) {
      // Somebody else has the port for TCP.
      await closeUdp(udp);
      if (attempt < ATTEMPTS) continue;
      throw new Error("no port of loopback is free for UDP and TCP alike");
    }
    udp.on("message", (message, { port: from, address }) => {
      const reply = respond(message, options);
      if (reply) udp.send(encode(reply), from, address);
    });
    return {
      address: `127.0.0.1:${port}`,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await Promise.all([
          closeUdp(udp),
          new Promise<void>((resolve) => {
            tcp.close(() => {
              resolve();
            });
          }),
        ]);
      },
    };
  }
}

/** Over TCP each message comes after its length in two bytes. */
function serveStream(socket: Socket, options: DnsServerOptions): void {
  let pending = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = respond(pending.subarray(2, end), options);
      pending = pending.subarray(end);
      if (reply === undefined) continue;
      const message = encode(reply);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    }
  });
}

function respond(message: Buffer, options: DnsServerOptions): Packet | undefined {
  let query: ReturnType<typeof decode>;
  try {
    query = decode(message);
  } catch {
    return undefined; // Not DNS at all.
  }
  const [question] = query.questions ?? [];
  if (query.flag_qr || question === undefined) return undefined;
  try {
    const isQuery = ((query.flags ?? 0) & OPCODE_MASK) === 0;
    const reply = isQuery ? options.answer(question) : refused("NOTIMP");
    return reply && packetOf(query, reply, options);
  } catch (error) {
    log(`cannot answer the DNS question ${question.type} ${question.name}: ${String(error)}`);
    return packetOf(query, refused("SERVFAIL"), options);
  }
}

function packetOf(
  query: ReturnType<typeof decode>,
  reply: Reply,
  { recursive }: DnsServerOptions,
): Packet {
  const asksForOptions = (query.additionals ?? []).some(({ type }) => type === "OPT");
  return {
    type: "response",
    ...(query.id !== undefined && { id: query.id }),
    flags:
      RCODES[reply.rcode] |
      (reply.authoritative ? AUTHORITATIVE_ANSWER : 0) |
      (query.flag_rd ? RECURSION_DESIRED : 0) |
      (recursive ? RECURSION_AVAILABLE : 0),
    // As it came: some clients vary the case of names and compare.
    ...(query.questions && { questions: query.questions }),
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: asksForOptions
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: UDP_PAYLOAD,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  };
}

function bindUdp(): Promise<UdpSocket> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, "127.0.0.1", () => {
      socket.removeListener("error", reject);
      socket.on("error", (error) => {
        log(`a DNS socket failed: ${String(error)}`);
      });
      resolve(socket);
    });
  });
}

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => {
      resolve();
    });
  });
}

function listensAt(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port === port);
    });
  });
}
