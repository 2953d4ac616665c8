import {
  type Reply,
  type SimulatorProcess,
  startSimulatorProcess,
} from "../../simulator/simulator-process.js";
import { type HostProcess, startHostProcess } from "../support/host-process.js";

const DAY = 86_400_000;
/** Last-Modified has whole seconds, and the processes of this test take their time. */
const TOLERANCE = 20_000;

let azure: SimulatorProcess;
let host: HostProcess;

beforeAll(async () => {
  azure = await startSimulatorProcess();
  host = await startHostProcess({ clock: "skip", environment: azure.env });
  expect((await blobs("PUT", "dated?restype=container")).status).toBe(201);
});

afterAll(async () => {
  await host.dispose();
  await azure.stop();
});

describe("Azurite on a clock that a run of the host has skipped", () => {
  it("dates blobs as host and simulator do", async () => {
    await blobs("PUT", "dated/before", { "x-ms-blob-type": "BlockBlob" });

    await host.run("timer", 3 * DAY);
    await blobs("PUT", "dated/after", { "x-ms-blob-type": "BlockBlob" });

    const [before, after] = [await modified("before"), await modified("after")];
    expect(after - before).toBeGreaterThanOrEqual(3 * DAY - 1_000);
    expect(after - Date.now()).toBeGreaterThan(3 * DAY - TOLERANCE);
    expect(Math.abs(after - (await host.now()))).toBeLessThan(TOLERANCE);
    const { now } = (await azure.steer("GET", "/clock")).json<{ now: string }>();
    expect(Math.abs(after - Date.parse(now))).toBeLessThan(TOLERANCE);
  });

  it("lets a lease run out by it, and not before", async () => {
    const take = { "x-ms-lease-action": "acquire", "x-ms-lease-duration": "60" };
    await blobs("PUT", "dated/leased", { "x-ms-blob-type": "BlockBlob" });
    expect((await blobs("PUT", "dated/leased?comp=lease", take)).status).toBe(201);
    expect((await blobs("PUT", "dated/leased?comp=lease", take)).status).toBe(409);

    await host.run("timer", 61_000);

    expect((await blobs("PUT", "dated/leased?comp=lease", take)).status).toBe(201);
  });

  it("takes conditions on times for what they say", async () => {
    await blobs("PUT", "dated/conditional", { "x-ms-blob-type": "BlockBlob" });
    const since = new Date((await modified("conditional")) + 1_000).toUTCString();
    const later = { "x-ms-blob-type": "BlockBlob", "if-unmodified-since": since };

    await host.run("timer", DAY);
    expect((await blobs("PUT", "dated/conditional", later)).status).toBe(201);
    expect((await blobs("PUT", "dated/conditional", later)).status).toBe(412);
  });
});

async function modified(name: string): Promise<number> {
  const { headers } = await blobs("HEAD", `dated/${name}`);
  return Date.parse(headers["last-modified"] ?? "");
}

/** A call of the Blob service with a token, as the SDK makes it. */
async function blobs(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  // A token ends by the same clock.
  const token = await azure.tokenFor("https://storage.azure.com/");
  return azure.call(method, `https://mcpdrstate.blob.core.windows.net/${target}`, {
    token,
    headers: { "x-ms-version": "2025-05-05", ...headers },
  });
}
