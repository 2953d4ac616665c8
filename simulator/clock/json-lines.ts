import type { Socket } from "node:net";

/** Hands over each newline-delimited JSON object that arrives; what is not one ends the connection. */
export function onJsonLine(
  socket: Socket,
  listener: (message: Readonly<Record<string, unknown>>) => void,
): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parse(line);
      if (message === undefined) {
        socket.destroy();
        return;
      }
      listener(message);
    }
  });
}

export function writeJsonLine(socket: Socket, message: Readonly<Record<string, unknown>>): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
