import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttps, type Server } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { z } from "zod";
import { createCertificateAuthority } from "../../simulator/server/certificates.js";
import { Channel } from "../../src/domain/channel.js";
import { Failure } from "../../src/domain/failure.js";
import { linkedTo, type Notice } from "../../src/domain/notice.js";
import { startJsonLinesProcess, type JsonLinesProcess } from "../support/json-lines-process.js";
import { startedNotice } from "../support/notices.js";

/*
 * Real servers on loopback that speak the receivers' protocols over TLS, with certificates of an
 * authority that these tests make this process trust.
 */

const notice = linkedTo(startedNotice(), "https://dr.example/api/recoveries/x");
let runner: JsonLinesProcess;
let certificate: { readonly cert: string; readonly key: string };
let folder: string;

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  certificate = await authority.issue(["localhost", "127.0.0.1"]);
  folder = await mkdtemp(path.join(tmpdir(), "channels-"));
  const trusted = path.join(folder, "authority.pem");
  await writeFile(trusted, authority.pem);
  runner = await startJsonLinesProcess("channel-runner.cjs", { NODE_EXTRA_CA_CERTS: trusted });
});
afterAll(async () => {
  await runner.kill();
  await rm(folder, { recursive: true, force: true });
});

type Secrets = Readonly<Record<string, string>>;
const failed = z.object({ failure: Failure });

/** Tells people as a service with these app settings would. */
const channelsWith = (secrets: Secrets, timeLimit = 2_000) => {
  const ask = (channel: Channel, told: Notice) =>
    runner.ask({ channel, notice: told, secrets, timeLimit });
  return {
    send: async (channel: Channel, told: Notice): Promise<string> => {
      const said = await ask(channel, told);
      if (typeof said["answer"] === "string") return said["answer"];
      throw new Error(JSON.stringify(said));
    },
    failure: async (channel: Channel, told: Notice): Promise<Failure> =>
      failed.parse(await ask(channel, told)).failure,
  };
};

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: unknown;
}

