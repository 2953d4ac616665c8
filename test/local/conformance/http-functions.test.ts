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

  it("that wait for leave to send their body get it", async () => {
    const head = "POST /api/inspect HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n";
    const answer = await raw(`${head}Content-Length: 2\r\nConnection: close\r\n\r\nhi`);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
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
    ["emptyJson", 200, null, ""],
    ["form", 200, "application/x-www-form-urlencoded;charset=UTF-8", "a=1&b=x+y"],
    ["response", 201, "text/plain;charset=UTF-8", "made by hand"],
    ["stream", 200, null, "in two pieces"],
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
      "a=b%20c; expires=Tue, 01 Jan 2030 00:00:00 GMT; max-age=60; domain=example.test; path=/; secure; samesite=lax; httponly",
      "z=1; path=/",
    ]);
    const several = await host.fetch("/api/returns/headers");
    expect(several.headers.get("x-multi")).toBe("1, 2");
  });

  it("keep what a function threw in the log", async () => {
    await host.fetch("/api/returns/throw");
    expect(host.log).toContain("secret text");
  });
});

describe("keys", () => {
  it("of the function, the host and the master open a function", async () => {
    const answer = await host.fetch(`/admin/host/keys?code=${host.masterKey}`);
    const { keys } = (await answer.json()) as { keys: { value: string }[] };
    const hostKey = keys[0]?.value ?? "";
    for (const key of [host.functionKeys["withKey"] ?? "", hostKey, host.masterKey]) {
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

  it("in a header count more than those in the query", async () => {
    const headers = { "x-functions-key": "wrong" };
    const target = `/api/withKey?code=${host.functionKeys["withKey"] ?? ""}`;
    expect((await host.fetch(target, { headers })).status).toBe(401);
  });

  it("other than the master do not open an admin function", async () => {
    const own = host.functionKeys["adminOnly"] ?? "";
    expect((await host.fetch(`/api/adminOnly?code=${own}`)).status).toBe(401);
    expect((await host.fetch(`/api/adminOnly?code=${host.masterKey}`)).status).toBe(200);
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
