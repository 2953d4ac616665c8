/**
 * Where in a whole, from 0 to 1, the n-th of those that take turns comes: chance is replaced by counting. Shares are kept
 * over a hundred in a row, whatever they are; 61 is coprime with 100, so the slots of a small share are spread over it.
 */
export function slotOf(n: number): number {
  return ((n * 61) % 100) / 100;
}
