import { startStack, type Stack } from "../../local/stack/stack.js";
import { LocalEntra, audience, tenant } from "../support/local-entra.js";
import { ended, freshAlert } from "../support/recovery-run.js";

describe("the secure webhook, with real tokens on a host", () => {
  let entra: LocalEntra;
  let stack: Stack;
  const log: string[] = [];

  beforeAll(async () => {
    entra = await LocalEntra.start();
    stack = await startStack({
      settings: {
        AUTHORITY_HOST: entra.authorityHost,
        ALERT_TOKEN_AUDIENCE: audience,
        ALERT_TOKEN_TENANT: tenant,
      },
      onLog: (_from, line) => log.push(line),
    });
  });
  afterAll(async () => {
    await stack.stop();
    await entra.stop();
  });

  /** As Azure Monitor posts: without a function key. */
  async function post(authorization?: string) {
    const answer = await fetch(`${stack.host().url}/api/alerts`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: JSON.stringify(await freshAlert(stack)),
    });
    const json = (await answer.json()) as { run?: string; detail?: string };
    return { status: answer.status, retryAfter: answer.headers.get("retry-after"), json };
  }

  it("asks for the alert again while Entra's keys cannot be had", async () => {
    entra.failing = 503;

    const answer = await post(`Bearer ${entra.token()}`);
    entra.failing = undefined;

    expect(answer).toMatchObject({ status: 503, retryAfter: "5" });
    expect(log.join("\n")).toContain("Entra's keys could not be had");
  });

  it("refuses alerts without the token of the action groups, and says why in the log alone", async () => {
    const nobody = await post();
    const expired = await post(
      `Bearer ${entra.token({ exp: Math.floor(Date.now() / 1000) - 600 })}`,
    );
    const other = await post(`Bearer ${entra.token({ appid: tenant })}`);
    const roleless = await post(`Bearer ${entra.token({ roles: [] })}`);

    expect([nobody, expired, other, roleless].map(({ status }) => status)).toEqual([
      401, 401, 403, 403,
    ]);
    for (const reason of ["no bearer token", '"exp"', `application ${tenant}`, "not the role"]) {
      expect(log.join("\n")).toContain(reason);
    }
    const { url, masterKey } = stack.host();
    const instances = await fetch(`${url}/runtime/webhooks/durabletask/instances`, {
      headers: { "x-functions-key": masterKey },
    });
    expect(await instances.json()).toEqual([]);
  });

  it("starts a run for Azure Monitor's action groups, and the record says so", async () => {
    const { status, json } = await post(`Bearer ${entra.token()}`);

    const record = await ended(stack, json.run ?? "");

    expect(status).toBe(202);
    expect(record.audit).toMatchObject([
      { who: { name: "Azure Monitor's action groups", source: "entra" }, result: "accepted" },
    ]);
    expect(log.join("\n")).not.toMatch(/eyJ[\w-]{10,}\.[\w-]{10,}/);
  });
});
