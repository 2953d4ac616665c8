import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { repository } from "../../local/stack/repository.js";
import { beforeSimulator } from "../../local/stack/simulator-process.js";

/** A process that answers JSON lines with JSON lines of the same id; it can be killed in the middle of one. */
export interface JsonLinesProcess {
  ask(question: object): Promise<Readonly<Record<string, unknown>>>;
  kill(): Promise<void>;
}

/** Starts a script of this folder on the clock of the simulator; it says `{"ready":true}` first. */
export async function startJsonLinesProcess(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<JsonLinesProcess> {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=UNDICI-EHPA",
      ...beforeSimulator,
      path.join(__dirname, script),
    ],
    {
      cwd: repository,
      env: { PATH: process.env["PATH"], ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  child.stdin.on("error", () => undefined);
  const waiting = new Map<
    number,
    {
      resolve: (answer: Readonly<Record<string, unknown>>) => void;
      reject: (error: Error) => void;
    }
  >();
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      for (const { reject } of waiting.values()) reject(new Error("the runner is gone"));
      resolve();
    }),
  );
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = JSON.parse(line) as { ready?: true; id?: number };
      if (said.ready === true) {
        resolve();
        return;
      }
      waiting.get(said.id ?? -1)?.resolve(said);
      waiting.delete(said.id ?? -1);
    });
  });
  let next = 0;
  return {
    ask: (question) => {
      const id = next++;
      const answered = new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
      child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
      return answered;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
