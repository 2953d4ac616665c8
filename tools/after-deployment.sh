#!/bin/sh
# What follows a deployment: the alerts, which hold the function key, and a look whether the service is ready.
# STAGE is production or non-production; the rest are outputs of the main template, which azd exports.
# Not yet run against Azure.
set -eu
cd "$(dirname "$0")/.."
stage="${STAGE:-production}"
group="${SERVICE_RESOURCE_GROUP:?is an output of infra/main.bicep}"
app="${SERVICE_FUNCTION_APP:?is an output of infra/main.bicep}"
address="${SERVICE_ADDRESS:?is an output of infra/main.bicep}"
region="${AZURE_LOCATION:?names the region that keeps the deployment\'s record}"
subscription="${AZURE_SUBSCRIPTION_ID:?is set by azd}"
audience="${SERVICE_SIGN_IN_AUDIENCE:-}"

key_of() {
  az functionapp function keys list --subscription "$subscription" --resource-group "$group" --name "$app" \
    --function-name "$1" --query default --output tsv
}

# The key is in the environment alone: it stands in no file, no argument and no output.
ALERT_KEY="$(key_of receiveAlert)"
export ALERT_KEY
az deployment sub create --subscription "$subscription" --name "mcp-dr-alerts-$stage" --location "$region" \
  --parameters "infra/alerts.$stage.bicepparam" --only-show-errors --output none
unset ALERT_KEY

# Roles are felt after up to ten minutes, and readiness is looked at anew every ten.
header="$(mktemp)"
trap 'rm -f "$header"' EXIT
chmod 600 "$header"
printf 'x-functions-key: %s\n' "$(key_of showReadiness)" >"$header"
# With sign-in of operators the key alone opens nothing.
if [ -n "$audience" ]; then
  if ! token="$(az account get-access-token --resource "$audience" --query accessToken --output tsv)"; then
    echo "deployed, alerts and all; whether it is ready nobody has asked: az gets no token for $audience. Sign in and GET $address/api/readiness" >&2
    exit 0
  fi
  printf 'authorization: Bearer %s\n' "$token" >>"$header"
fi
tries=40
until answer="$(curl --silent --show-error --fail --max-time 20 --header "@$header" "$address/api/readiness")" &&
  printf '%s' "$answer" | node tools/readiness-verdict.cjs; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "the service is deployed, but does not look at its estate; see $address/api/health" >&2
    exit 1
  fi
  sleep 30
done
