import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import path from "node:path";
import { createInterface } from "node:readline";
import { actionGroups, audience, LocalEntra, role, tenant } from "../support/local-entra.js";

const identifier = "5f1c6f0e-0a0b-4a38-8c8e-1f4d3c1f9e01";
const now = (): number => Math.floor(Date.now() / 1000);

let entra: LocalEntra;
let verifier: Verifier;

async function start(): Promise<void> {
  entra = await LocalEntra.start();
  verifier = startVerifier(entra);
}

async function stop(): Promise<void> {
  await verifier.stop();
  await entra.stop();
}

describe("a token of Azure Monitor's action groups", () => {
  beforeAll(start);
  afterAll(stop);

  it("is accepted in both of Entra's versions", async () => {
    const second = entra.token({
      iss: entra.issuer,
      aud: identifier,
      appid: undefined,
      azp: actionGroups.toUpperCase(),
      ver: "2.0",
    });

    expect(await verifier.verify(`Bearer ${entra.token()}`)).toEqual({
      kind: "accepted",
      application: actionGroups,
    });
    expect(await verifier.verify(`bearer ${second}`)).toMatchObject({ kind: "accepted" });
  });

  it.each([
    ["no header", () => null, "no bearer token"],
    ["another scheme", () => `Basic ${entra.token()}`, "no bearer token"],
    ["what is no token", () => "Bearer x.y.z", "Header is invalid"],
    ["a cut token", () => `Bearer ${entra.token().slice(0, -20)}`, "signature"],
    [
      "the key of somebody else under Entra's key id",
      () => `Bearer ${entra.token({}, {}, foreignKey)}`,
      "signature",
    ],
    [
      "a key that Entra does not know",
      () => `Bearer ${entra.token({}, { kid: "mine" })}`,
      "no applicable key",
    ],
    [
      "an algorithm that was not agreed on",
      () => `Bearer ${entra.token({}, { alg: "HS256" })}`,
      '"alg"',
    ],
    ["no algorithm", () => unsigned(), '"alg"'],
    ["an expired time", () => `Bearer ${entra.token({ exp: now() - 120 })}`, '"exp"'],
    ["no end", () => `Bearer ${entra.token({ exp: undefined })}`, '"exp"'],
    ["a time to come", () => `Bearer ${entra.token({ nbf: now() + 120 })}`, '"nbf"'],
    [
      "another audience",
      () => `Bearer ${entra.token({ aud: "https://management.azure.com" })}`,
      "https://management.azure.com",
    ],
    [
      "another tenant",
      () => `Bearer ${entra.token({ iss: "https://sts.windows.net/1/" })}`,
      "https://sts.windows.net/1/",
    ],
    ["no issuer", () => `Bearer ${entra.token({ iss: undefined })}`, '"iss"'],
  ])("is not accepted with %s", async (_what, header, reason) => {
    const verdict = await verifier.verify(header());

    expect(verdict).toMatchObject({ kind: "unauthenticated" });
    expect(verdict.reason).toContain(reason);
  });

  it.each([
    ["another application", { appid: identifier }, `not the application ${actionGroups}`],
    ["no application", { appid: undefined }, `not the application ${actionGroups}`],
    [
      "an application of version 1 behind that of version 2",
      { azp: identifier },
      "not the application",
    ],
    ["no role", { roles: undefined }, `not the role ${role}`],
    ["another role", { roles: ["operator"] }, `not the role ${role}`],
    ["a role that only contains it", { roles: `${role}s` }, `not the role ${role}`],
  ])("does not open the door with %s", async (_what, claims, reason) => {
    const verdict = await verifier.verify(`Bearer ${entra.token(claims)}`);

    expect(verdict).toMatchObject({ kind: "forbidden" });
    expect(verdict.reason).toContain(reason);
  });

  it("may come from a clock that is a little off", async () => {
    const early = entra.token({ nbf: now() + 30 });
    const late = entra.token({ exp: now() - 30 });

    expect(await verifier.verify(`Bearer ${early}`)).toMatchObject({ kind: "accepted" });
    expect(await verifier.verify(`Bearer ${late}`)).toMatchObject({ kind: "accepted" });
  });
});

describe("Entra's keys", () => {
  beforeEach(start);
  afterEach(stop);

  it("are fetched once for many tokens, and not for what is no token", async () => {
    await verifier.verify(null);
    await verifier.verify("Bearer x.y.z");
    await verifier.verify(unsigned());
    expect(entra.asked).toEqual([]);

    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(`Bearer ${entra.token()}`)));

    expect(entra.asked).toHaveLength(2);
  });

  it.each([503, 404, 302, "silence"] as const)(
    "leave a token undecided while they are answered with %s, and are asked for again",
    async (failing) => {
      entra.failing = failing;

      const verdict = await verifier.verify(`Bearer ${entra.token()}`);
      entra.failing = undefined;

      expect(verdict.kind).toBe("undecided");
      expect(verdict.reason).toContain("Entra's keys could not be had");
      expect(await verifier.verify(`Bearer ${entra.token()}`)).toMatchObject({ kind: "accepted" });
    },
  );

  it("are not taken from a document of another issuer", async () => {
    entra.issuerInDocument = "https://login.example.com/v2.0";

    expect(await verifier.verify(`Bearer ${entra.token()}`)).toMatchObject({ kind: "undecided" });
    expect(entra.asked).toHaveLength(1);
  });

  it("stay good for a while when Entra is away", async () => {
    await verifier.verify(`Bearer ${entra.token()}`);
    entra.failing = 503;

    expect(await verifier.verify(`Bearer ${entra.token()}`)).toMatchObject({ kind: "accepted" });
  });
});

const foreignKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** Claims that anybody can write: the algorithm says that nothing is signed. */
function unsigned(): string {
  const [, claims = ""] = entra.token().split(".");
  return `Bearer ${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`;
}

interface Verdict {
  readonly kind: string;
  readonly reason?: string;
}

interface Verifier {
  verify(authorization: string | null): Promise<Verdict>;
  stop(): Promise<void>;
}

function startVerifier({ authorityHost }: LocalEntra): Verifier {
  const settings = {
    authorityHost: `${authorityHost}/`,
    tenant,
    audiences: [audience, identifier],
    application: actionGroups,
    role,
  };
  const program = path.join(__dirname, "../support/token-verifier.cjs");
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify([settings, 500])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, (verdict: Verdict) => void>();
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const { id, verdict } = JSON.parse(line) as { id: number; verdict: Verdict };
    waiting.get(id)?.(verdict);
  });
  let next = 0;
  return {
    verify: (authorization) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        child.stdin?.write(`${JSON.stringify({ id, authorization })}\n`);
      }),
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => {
          resolve();
        });
        child.kill();
      }),
  };
}
