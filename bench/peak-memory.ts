import { execFileSync } from "node:child_process";

/** Watches the resident memory of a process, in MB; `end` gives the highest that was seen. */
export function watchMemory(pid: number): { end(): number } {
  let peak = 0;
  const look = (): void => {
    const kilobytes = Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)]).toString());
    peak = Math.max(peak, kilobytes / 1_024);
  };
  look();
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // It has ended; whoever measures it sees that, and says why.
      clearInterval(timer);
    }
  }, 500);
  return {
    end() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}
