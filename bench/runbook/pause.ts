import { processClock } from "../../simulator/clock/handle.js";

/** Lets simulated time pass; the clock skips it where nobody else has anything to do. */
export function pause(seconds: number): Promise<void> {
  const clock = processClock();
  if (clock === undefined) throw new Error("this program needs the clock of a simulated Azure");
  const until = clock.now() + seconds * 1_000;
  return new Promise((resolve) => {
    const look = (): void => {
      if (clock.now() < until) {
        clock.idle(until);
        return;
      }
      unsubscribe();
      clearTimeout(timer);
      clock.busy();
      resolve();
    };
    const unsubscribe = clock.onChange(look);
    const timer = setTimeout(look, seconds * 1_000);
    look();
  });
}

/** Looks every so many seconds, as the Azure CLI does, until there is something to see. */
export async function waitFor<Seen>(
  what: string,
  look: () => Promise<Seen | undefined>,
  { every = 10, atMost = 3_600 }: { readonly every?: number; readonly atMost?: number } = {},
): Promise<Seen> {
  for (let waited = 0; waited <= atMost; waited += every) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await pause(every);
  }
  throw new Error(`${what}: not within ${atMost} s`);
}
