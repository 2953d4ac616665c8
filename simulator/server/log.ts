/** One line on standard error; standard output carries the ready line alone. */
export function log(message: string): void {
  process.stderr.write(`simulator: ${message}\n`);
}
