/** One thing to do at a terminal. */
export interface Command {
  /** An imperative sentence without a period. */
  readonly what: string;
  /** For bash, with the Azure CLI, curl and jq. */
  readonly run: string;
  /** What it should print, and what else means what. */
  readonly prints: string;
  /** Whether it changes something. */
  readonly changes?: true;
  /** What the simulated Azure does not offer, so that no test has run it. */
  readonly untried?: true;
}

/** What a person does without the service when something has failed. */
export interface Page {
  readonly scenario: string;
  readonly environment: string;
  readonly title: string;
  readonly when: readonly string[];
  /** How to see that it is this failure. */
  readonly see: readonly Command[];
  /** In this order. */
  readonly act: readonly Command[];
  readonly lost: string;
  readonly verify: readonly Command[];
  readonly back: readonly string[];
}

/** The commands of a page, in the order in which they are given. */
export const commandsOf = ({ see, act, verify }: Page): readonly Command[] => [
  ...see,
  ...act,
  ...verify,
];

/** A page as Markdown, to be printed and put beside the telephone. */
export function renderPage(page: Page): string {
  const part = (heading: string, commands: readonly Command[], from: number): readonly string[] => [
    `## ${heading}`,
    "",
    ...commands.flatMap(({ what, run, prints, changes, untried }, nth) => [
      `${from + nth}. ${what}${changes === true ? " (**changes something**)" : ""}${untried === true ? " (*not yet run*)" : ""}:`,
      "",
      ...["```bash", ...run.split("\n"), "```"].map((line) => (line === "" ? "" : `   ${line}`)),
      "",
      `   Prints ${prints}.`,
      "",
    ]),
  ];
  const { see, act, verify } = page;
  return [
    `# Break glass: ${page.title}, ${page.environment}`,
    "",
    "For a person with the Azure CLI (`az login` first, with the roles of the service), bash, curl and jq. Run one command after the other in",
    "one shell: later ones use what earlier ones found. Stop the service's own automation first, so that no alert starts a run beside you:",
    "`PUT /api/automation/" +
      page.environment +
      ' {"mode":"off","reason":"by hand","until":"…"}`, where it still answers.',
    "",
    "These commands were tried with the Azure CLI against a simulated Azure, save what is marked *not yet run*. None was *yet run against Azure*.",
    "",
    "## When to use it",
    "",
    ...page.when.map((each) => `- ${each}`),
    "",
    ...part("See that it is this", see, 1),
    ...part("Do this, in this order", act, see.length + 1),
    "## What is lost",
    "",
    page.lost,
    "",
    ...part("Verify", verify, see.length + act.length + 1),
    "## How to go back",
    "",
    ...page.back.map((each) => `- ${each}`),
    "",
  ].join("\n");
}
