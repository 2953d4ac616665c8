import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { compiled, repository } from "../../../local/stack/repository.js";

/** Starts `npm start` without npm and waits for the addresses it prints. */
async function serve(): Promise<{ app: string; simulator: string; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [compiled("local/serve.js"), "--port", "0"], {
    cwd: repository,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  const addresses: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stderr })) {
    const said = /^(The app|The simulator):\s+(\S+)/.exec(line);
    if (said !== null) addresses[said[1] ?? ""] = said[2] ?? "";
    if (line.startsWith("Stop with")) break;
  }
  return {
    app: `${addresses["The app"] ?? ""}/health`,
    simulator: `${addresses["The simulator"] ?? ""}/clock`,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

it("leaves no process behind, even when it is killed", async () => {
  const served = await serve();
  expect(await answers(served.app)).toBe(true);
  expect(await answers(served.simulator)).toBe(true);

  await served.kill();

  const deadline = performance.now() + 15_000;
  const someoneAnswers = async () =>
    (await Promise.all([answers(served.app), answers(served.simulator)])).includes(true);
  while ((await someoneAnswers()) && performance.now() < deadline);
  expect(await someoneAnswers()).toBe(false);
});
