#!/bin/sh
# What precedes packaging: the estate in the package has to be the one that the settings name, and the sample is taken
# only from whoever asks for it by name. ESTATE_FILE is the one to pack; SERVICE_ESTATE_FILE is an output of the main template.
set -eu
cd "$(dirname "$0")/.."
deployed="${SERVICE_ESTATE_FILE:-}"
estate="${ESTATE_FILE:-$deployed}"

if [ -z "$estate" ]; then
  echo "which estate is to be packaged? set ESTATE_FILE, and estateFile in the parameter file to the same" >&2
  exit 1
fi
if [ -n "$deployed" ] && [ "$estate" != "$deployed" ]; then
  echo "ESTATE_FILE is $estate, but the app was given estateFile $deployed: make them the same, and azd provision" >&2
  exit 1
fi
if [ -z "${ESTATE_FILE:-}" ] && [ "$estate" = config/estate.sample.json ]; then
  echo "the parameter file still names the sample; if that is what you want, set ESTATE_FILE=$estate" >&2
  exit 1
fi
echo "packaging the estate $estate"
export ESTATE_FILE="$estate"
node tools/check-released.cjs
npm run check-estate -- "$estate"
npm run package
