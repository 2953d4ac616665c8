import { createHash } from "node:crypto";
import type { Command } from "./page.js";

const versions = {
  "Microsoft.App": "2025-01-01",
  "Microsoft.Authorization": "2022-04-01",
  "Microsoft.Cache": "2024-11-01",
  "Microsoft.Network": "2022-04-01",
  "Microsoft.Cdn": "2025-04-15",
  "Microsoft.ResourceHealth": "2025-05-01",
} as const;
type Provider = keyof typeof versions;

/** A call of Resource Manager that needs no extension of the CLI. */
export const rest = (method: string, provider: Provider, path: string, more = ""): string =>
  `az rest --method ${method} --url "${path}?api-version=${versions[provider]}"${more === "" ? "" : ` ${more}`}`;

/** The same for the same text, so that what is named by it is made once. */
export function guidOf(text: string): string {
  const hash = createHash("sha256").update(text).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

export const nameOf = (id: string): string => id.split("/").at(-1) ?? "";
export const groupOf = (id: string): string => id.split("/")[4] ?? "";

/** Sets a variable to what a command prints. */
export const keep = (variable: string, command: string): string => `${variable}=$(${command})`;

/** Asks the app's own address until it is well, for four minutes at most. */
export const untilHealthy = (path: string, status: number): string =>
  [
    "for i in $(seq 48); do",
    `  CODE=$(curl -s -o /dev/null -m 5 -w '%{http_code}' "https://$FQDN${path}"); echo "$CODE"`,
    `  [ "$CODE" = ${status} ] && break`,
    "  sleep 5",
    "done",
  ].join("\n");

export const threeTimes = (path: string): string =>
  `for i in 1 2 3; do curl -s -o /dev/null -m 5 -w '%{http_code}\\n' "https://$FQDN${path}"; sleep 5; done`;

/** Whose address and revision the commands that follow are about. */
export const findApp = (app: string): readonly Command[] => [
  {
    what: `Find the address of ${nameOf(app)}`,
    run: `APP="${app}"\n${keep("FQDN", rest("get", "Microsoft.App", "$APP", "--query properties.configuration.ingress.fqdn -o tsv"))}\necho "$FQDN"`,
    prints:
      "its host name; nothing means that the app has no ingress, or that you look at another subscription",
  },
];

export const findRevision: Command = {
  what: "Find the revision that serves traffic",
  run: `${keep("REVISION", rest("get", "Microsoft.App", "$APP/revisions", "--query 'value[?properties.active && properties.trafficWeight > `0`].name | [0]' -o tsv"))}\necho "$REVISION"`,
  prints: "a revision's name; in multiple-revision mode repeat what follows for each that fails",
};

export const restartRevision: Command = {
  what: "Restart that revision, by its name",
  run: rest("post", "Microsoft.App", "$APP/revisions/$REVISION/restart"),
  prints: "nothing, or the revision's name",
  changes: true,
};

/** Changes variables of the app in one new revision; what it has besides stays. */
export const setVariables = (variables: Readonly<Record<string, string>>): Command => ({
  what: `Tell the app its ${Object.keys(variables).join(" and ")}, in one new revision`,
  run: [
    rest("get", "Microsoft.App", "$APP", "--query properties.template > template.json"),
    `jq '${Object.entries(variables)
      .map(
        ([name, value]) =>
          `(.containers[0].env) |= (map(select(.name != "${name}")) + [{name: "${name}", value: "${value}"}])`,
      )
      .join(
        " | ",
      )} | .revisionSuffix = "by-hand-'$RANDOM'" | {properties: {template: .}}' template.json > change.json`,
    rest("patch", "Microsoft.App", "$APP", "--body @change.json"),
  ].join("\n"),
  prints: "nothing, or the app; the new revision takes a minute or two",
  changes: true,
});

/** A secret's value goes by a file, so that it stands in no history of the shell. */
export const writeConnection = (
  cache: string,
  vault: string,
  secret: string,
  key?: "primary" | "secondary",
): Command => ({
  what: `Write the connection string of ${nameOf(cache)}${key === undefined ? "" : ` with its ${key} key`} into ${nameOf(vault)}`,
  run: [
    `umask 077`,
    keep(
      "VAULT",
      `az keyvault show -g ${groupOf(vault)} -n ${nameOf(vault)} --query properties.vaultUri -o tsv`,
    ),
    keep("HOST", `az redis show -g ${groupOf(cache)} -n ${nameOf(cache)} --query hostName -o tsv`),
    keep("PORT", `az redis show -g ${groupOf(cache)} -n ${nameOf(cache)} --query sslPort -o tsv`),
    `az redis list-keys -g ${groupOf(cache)} -n ${nameOf(cache)} | jq '{value: "'$HOST:$PORT',password=\\(.${key ?? "primary"}Key),ssl=True,abortConnect=False"}' > secret.json`,
    `az rest --method put --resource https://vault.azure.net --url "\${VAULT}secrets/${secret}?api-version=7.4" --body @secret.json --query id -o tsv`,
    "rm secret.json",
  ].join("\n"),
  prints: "the id of the secret's new version",
  changes: true,
});

/** A write and a read through the app, where the estate says how. */
export const proveByRecord = (proof: string | undefined): readonly Command[] =>
  proof === undefined
    ? []
    : [
        {
          what: "Prove by a write and a read through it that its data can be used",
          run: [
            `RECORD=$(date +%s); WORD="by-hand-$RECORD"`,
            `curl -s -m 10 -X PUT --data "$WORD" -o /dev/null -w '%{http_code}\\n' "https://$FQDN${proof.replace("{id}", "by-hand-$RECORD")}"`,
            `curl -s -m 10 "https://$FQDN${proof.replace("{id}", "by-hand-$RECORD")}"`,
          ].join("\n"),
          prints:
            "a number from 200 to 204, then the word that was written, from each place where it was. Anything else: **touch no endpoint**, users are better off with an error than with a side that loses what they write",
          changes: true,
        },
      ];

/** Which of its dependencies an app says it uses. */
export const whatItUses = (variable: string): Command => ({
  what: `See which ${variable} it was given`,
  run: rest(
    "get",
    "Microsoft.App",
    "$APP",
    `--query "properties.template.containers[0].env[?name=='${variable}'].value" -o tsv`,
  ),
  prints: "the address that is in use",
});
