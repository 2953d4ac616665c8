import { readFileSync } from "node:fs";
import path from "node:path";
import { createServer, type AddressInfo } from "node:net";
import { NoticeReceiver, type Reaction } from "../../local/stack/notice-receiver.js";
import { jsonPost } from "../../src/azure/json-post.js";
import { sendSigned } from "../../src/azure/webhook-channel.js";
import { milliseconds, seconds } from "../../src/domain/duration.js";
import { ClassifiedError, type Failure } from "../../src/domain/failure.js";

const message = { id: "run.started", body: '{"subject":"Über Ümläute"}' };

describe("webhook channel", () => {
  let receiver: NoticeReceiver;

  beforeAll(async () => {
    receiver = await NoticeReceiver.start();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.react = () => ({ status: 204 });
  });
  afterAll(() => receiver.stop());

  const send = (key = receiver.key, url = `${receiver.url}/x`, timeLimit = seconds(5)) =>
    sendSigned(jsonPost(timeLimit), key, url, message);
  async function failureOf(sending: Promise<string>): Promise<Failure> {
    const error: unknown = await sending.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof ClassifiedError) return error.failure;
    throw new Error("it was to fail with a class", { cause: error });
  }
  async function failsOn(reaction: Reaction): Promise<Failure> {
    receiver.react = () => reaction;
    return failureOf(send(receiver.key, undefined, milliseconds(300)));
  }

  it("posts the body with its id and a signature that the receiver can verify", async () => {
    expect(await send()).toBe("HTTP 204");

    expect(receiver.received).toMatchObject([{ path: "/x", genuine: true, ...message }]);
  });

  it("is refused by whoever has another key", async () => {
    const failure = await failureOf(send("another key, of more than 32 characters"));

    expect(failure).toMatchObject({ class: "terminal", code: "http-401" });
    expect(receiver.received[0]?.genuine).toBe(false);
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])("tries again after %d", async (status) => {
    expect(await failsOn({ status })).toMatchObject({
      class: "transient",
      code: `http-${status}`,
    });
  });

  it.each([400, 401, 403, 404, 409, 410, 422])("gives up after %d", async (status) => {
    expect(await failsOn({ status })).toMatchObject({ class: "terminal", code: `http-${status}` });
  });

  it("waits as long as it is asked to, in seconds or until a date", async () => {
    const asked = (value: string) => failsOn({ status: 503, headers: { "retry-after": value } });

    expect((await asked("17")).retryAfter).toBe(seconds(17));
    const until = await asked(new Date(Date.now() + 60_000).toUTCString());
    expect(until.retryAfter).toBeGreaterThan(seconds(57));
    expect(until.retryAfter).toBeLessThanOrEqual(seconds(60));
    expect((await asked("soon")).retryAfter).toBeUndefined();
    expect((await asked("0")).retryAfter).toBeUndefined();
  });

  it("follows no redirect to an address that nobody named", async () => {
    const failure = await failsOn({ status: 307, headers: { location: `${receiver.url}/other` } });

    expect(failure).toMatchObject({ class: "terminal", code: "http-307" });
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    ["silence", "time-limit"],
    ["cut", "UND_ERR_SOCKET"],
  ] as const)("takes %s for an answer that got lost", async (reaction, code) => {
    expect(await failsOn(reaction)).toMatchObject({ class: "transient", code });
    expect(receiver.received).toHaveLength(1);
  });

  it("has few notices under way to a receiver that hangs, and any to another", async () => {
    receiver.react = ({ path }) => (path === "/dead" ? "silence" : { status: 204 });
    const post = jsonPost(milliseconds(300));
    const sendTo = (place: string) =>
      sendSigned(post, receiver.key, `${receiver.url}${place}`, message);

    const hanging = [failureOf(sendTo("/dead")), failureOf(sendTo("/dead"))];
    const third = await failureOf(sendTo("/dead"));
    const elsewhere = await sendTo("/well");
    for (const failure of await Promise.all(hanging)) expect(failure.code).toBe("time-limit");
    const later = await failureOf(sendTo("/dead"));

    expect(third).toMatchObject({ class: "busy", code: "sends-under-way", retryAfter: 2_000 });
    expect(elsewhere).toBe("HTTP 204");
    expect(later.code).toBe("time-limit");
  });

  it("tries again where nobody listens", async () => {
    const deaf = createServer();
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { port } = deaf.address() as AddressInfo;
    await new Promise((resolve) => deaf.close(resolve));

    const failure = await failureOf(send(receiver.key, `http://127.0.0.1:${port}/`));

    expect(failure).toMatchObject({ class: "transient", code: "ECONNREFUSED" });
  });

  it("sends nothing that anybody could have signed", async () => {
    const failure = await failureOf(send("short"));

    expect(failure).toMatchObject({ class: "terminal", code: "no-signing-key" });
    expect(failure.message).toContain("is shorter than 32 characters");
    expect(receiver.received).toEqual([]);
  });
});

describe("the page about notifications", () => {
  const page = readFileSync(path.join(__dirname, "../../docs/notifications.md"), "utf8");
  const example = /```js\n([\s\S]+?)```/.exec(page)?.[1] ?? "";
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page's own code is tested.
  const isGenuine = (new Function("require", `${example}; return isGenuine;`) as Example)(require);
  let receiver: NoticeReceiver;

  beforeAll(async () => {
    receiver = await NoticeReceiver.start();
    await sendSigned(jsonPost(seconds(5)), receiver.key, receiver.url, message);
  });
  afterAll(() => receiver.stop());
  afterEach(() => jest.useRealTimers());

  it("verifies what is sent, and nothing else", () => {
    const { headers, body } = receiver.received[0]!;
    const { key } = receiver;
    const younger = { ...headers, "x-timestamp": String(Number(headers["x-timestamp"]) + 1) };

    expect(isGenuine(headers, body, key)).toBe(true);
    expect(isGenuine(headers, `${body} `, key)).toBe(false);
    expect(isGenuine(headers, body, `${key}0`)).toBe(false);
    expect(isGenuine(younger, body, key)).toBe(false);
    expect(isGenuine({}, body, key)).toBe(false);
  });

  it("refuses what is old, though it was signed well", () => {
    const { headers, body } = receiver.received[0]!;

    jest.useFakeTimers({ now: Date.now() + 301_000 });

    expect(isGenuine(headers, body, receiver.key)).toBe(false);
  });
});

type Example = (
  load: typeof require,
) => (headers: Readonly<Record<string, string>>, body: string, key: string) => boolean;
