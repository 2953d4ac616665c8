import type { Command } from "./page.js";
import { nameOf } from "./snippets.js";

const listed = (account: string, container: string): string =>
  `az storage blob list --auth-mode login --account-name ${account} -c ${container} --num-results '*' --query "[].[name,properties.contentSettings.contentMd5,properties.lastModified]" -o tsv | sort`;

/** Compares the account in use with the original by hash; what goes home stands in blobs-<container>.txt. */
export const compareBlobs = (
  inUse: string,
  original: string,
  containers: readonly string[],
): Command => ({
  what: `Compare the blobs of ${nameOf(inUse)}, which is in use, with those of ${nameOf(original)}`,
  run: containers
    .map((container) =>
      [
        `${listed(nameOf(inUse), container)} > used.tsv`,
        `${listed(nameOf(original), container)} > kept.tsv`,
        `awk -F'\\t' 'FILENAME == "kept.tsv" { md5[$1] = $2; at[$1] = $3; next } md5[$1] == $2 && $2 != "None" { next }`,
        `  $1 in at && at[$1] > $3 { print $1 " is newer at home" > "/dev/stderr"; next } { print $1 }' kept.tsv used.tsv | tee blobs-${container}.txt`,
      ].join("\n"),
    )
    .join("\n"),
  prints:
    "the names of blobs that are newer in use. Of one that the recovery took from a backup, the version at home may be the right one all the same: take such names out of the file",
});

export const bringBlobsHome = (
  inUse: string,
  original: string,
  containers: readonly string[],
): Command => ({
  what: `Copy those to ${nameOf(original)}, on the servers' side`,
  run: containers
    .map((container) =>
      [
        `SAS=$(az storage container generate-sas --as-user --auth-mode login --account-name ${nameOf(inUse)} -n ${container} --permissions r --expiry "$(date -u -d '+4 hours' +%Y-%m-%dT%H:%MZ)" --https-only -o tsv)`,
        `while IFS= read -r NAME; do`,
        `  FROM=$(jq -rn --arg name "$NAME" '$name | split("/") | map(@uri) | join("/")')`,
        `  az storage blob copy start --auth-mode login --account-name ${nameOf(original)} --destination-container ${container} --destination-blob "$NAME" --source-uri "https://${nameOf(inUse)}.blob.core.windows.net/${container}/$FROM?$SAS" --query copy_status -o tsv < /dev/null`,
        `done < blobs-${container}.txt`,
      ].join("\n"),
    )
    .join("\n"),
  prints:
    "`success` for each, or `pending` for a large one: compare again until nothing is printed",
  changes: true,
});
