import type { Command } from "./page.js";
import { groupOf, keep, nameOf } from "./snippets.js";

const vaultAudience = "--resource https://vault.azure.net";
const uriOf = (vault: string): string =>
  `az keyvault show -g ${groupOf(vault)} -n ${nameOf(vault)} --query properties.vaultUri -o tsv`;

/** Compares the vault in use with the original by value; what goes home stands in secrets.txt. */
export function compareSecrets(inUse: string, original: string, except?: string): Command {
  const spared = except === undefined ? "" : `  [ "$NAME" = ${except} ] && continue\n`;
  return {
    what: `Compare the secrets of ${nameOf(inUse)}, which is in use, with those of ${nameOf(original)}`,
    run: `umask 077
${keep("INUSE", uriOf(inUse))}; ${keep("ORIGINAL", uriOf(original))}
names() {
  URL="$1secrets?api-version=7.4"
  while [ -n "$URL" ]; do
    az rest --method get ${vaultAudience} --url "$URL" > page.json
    jq -r '.value[] | select(.attributes.enabled and .managed != true) | .id | split("/")[-1]' page.json
    URL=$(jq -r '.nextLink // ""' page.json)
  done
}
secret() { az rest --method get ${vaultAudience} --url "$1secrets/$2?api-version=7.4"; }
names "$ORIGINAL" > home.txt; : > secrets.txt
for NAME in $(names "$INUSE"); do
${spared}  secret "$INUSE" "$NAME" > used.json; echo '{}' > kept.json
  if grep -qx "$NAME" home.txt; then secret "$ORIGINAL" "$NAME" > kept.json; fi
  [ "$(jq .value used.json)" = "$(jq .value kept.json)" ] && continue
  if [ "$(jq .attributes.updated used.json)" -ge "$(jq '.attributes.updated // 0' kept.json)" ]
  then echo "$NAME" | tee -a secrets.txt; else echo "$NAME is newer at home"; fi
done
rm -f page.json used.json kept.json`,
    prints:
      "the names of those that are newer in use; nothing where both are alike. Where one is newer at home, find out which is right: write that into the vault in use, and compare again",
  };
}

/** Values go by a file that only its owner can read, so that they stand in no history of the shell. */
export const bringSecretsHome = (original: string): Command => ({
  what: `Write those into ${nameOf(original)}`,
  run: `for NAME in $(cat secrets.txt); do
  secret "$INUSE" "$NAME" | jq '{value, contentType, tags, attributes: (.attributes | {exp, nbf})} | del(..|nulls)' > secret.json
  az rest --method put ${vaultAudience} --url "\${ORIGINAL}secrets/$NAME?api-version=7.4" --body @secret.json --query id -o tsv
  rm secret.json
done`,
  prints:
    "the id of each new version. 409 means that the name is in soft deletion there: `az keyvault secret recover`, then compare again",
  changes: true,
});
