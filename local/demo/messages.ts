import type { Received } from "../stack/notice-receiver.js";

/** A notice as the people got it: when, to whom, over which channel, and every line of it. */
export function messageText({ notice, path, genuine }: Received): string {
  const to = notice.to.map(({ name, level }) => `${name} (${level})`).join(", ");
  const channel = path.split("/").at(-1) ?? "";
  const doubt = genuine ? "" : ", with a signature that does not fit";
  return [
    "",
    `  ┌ ${notice.at.slice(11, 19)} to ${to}, over ${channel}${doubt}`,
    `  │ ${notice.subject}`,
    ...notice.lines.map((line) => `  │   ${line}`),
    "  └",
    "",
  ].join("\n");
}

/** Writes each message as it comes in, on a terminal in the place of the line that is kept up to date. */
export const showMessages =
  (out: NodeJS.WriteStream) =>
  (received: Received): void => {
    out.write(`${out.isTTY ? "\r\u001b[2K" : ""}${messageText(received)}`);
  };
