import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";

const KeyFile = z.object({
  master: z.string().min(1),
  /** The key of the durable extension: opens the management API and nothing else. */
  system: z.string().min(1),
  host: z.record(z.string(), z.string().min(1)),
  functions: z.record(z.string(), z.record(z.string(), z.string().min(1))),
});
type KeyFile = z.infer<typeof KeyFile>;

/** What a key is good for. */
export type KeyLevel =
  | { readonly kind: "master" | "system" | "host" | "none" }
  | { readonly kind: "function"; readonly functionName: string };

/** The host's keys: made once, kept in a file, the same after every start. */
export class KeyRing {
  readonly #file: string;
  #keys: KeyFile;

  constructor(file: string) {
    this.#file = file;
    this.#keys = read(file) ?? {
      master: newKey(),
      system: newKey(),
      host: { default: newKey() },
      functions: {},
    };
    this.#save();
  }

  get master(): string {
    return this.#keys.master;
  }

  get system(): string {
    return this.#keys.system;
  }

  /** Each HTTP function has a key of its own, named "default". */
  ensureFunctionKeys(names: readonly string[]): void {
    const functions = { ...this.#keys.functions };
    for (const name of names) functions[name] ??= { default: newKey() };
    this.#keys = { ...this.#keys, functions };
    this.#save();
  }

  /** Each of them opens every function that is not for admins alone. */
  get hostKeys(): Readonly<Record<string, string>> {
    return this.#keys.host;
  }

  functionKeys(name: string): Readonly<Record<string, string>> {
    return this.#keys.functions[name] ?? {};
  }

  levelOf(key: string | undefined): KeyLevel {
    if (key === undefined || key === "") return { kind: "none" };
    if (key === this.#keys.master) return { kind: "master" };
    if (key === this.#keys.system) return { kind: "system" };
    if (Object.values(this.#keys.host).includes(key)) return { kind: "host" };
    for (const [functionName, keys] of Object.entries(this.#keys.functions)) {
      if (Object.values(keys).includes(key)) return { kind: "function", functionName };
    }
    return { kind: "none" };
  }

  #save(): void {
    const draft = `${this.#file}.new`;
    writeFileSync(draft, `${JSON.stringify(this.#keys, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(draft, this.#file);
  }
}

function read(file: string): KeyFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return KeyFile.parse(JSON.parse(text));
  } catch {
    throw new Error(
      `${file} holds no keys; it must be {"master", "system", "host": {NAME: key}, "functions": {NAME: {NAME: key}}}, or be removed to have new ones made`,
    );
  }
}

function newKey(): string {
  return randomBytes(32).toString("base64url");
}
