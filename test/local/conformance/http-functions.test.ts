import { connect } from "node:net";
import { type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("requests", () => {
  it("arrive with method, address, parameters, headers and query", async () => {
    const target = "/api/inspect/a/b?x=1&x=2&Flag&s=a%20b";
    const response = await host.fetch(target, { headers: { "x-test": "yes" } });
    expect(await response.json()).toEqual({
      method: "GET",
      url: `${host.url}${target}`,
      params: { rest: "a/b" },
      query: [
        ["x", "1,2"],
        ["Flag", ""],
        ["s", "a b"],
      ],
      header: "yes",
      body: "",
    });
  });

  it.each([
    ["json", '{"a":1}'],
    ["text", "hällo"],
    ["bytes", Buffer.from([0, 255, 1])],
  ])("bring their body as it is: %s", async (_, body) => {
    const response = await host.fetch("/api/inspect", { method: "POST", body });
    const answer = (await response.json()) as { body: string };
    expect(answer.body).toBe(Buffer.from(body).toString("base64"));
  });

  it("find their function whatever the case of the path, with or without a slash at the end", async () => {
    expect((await host.fetch("/API/Returns/BODY")).status).toBe(500);
    expect((await host.fetch("/API/Returns/body/")).status).toBe(200);
    expect((await host.fetch("/api//returns/body")).status).toBe(404);
  });

  it.each([
    ["/api/typed/5", 200],
    ["/api/typed/5/true", 200],
    ["/api/typed/x", 404],
    ["/api/typed/99999999999", 404],
    ["/api/typed/5/maybe", 404],
    ["/api/nothing-here", 404],
  ])("of %s get %i", async (target, status) => {
    expect((await host.fetch(target)).status).toBe(status);
  });

  it("go to the function that is first in the alphabet, not to the most specific", async () => {
    expect(await (await host.fetch("/api/p/literal")).text()).toBe("param");
  });

  it("with a method that the function does not list get 404", async () => {
    for (const method of ["POST", "OPTIONS", "DELETE"]) {
      expect((await host.fetch("/api/returns/body", { method })).status).toBe(404);
    }
    expect((await host.fetch("/api/inspect", { method: "HEAD" })).status).toBe(200);
  });

  it("of more than 100 MB get 500", async () => {
    const body = Buffer.alloc(101 * 1_024 * 1_024);
    const response = await host.fetch("/api/inspect", { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([500, ""]);
  });

  it("that are no HTTP get 400", async () => {
    expect(await raw("GARBAGE\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw("GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("answers", () => {
  it.each([
    ["undefined", 204, null, ""],
    ["null", 204, null, ""],
    ["string", 500, null, ""],
    ["array", 200, null, ""],
    ["object", 200, null, ""],
    ["body", 200, "text/plain;charset=UTF-8", "hello ü"],
    ["json", 200, "application/json", '{"a":1}'],
    ["status", 404, "application/json", '{"no":1}'],
    ["statusText", 202, "text/plain;charset=UTF-8", "x"],
    ["badStatus", 500, null, ""],
    ["throw", 500, null, ""],
  ])("from %s become %i", async (what, status, type, body) => {
    const response = await host.fetch(`/api/returns/${what}`);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      status,
      type,
      body,
    ]);
  });

  it("keep bytes, redirects and cookies", async () => {
    const bytes = await host.fetch("/api/returns/bytes");
    expect(bytes.headers.get("content-type")).toBe("image/png");
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0, 1, 2, 255]);

    const redirect = await host.fetch("/api/returns/redirect");
    expect([redirect.status, redirect.headers.get("location")]).toEqual([
      302,
      "https://example.test/",
    ]);

    const cookies = await host.fetch("/api/returns/cookies");
    expect(cookies.headers.getSetCookie()).toEqual([
      "a=b%20c; max-age=60; path=/; secure; samesite=lax; httponly",
      "z=1; path=/",
    ]);
  });

  it("keep what a function threw in the log", () => {
    expect(host.log).toContain("secret text");
  });
});

describe("keys", () => {
  it("of the function, the host and the master open a function", async () => {
    for (const key of [host.functionKeys["withKey"] ?? "", host.masterKey]) {
      expect((await host.fetch(`/api/withKey?code=${key}`)).status).toBe(200);
      expect((await host.fetch(`/api/withKey?Code=${key}`)).status).toBe(200);
      const headers = { "x-functions-key": key };
      expect((await host.fetch("/api/withKey", { headers })).status).toBe(200);
    }
  });

  it("that are missing, wrong or another function's get 401, with nothing in it", async () => {
    for (const key of ["", "wrong", host.functionKeys["adminOnly"] ?? "", host.systemKey]) {
      const response = await host.fetch(`/api/withKey?code=${key}`);
      expect([response.status, await response.text()]).toEqual([401, ""]);
      expect(response.headers.get("www-authenticate")).toBeNull();
    }
  });

  it("other than the master do not open an admin function", async () => {
    const own = host.functionKeys["adminOnly"] ?? "";
    expect((await host.fetch(`/api/adminOnly?code=${own}`)).status).toBe(401);
    expect((await host.fetch(`/api/adminOnly?code=${host.masterKey}`)).status).toBe(200);
  });
});

describe("the host's own routes", () => {
  it("answer a ping without a key", async () => {
    const ping = await host.fetch("/admin/host/ping");
    expect([ping.status, await ping.text()]).toEqual([200, ""]);
  });

  it("show status and functions to the master only", async () => {
    expect((await host.fetch("/admin/host/status")).status).toBe(401);
    const functionKey = host.functionKeys["withKey"] ?? "";
    expect((await host.fetch(`/admin/host/status?code=${functionKey}`)).status).toBe(403);
    const status = await host.fetch(`/admin/host/status?code=${host.masterKey}`);
    expect(await status.json()).toMatchObject({ state: "Running" });

    const headers = { "x-functions-key": host.masterKey };
    const one = await host.fetch("/admin/functions/withKey", { headers });
    expect(await one.json()).toMatchObject({
      name: "withKey",
      language: "node",
      isDisabled: false,
      invoke_url_template: `${host.url}/api/withKey`,
    });
    expect((await host.fetch("/admin/functions/nope", { headers })).status).toBe(404);
    const keys = await host.fetch("/admin/functions/withKey/keys", { headers });
    expect(await keys.json()).toEqual({
      keys: [{ name: "default", value: host.functionKeys["withKey"] }],
    });
  });

  it("run a function on demand", async () => {
    const headers = { "x-functions-key": host.masterKey };
    const post = (name: string, body: string): Promise<Response> =>
      host.fetch(`/admin/functions/${name}`, { method: "POST", headers, body });

    expect((await post("echo", '{"input":"{\\"by\\":\\"hand\\"}"}')).status).toBe(202);
    expect((await post("echo", "{}")).status).toBe(202);
    expect((await post("echo", "{bad")).status).toBe(400);
    expect((await post("echo", "")).status).toBe(400);
    expect((await post("nope", "{}")).status).toBe(404);
    expect(await host.journal("echo")).toContainEqual(["echo", { by: "hand" }]);
  });

  it("show a page at the root", async () => {
    expect((await host.fetch("/")).status).toBe(200);
    expect((await host.fetch("/favicon.ico")).status).toBe(404);
  });
});

/** Sends text over a socket and gives back what came. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      resolve(answer);
    });
    socket.end(text);
  });
}
