interface Size {
  readonly usual: number;
  /** With `--quick`: enough to see that it works, too little to quote. */
  readonly quick: number;
  readonly what: string;
}

/** How much is measured. Each is a flag of the command. */
export const sizeFlags = {
  repeats: { usual: 100, quick: 10, what: "instances that are run one after the other" },
  few: { usual: 50, quick: 10, what: "instances at once, the small crowd" },
  many: { usual: 1_000, quick: 100, what: "instances at once, the large crowd" },
  purged: { usual: 10_000, quick: 500, what: "instances that are run and purged" },
  history: { usual: 1_000, quick: 200, what: "events of the long history that is replayed" },
  starts: { usual: 7, quick: 2, what: "processes that are started" },
  secrets: { usual: 5_000, quick: 300, what: "secrets that are backed up" },
  keys: { usual: 1_000_000, quick: 20_000, what: "keys of a cache that are backed up" },
  blobs: { usual: 100_000, quick: 1_000, what: "blobs that are backed up" },
  requests: {
    usual: 300_000,
    quick: 30_000,
    what: "requests of Application Insights that are exported",
  },
  loop: {
    usual: 1_000,
    quick: 100,
    what: "items that the loop beside a backup copies one by one",
  },
  runs: { usual: 3, quick: 1, what: "recoveries on each path of a scenario" },
} as const satisfies Readonly<Record<string, Size>>;

export type SizeName = keyof typeof sizeFlags;
export type Sizes = Readonly<Record<SizeName, number>>;