/** An HTTPS server that keeps what it is asked and answers what it is told to. */
async function withHttps<T>(
  answer: (asked: Asked) => { status: number; headers?: Record<string, string>; json?: unknown },
  use: (url: string, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  const server: Server = createHttps(certificate, (request, response) => {
    void text(request).then((body) => {
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        json: body === "" ? undefined : (JSON.parse(body) as unknown),
      };
      asked.push(one);
      const { status, headers = {}, json } = answer(one);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(json === undefined ? "" : JSON.stringify(json));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await use(`https://localhost:${port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a channel of Teams", () => {
  const channel = Channel.parse({ kind: "teams", name: "teams" });

  it("gets an Adaptive Card with the lines, and a button for the link", async () => {
    await withHttps(
      () => ({ status: 202 }),
      async (url, asked) => {
        const channels = channelsWith({
          NOTIFICATION_TEAMS_ADDRESS: `${url}/workflows/1?sig=secret`,
        });

        expect(await channels.send(channel, notice)).toBe("HTTP 202");

        expect(asked[0]?.path).toBe("/workflows/1?sig=secret");
        const [attachment] = (asked[0]?.json as { attachments: Attachment[] }).attachments;
        expect(attachment?.contentType).toBe("application/vnd.microsoft.card.adaptive");
        const { body, actions, type } = attachment!.content;
        expect(type).toBe("AdaptiveCard");
        expect(body.every((block) => block.type === "TextBlock" && block.wrap)).toBe(true);
        expect(body[0]?.text).toBe(
          String.raw`\[production\] Container app failure: recovery started`,
        );
        expect(body).toHaveLength(notice.lines.length + 1);
        expect(actions).toEqual([
          { type: "Action.OpenUrl", title: "Look", url: "https://dr.example/api/recoveries/x" },
        ]);
      },
    );
  });

  interface Attachment {
    readonly contentType: string;
    readonly content: {
      readonly type: string;
      readonly body: readonly { type: string; wrap: boolean; text: string }[];
      readonly actions: readonly object[];
    };
  }

  it.each([
    [{}, "terminal", "NOTIFICATION_TEAMS_ADDRESS is not set"],
    [{ NOTIFICATION_TEAMS_ADDRESS: "see the wiki" }, "terminal", "holds no address"],
    [
      { NOTIFICATION_TEAMS_ADDRESS: "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/s)" },
      "transient",
      "does not resolve",
    ],
  ])("cannot be reached with the settings %j", async (secrets, of, why) => {
    const failure = await channelsWith(secrets).failure(channel, notice);

    expect(failure.class).toBe(of);
    expect(failure.message).toContain(why);
  });

  it("keeps its address out of what a failure says", async () => {
    await withHttps(
      () => ({ status: 404 }),
      async (url) => {
        const address = `${url}/workflows/1?sig=secret`;
        const channels = channelsWith({ NOTIFICATION_TEAMS_ADDRESS: address });

        const failure = await channels.failure(channel, notice);

        expect(failure).toMatchObject({ class: "terminal", code: "http-404" });
        expect(JSON.stringify(failure)).not.toContain("secret");
      },
    );
  });
});

describe("a webhook of Slack", () => {
  it("gets blocks in which nothing of a notice is markup", async () => {
    const channel = Channel.parse({ kind: "slack", name: "slack" });
    const tricky = { ...notice, lines: ["<!channel> & *all*", ...notice.lines.slice(1)] };
    await withHttps(
      () => ({ status: 200 }),
      async (url, asked) => {
        await channelsWith({ NOTIFICATION_SLACK_ADDRESS: url }).send(channel, tricky);

        const { text: short, blocks } = asked[0]?.json as {
          text: string;
          blocks: readonly { type: string; text?: { type: string; text: string } }[];
        };
        expect(short).toBe(notice.subject);
        expect(blocks.map(({ type }) => type)).toEqual(["header", "section", "section", "context"]);
        expect(blocks[1]?.text).toMatchObject({ type: "plain_text" });
        expect(blocks[1]?.text?.text).toContain("<!channel> & *all*");
        expect(blocks[2]?.text?.text).toBe("<https://dr.example/api/recoveries/x|Look>");
      },
    );
  });
});

describe("PagerDuty", () => {
  const event = (url: string) => Channel.parse({ kind: "pagerduty", name: "pager", url });

  it("has one incident for a run, which the end of it resolves when the app serves again", async () => {
    await withHttps(
      () => ({ status: 202 }),
      async (url, asked) => {
        const channels = channelsWith({ NOTIFICATION_PAGERDUTY_KEY: "routing-key" });
        const send = (more: object) => channels.send(event(url), { ...notice, ...more });
        await send({});
        await send({ kind: "operator-needed" });
        await send({ kind: "ended", outcome: "needs-operator" });
        await send({ kind: "ended", outcome: "failed-over" });

        const events = asked.map(({ json }) => json as Event);
        expect(new Set(events.map(({ dedup_key: key }) => key))).toEqual(new Set([notice.run]));
        expect(events.map((each) => [each.event_action, each.payload.severity])).toEqual([
          ["trigger", "warning"],
          ["trigger", "critical"],
          ["trigger", "critical"],
          ["resolve", "info"],
        ]);
        expect(events[0]?.routing_key).toBe("routing-key");
      },
    );
  });

  interface Event {
    readonly routing_key: string;
    readonly event_action: string;
    readonly dedup_key: string;
    readonly payload: { readonly severity: string };
  }
});

describe("mail by SMTP", () => {
  /** A mail server; `tell` is asked what it says to a mail, in place of taking it. */
  async function withSmtp<T>(
    options: SMTPServerOptions,
    use: (port: number, mails: readonly ParsedMail[]) => Promise<T>,
    tell: () => Error | undefined = () => undefined,
  ): Promise<T> {
    const mails: ParsedMail[] = [];
    const server = new SMTPServer({
      ...certificate,
      onAuth: ({ username, password }, _session, done) => {
        const known = username === "mcp-dr" && password === "pass word";
        done(known ? null : new Error("no such user"), known ? { user: "mcp-dr" } : undefined);
      },
      onData: (stream, _session, done) => {
        void simpleParser(stream).then((mail) => {
          mails.push(mail);
          done(tell());
        });
      },
      ...options,
    });
    server.on("error", () => undefined);
    const listening = server.listen(0, "127.0.0.1");
    await once(listening, "listening");
    try {
      return await use((listening.address() as AddressInfo).port, mails);
    } finally {
      await new Promise<void>((resolve) => {
        server.close(resolve);
      });
    }
  }
  const mailTo = (port: number, more: object = {}) =>
    Channel.parse({
      kind: "smtp",
      name: "mail",
      host: "localhost",
      port,
      sender: "dr@example.com",
      user: "mcp-dr",
      ...more,
    });
  const channels = channelsWith({ NOTIFICATION_SMTP_PASSWORD: "pass word" });

  it.each([
    ["starttls", {}],
    ["implicit", { secure: true }],
  ])(
    "goes over TLS (%s) to the people it is for, in the run's thread",
    async (tlsMode, options) => {
      await withSmtp(options, async (port, mails) => {
        const said = await channels.send(mailTo(port, { tls: tlsMode }), notice);

        expect(said).toMatch(/^250/);
        const [mail] = mails;
        expect(mail?.subject).toBe(notice.subject);
        expect(mail?.from?.value[0]?.address).toBe("dr@example.com");
        expect([mail?.to].flat().flatMap((to) => to?.value ?? [])).toEqual([
          { address: notice.to[0]?.email, name: notice.to[0]?.name },
        ]);
        for (const line of notice.lines) expect(mail?.text).toContain(line);
        expect(mail?.messageId).toBe(`<${notice.id}@example.com>`);
        expect(mail?.inReplyTo).toBe(`<${notice.run ?? ""}.thread@example.com>`);
      });
    },
  );

  it("is not sent where the server offers no TLS", async () => {
    await withSmtp({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] }, async (port, mails) => {
      const failure = await channels.failure(mailTo(port), notice);

      expect(failure.class).toBe("terminal");
      expect(mails).toEqual([]);
    });
  });

  it.each([
    ["a mailbox that does not exist", 550, "terminal"],
    ["a server that is too busy", 451, "transient"],
  ])("tells %s from what heals", async (_what, responseCode, of) => {
    const refusal = Object.assign(new Error("no"), { responseCode });
    await withSmtp(
      {},
      async (port) => {
        const failure = await channels.failure(mailTo(port), notice);

        expect(failure).toMatchObject({ class: of, code: `smtp-${responseCode}` });
      },
      () => refusal,
    );
  });

  it("gives up at once on a password that is wrong, and does not tell it", async () => {
    await withSmtp({}, async (port) => {
      const wrong = channelsWith({ NOTIFICATION_SMTP_PASSWORD: "not the one" });

      const failure = await wrong.failure(mailTo(port), notice);

      expect(failure).toMatchObject({ class: "terminal", code: "smtp-535" });
      expect(JSON.stringify(failure)).not.toContain("not the one");
    });
  });

  it("is tried again later where the server says nothing", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const impatient = channelsWith({ NOTIFICATION_SMTP_PASSWORD: "x" }, 200);

    const failure = await impatient.failure(mailTo(port), notice);
    silent.close();

    expect(failure).toMatchObject({ class: "transient", code: "ETIMEDOUT" });
  });
});

describe("mail by Azure Communication Services", () => {
  const mailBy = (endpoint: string) =>
    Channel.parse({ kind: "azure-email", name: "mail", endpoint, sender: "dr@example.com" });
  /** The service: it takes a mail with 202, and has sent it when it is asked once more. */
  const service = (last: string) => {
    let looks = 0;
    return ({ method, headers }: Asked) => {
      const id = "operation-1";
      if (method === "POST") {
        const location = `https://${String(headers["host"])}/emails/operations/${id}?api-version=2023-03-31`;
        return {
          status: 202,
          headers: { "operation-location": location, "retry-after": "0" },
          json: { id, status: "Running" },
        };
      }
      looks += 1;
      return { status: 200, json: { id, status: looks < 2 ? "Running" : last } };
    };
  };

  it("is sent with the service's own identity, once however often it is repeated", async () => {
    await withHttps(service("Succeeded"), async (url, asked) => {
      const channels = channelsWith({});

      expect(await channels.send(mailBy(url), notice)).toBe("sent");
      await channels.send(mailBy(url), notice);

      const posts = asked.filter(({ method }) => method === "POST");
      expect(posts[0]?.headers["authorization"]).toBe("Bearer token-of-the-identity");
      expect(posts[0]?.json).toMatchObject({
        senderAddress: "dr@example.com",
        content: { subject: notice.subject },
        recipients: { to: [{ address: notice.to[0]?.email }] },
      });
      const ids = posts.map(({ headers }) => headers["operation-id"]);
      expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(ids[1]).toBe(ids[0]);
    });
  });

  it("has failed where the service says that it did not send it", async () => {
    await withHttps(service("Failed"), async (url) => {
      const failure = await channelsWith({}).failure(mailBy(url), notice);

      expect(failure.class).toBe("terminal");
    });
  });
});
