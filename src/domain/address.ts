/** The host of an address, or the text itself where it is none. */
export const hostOf = (address: string): string =>
  URL.canParse(address) ? new URL(address).host.toLowerCase() : address.toLowerCase();

/** Whether two addresses lead to one host; what follows it makes no difference. */
export const sameHost = (one: string, other: string): boolean => hostOf(one) === hostOf(other);
