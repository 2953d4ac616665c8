#!/bin/sh
# What precedes a deployment: it is refused as long as somebody's service is being recovered. Every run survives one, and
# keeps to its order of steps; but nobody needs a restart of the host, or a new defect, in the middle of an outage.
# DEPLOY_DURING_RUNS=1 deploys all the same. Not yet run against Azure.
set -eu
cd "$(dirname "$0")/.."
group="${SERVICE_RESOURCE_GROUP:?is an output of infra/main.bicep}"
app="${SERVICE_FUNCTION_APP:?is an output of infra/main.bicep}"
address="${SERVICE_ADDRESS:?is an output of infra/main.bicep}"
subscription="${AZURE_SUBSCRIPTION_ID:?is set by azd}"
audience="${SERVICE_SIGN_IN_AUDIENCE:-}"

if [ "${DEPLOY_DURING_RUNS:-}" = 1 ]; then
  echo "deploying whatever is under way: DEPLOY_DURING_RUNS=1" >&2
  exit 0
fi

functions="$(az functionapp function list --subscription "$subscription" --resource-group "$group" --name "$app" --query '[].name' --output tsv)"
if [ -z "$functions" ]; then
  echo "nothing is deployed yet, so nothing is under way" >&2
  exit 0
fi

# The key is in a file that only we can read: it stands in no argument and no output.
header="$(mktemp)"
trap 'rm -f "$header"' EXIT
chmod 600 "$header"
printf 'x-functions-key: %s\n' "$(az functionapp function keys list --subscription "$subscription" \
  --resource-group "$group" --name "$app" \
  --function-name listRecoveries --query default --output tsv)" >"$header"
# With sign-in of operators the key alone opens nothing.
if [ -n "$audience" ]; then
  if ! token="$(az account get-access-token --resource "$audience" --query accessToken --output tsv)"; then
    echo "az gets no token for $audience, so nobody says what is under way: look yourself, and set DEPLOY_DURING_RUNS=1" >&2
    exit 1
  fi
  printf 'authorization: Bearer %s\n' "$token" >>"$header"
fi
if ! answer="$(curl --silent --show-error --fail --max-time 30 --header "@$header" "$address/api/recoveries?top=1")"; then
  echo "the service does not say what is under way; if that is what you are about to mend, set DEPLOY_DURING_RUNS=1" >&2
  exit 1
fi
printf '%s' "$answer" | node tools/open-runs.cjs
