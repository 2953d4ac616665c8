import { seconds } from "../domain/duration.js";

/** A recovery does not wait for what it can do without. */
const limit = seconds(2);

/** What comes of something within two seconds; undefined where it fails or takes longer. */
export async function briefly<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, limit);
  });
  const result = await Promise.race([work, late]).catch(() => undefined);
  clearTimeout(timer);
  return result;
}
