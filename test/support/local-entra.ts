import { createSign, generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const tenant = "0c4f8f0a-9a5e-4c39-8d0a-1d2f3b4c5d6e";
export const audience = "api://5f1c6f0e-0a0b-4a38-8c8e-1f4d3c1f9e01";
export const actionGroups = "461e8683-5575-4561-ac7f-899cc907d62a";
export const role = "ActionGroupsSecureWebhook";

type Claims = Readonly<Record<string, unknown>>;

/** Where Entra publishes its keys, on loopback; with the keys, so that tokens are real ones. */
export class LocalEntra {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Answered to every request while it is set. */
  failing: number | "silence" | undefined;
  /** What the discovery document calls its issuer, if not by its true name. */
  issuerInDocument: string | undefined;
  readonly #server: Server;
  readonly #key = { kid: randomUUID(), ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? "";
      this.asked.push(path);
      if (this.failing === "silence") return;
      const documents: Readonly<Record<string, unknown>> = {
        [`/${tenant}/v2.0/.well-known/openid-configuration`]: {
          issuer: this.issuerInDocument ?? this.issuer,
          jwks_uri: `${this.authorityHost}/${tenant}/discovery/v2.0/keys`,
        },
        [`/${tenant}/discovery/v2.0/keys`]: {
          keys: [
            { ...this.#key.publicKey.export({ format: "jwk" }), kid: this.#key.kid, use: "sig" },
          ],
        },
      };
      const document = documents[path];
      response.statusCode = this.failing ?? (document === undefined ? 404 : 200);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(document ?? {}));
    });
  }

  static async start(): Promise<LocalEntra> {
    const entra = new LocalEntra();
    await new Promise<void>((resolve) => entra.#server.listen(0, "127.0.0.1", resolve));
    return entra;
  }

  get authorityHost(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The issuer of tokens of version 2. */
  get issuer(): string {
    return `${this.authorityHost}/${tenant}/v2.0`;
  }

  /** A token as Azure Monitor's action groups show it, with claims and header bent as asked for. */
  token(claims: Claims = {}, header: Claims = {}, key: KeyObject = this.#key.privateKey): string {
    const now = Math.floor(Date.now() / 1000);
    const signed = [
      { alg: "RS256", typ: "JWT", kid: this.#key.kid, ...header },
      {
        aud: audience,
        iss: `https://sts.windows.net/${tenant}/`,
        iat: now,
        nbf: now,
        exp: now + 3_600,
        appid: actionGroups,
        roles: [role],
        tid: tenant,
        ver: "1.0",
        ...claims,
      },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = createSign("RSA-SHA256").update(signed).sign(key).toString("base64url");
    return `${signed}.${signature}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
