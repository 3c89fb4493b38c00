#!/usr/bin/env bash
# Puts the service on Cloud Run with all that it needs. It can be run again at any time: it changes only what differs.
# config/deploy/README.md has the settings and the roles; --help has the options.
set +o xtrace
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVICE=customer-sync
JOB=customer-reconcile
REPOSITORY=customer-sync
SIDECAR=us-docker.pkg.dev/cloud-ops-agents-artifacts/cloud-run-gmp-sidecar/cloud-run-gmp-sidecar:1.2.0
APIS=(run cloudbuild artifactregistry pubsub secretmanager cloudscheduler iam)

# With config/connector.yml as shipped these have to be there. FLUENT_ACCOUNT and CTP_SCOPES may be missing.
CONNECTOR=(CTP_PROJECT_KEY CTP_CLIENT_ID CTP_CLIENT_SECRET CTP_AUTH_URL CTP_API_URL
  FLUENT_API_URL FLUENT_CLIENT_ID FLUENT_CLIENT_SECRET FLUENT_USERNAME FLUENT_PASSWORD FLUENT_RETAILER_ID)
# What the service is given where it is set. Secrets go to Secret Manager, never into an argument.
VARIABLES=(PUSH_AUTH PUSH_AUDIENCE PUSH_SERVICE_ACCOUNT PUSH_SIGNATURE PUSH_CERTS_URL ACK_DEADLINE_SECONDS ACKNOWLEDGE
  DEAD_LETTER_TOPIC GOOGLE_CLOUD_PROJECT LOG_LEVEL CONNECTOR_CONFIG HANDLERS_DIR QUEUE_LIMIT QUEUE_BYTES
  COMMERCETOOLS_CONCURRENCY FLUENT_CONCURRENCY FLUENT_BATCH METRICS OTEL_EXPORTER_OTLP_ENDPOINT DASHBOARD
  DUPLICATE_MEMORY_SECONDS CTP_PROJECT_KEY CTP_CLIENT_ID CTP_AUTH_URL CTP_API_URL CTP_SCOPES
  FLUENT_API_URL FLUENT_ACCOUNT FLUENT_CLIENT_ID FLUENT_USERNAME FLUENT_RETAILER_ID)
SECRETS=(CTP_CLIENT_SECRET FLUENT_CLIENT_SECRET FLUENT_PASSWORD METRICS_TOKEN DASHBOARD_TOKEN
  NOTIFY_WEBHOOK_URL NOTIFY_WEBHOOK_SECRET)

usage() {
  cat <<'TEXT'
Usage: config/deploy/cloud-run.sh [--dry-run] [--force] [--env-file FILE]

  --dry-run        say what would be done, and do nothing
  --force          deploy the service and the job also where their settings are as the last run left them
  --env-file FILE  read NAME=value lines; what the environment has already wins

The settings are described in config/deploy/README.md.
TEXT
}

# --- the options and the settings ---------------------------------------------------------------------------------------

dry_run=false
force=false
env_file=
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=true ;;
    --force) force=true ;;
    --env-file=*) env_file=${1#*=} ;;
    --env-file)
      env_file=${2:-}
      [ $# -gt 1 ] && shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'Expected --dry-run, --force, --env-file FILE or --help; found %s.\n' "$1" >&2
      exit 2
      ;;
  esac
  shift
done

for tool in gcloud node npx; do
  command -v "$tool" >/dev/null || {
    printf 'Expected the command %s on the PATH, found none.\n' "$tool" >&2
    exit 2
  }
done

read_env_file() {
  local pair
  [ -r "$1" ] || {
    printf 'Expected --env-file to name a file that can be read, found %s.\n' "$1" >&2
    exit 2
  }
  while IFS= read -r -d '' pair; do export "${pair%%=*}=${pair#*=}"; done < <(
    node -e '
      const values = require("util").parseEnv(require("fs").readFileSync(process.argv[1], "utf8"));
      for (const [name, value] of Object.entries(values))
        if (/^[A-Za-z_]\w*$/.test(name) && !process.env[name]) process.stdout.write(name + "=" + value + "\0");
    ' "$1"
  )
}

[ -z "$env_file" ] || read_env_file "$env_file"
read -ra extra_variables <<<"${EXTRA_VARIABLES:-}"
read -ra extra_secrets <<<"${EXTRA_SECRETS:-}"
VARIABLES+=(${extra_variables[@]+"${extra_variables[@]}"})
SECRETS+=(${extra_secrets[@]+"${extra_secrets[@]}"})

: "${REGION:=europe-west1}" "${ACCESS:=private}" "${MIN_INSTANCES:=1}" "${MAX_INSTANCES:=10}" "${MEMORY:=512Mi}"
: "${NIGHTLY:=0 3 * * *}" "${TIME_ZONE:=Etc/UTC}" "${METRICS_SIDECAR:=off}" "${IMAGE:=}"
export PUSH_AUTH=${PUSH_AUTH:-oidc} ACK_DEADLINE_SECONDS=${ACK_DEADLINE_SECONDS:-60} ACKNOWLEDGE=${ACKNOWLEDGE:-handled}

faults=()
fault() { faults+=("$1"); }

# expect NAME PATTERN EXPECTED: the value is shown, so it must be no secret.
expect() {
  local value=${!1:-}
  [[ $value =~ $2 ]] || fault "$1: expected $3, found ${value:-nothing}"
}

check_settings() {
  local name
  expect GOOGLE_CLOUD_PROJECT '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' "the id of a Google Cloud project"
  expect REGION '^[a-z]+-[a-z]+[0-9]+$' "a region, as in europe-west1"
  expect ACCESS '^(private|public)$' "private or public"
  expect PUSH_AUTH '^oidc$' "oidc, which is what this script sets up"
  expect ACKNOWLEDGE '^(handled|received)$' "handled or received"
  expect METRICS_SIDECAR '^(on|off)$' "on or off"
  expect MEMORY '^[0-9]+(Mi|Gi)$' "an amount, as in 512Mi"
  expect MIN_INSTANCES '^[0-9]{1,4}$' "a number"
  expect MAX_INSTANCES '^[1-9][0-9]{0,3}$' "a number from 1"
  expect ACK_DEADLINE_SECONDS '^([1-9][0-9]|[1-5][0-9][0-9]|600)$' "10 to 600"
  expect NIGHTLY '^(off|[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+)$' "five fields of cron, or off"
  if [ "${CONNECTOR_CONFIG:-config/connector.yml}" = config/connector.yml ]; then
    for name in "${CONNECTOR[@]}"; do
      [ -n "${!name:-}" ] || fault "$name: expected a value, found nothing"
    done
    for name in CTP_AUTH_URL CTP_API_URL FLUENT_API_URL; do
      [ -z "${!name:-}" ] || expect "$name" '^https://[^ ]+$' "a URL with https"
    done
  fi
  for name in ${extra_variables[@]+"${extra_variables[@]}"} ${extra_secrets[@]+"${extra_secrets[@]}"}; do
    [ -n "${!name:-}" ] || fault "$name: expected a value, because EXTRA_VARIABLES or EXTRA_SECRETS names it; found nothing"
  done
  for name in "${VARIABLES[@]}" "${SECRETS[@]}"; do
    [[ ${!name:-} != *$'\n'* ]] || fault "$name: expected one line, found several"
  done
  for name in METRICS_TOKEN DASHBOARD_TOKEN NOTIFY_WEBHOOK_SECRET; do
    [ -z "${!name:-}" ] || [ "$(printf '%s' "${!name}" | wc -c)" -ge 16 ] ||
      fault "$name: expected at least 16 characters, found fewer"
  done
  if [ -n "${SETUP_CTP_CLIENT_ID:-}" ] && [ -z "${SETUP_CTP_CLIENT_SECRET:-}" ]; then
    fault "SETUP_CTP_CLIENT_SECRET: expected a value, because SETUP_CTP_CLIENT_ID is set; found nothing"
  elif [ -z "${SETUP_CTP_CLIENT_ID:-}" ] && [ -n "${SETUP_CTP_CLIENT_SECRET:-}" ]; then
    fault "SETUP_CTP_CLIENT_ID: expected a value, because SETUP_CTP_CLIENT_SECRET is set; found nothing"
  fi
  if [ "$METRICS_SIDECAR" = on ]; then
    [ "$ACCESS" = private ] || fault "METRICS_SIDECAR: expected ACCESS=private with it, because the sidecar has no token; found $ACCESS"
    [ -z "${METRICS_TOKEN:-}" ] || fault "METRICS_TOKEN: expected nothing with METRICS_SIDECAR=on, because the sidecar has no token; found a value"
    [ "${METRICS:-on}" = on ] || fault "METRICS: expected on with METRICS_SIDECAR=on, found $METRICS"
  elif [ "$ACCESS" = public ] && [ "${METRICS:-on}" = on ] && [ -z "${METRICS_TOKEN:-}" ]; then
    fault "METRICS_TOKEN: expected a value with ACCESS=public, or else anybody may read the metrics; found nothing (openssl rand -hex 24 makes one)"
  fi
}

check_settings
if [ ${#faults[@]} -gt 0 ]; then
  printf 'The settings have %d faults; nothing was changed:\n' "${#faults[@]}" >&2
  printf '  %s\n' "${faults[@]}" >&2
  exit 2
fi

# --- what the steps are made of -----------------------------------------------------------------------------------------

export CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_PROJECT=$GOOGLE_CLOUD_PROJECT
changes=0

unchanged() { printf 'unchanged     %s\n' "$1"; }

# change VERB WHAT COMMAND…: says it, and does it unless this is a dry run.
change() {
  local verb=$1 what=$2
  shift 2
  changes=$((changes + 1))
  if $dry_run; then
    printf 'would %-7s %s\n' "$verb" "$what"
  else
    printf '%-13s %s\n' "$verb" "$what"
    "$@" >/dev/null
  fi
}

has_line() { [[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]]; }
digest() { node -e 'process.stdout.write(require("crypto").createHash("sha256").update(require("fs").readFileSync(0)).digest("hex").slice(0, 32))'; }

# listed API COMMAND…: what a list holds; nothing where a dry run meets an API that is not enabled yet.
listed() {
  local api=$1
  shift
  if $dry_run && ! has_line "$enabled" "$api.googleapis.com"; then return 0; fi
  gcloud "$@"
}

# grant ROLE MEMBER GROUP NAME [FLAG…]: GROUP is a command group with add-iam-policy-binding, as in "run services".
grant() {
  local role=$1 member=$2 group policy
  read -ra group <<<"$3"
  shift 3
  if $dry_run; then
    # What is still to be made has no policy yet.
    policy=$(members_of "$@" 2>/dev/null) || policy=
  else
    policy=$(members_of "$@")
  fi
  if has_line "$policy" "$role"$'\t'"$member"; then
    unchanged "$role on $1 for $member"
  else
    change grant "$role on $1 for $member" bind "$@" --role="$role" --member="$member"
  fi
}
members_of() {
  gcloud "${group[@]}" get-iam-policy "$@" --flatten='bindings[].members' --format='value(bindings.role,bindings.members)'
}
# A new service account is not known everywhere at once.
bind() {
  local attempt
  # A project's policy may hold conditions, and gcloud then asks for one.
  [ "${group[0]}" != projects ] || set -- "$@" --condition=None
  for attempt in 1 2 3 4; do
    gcloud "${group[@]}" add-iam-policy-binding "$@" && return 0
    sleep "$((attempt * 2))"
  done
  gcloud "${group[@]}" add-iam-policy-binding "$@"
}

# --- 1: who does it, and where ------------------------------------------------------------------------------------------

[ -n "$(gcloud auth list --filter=status:ACTIVE --format='value(account)')" ] || {
  printf 'Expected a signed-in account, found none: gcloud auth login\n' >&2
  exit 2
}
gcloud auth application-default print-access-token >/dev/null 2>&1 || {
  printf 'Expected application default credentials, which provision uses; found none: gcloud auth application-default login\n' >&2
  exit 2
}
number=$(gcloud projects describe "$GOOGLE_CLOUD_PROJECT" --format='value(projectNumber)')
run_as=$SERVICE@$GOOGLE_CLOUD_PROJECT.iam.gserviceaccount.com
export PUSH_SERVICE_ACCOUNT=${PUSH_SERVICE_ACCOUNT:-$SERVICE-push@$GOOGLE_CLOUD_PROJECT.iam.gserviceaccount.com}
export PUSH_AUDIENCE=${PUSH_AUDIENCE:-https://$SERVICE-$number.$REGION.run.app}
export DEAD_LETTER_TOPIC=${DEAD_LETTER_TOPIC:-projects/$GOOGLE_CLOUD_PROJECT/topics/customers-dead-letters}
PUSH_SIGNATURE=service
[ "$ACCESS" = public ] || PUSH_SIGNATURE=cloud-run
export PUSH_SIGNATURE

# --- 2: APIs and service accounts ---------------------------------------------------------------------------------------

enabled=$(gcloud services list --enabled --format='value(config.name)')
for api in "${APIS[@]}"; do
  if has_line "$enabled" "$api.googleapis.com"; then
    unchanged "API $api"
  else
    change enable "API $api" gcloud services enable "$api.googleapis.com"
  fi
done

accounts=$(listed iam iam service-accounts list --format='value(email)')
for account in "$run_as" "$PUSH_SERVICE_ACCOUNT"; do
  if has_line "$accounts" "$account"; then
    unchanged "service account $account"
  else
    change create "service account $account" gcloud iam service-accounts create "${account%%@*}"
  fi
done
if [ "$METRICS_SIDECAR" = on ]; then
  grant roles/monitoring.metricWriter "serviceAccount:$run_as" projects "$GOOGLE_CLOUD_PROJECT"
fi

# --- 3: secrets ---------------------------------------------------------------------------------------------------------

# The value goes through a pipe: arguments can be seen by others on the machine.
create_secret() { printf '%s' "${!1}" | gcloud secrets create "$1" --data-file=-; }
add_version() { printf '%s' "${!1}" | gcloud secrets versions add "$1" --data-file=-; }
newest_version() {
  gcloud secrets versions list "$1" --filter=state=ENABLED --sort-by=~createTime --limit=1 --format='value(name.basename())'
}

secrets=$(listed secretmanager secrets list --format='value(name.basename())')
mounted=
for name in "${SECRETS[@]}"; do
  [ -n "${!name:-}" ] || continue
  version=
  if ! has_line "$secrets" "$name"; then
    change create "secret $name" create_secret "$name"
  else
    version=$(newest_version "$name")
    if [ -n "$version" ] && [ "$(gcloud secrets versions access "$version" --secret="$name")" = "${!name}" ]; then
      unchanged "secret $name"
    else
      change add "version of the secret $name" add_version "$name"
      version=
    fi
  fi
  grant roles/secretmanager.secretAccessor "serviceAccount:$run_as" secrets "$name"
  [ -n "$version" ] || $dry_run || version=$(newest_version "$name")
  # The version's number, so that a changed secret is a changed setting, and a former revision keeps the former one.
  mounted+=${mounted:+,}$name=$name:${version:-new}
done

# --- 4: the image -------------------------------------------------------------------------------------------------------

digest_of_sources() {
  (cd "$ROOT" && node -e '
    const fs = require("fs"), hash = require("crypto").createHash("sha256");
    const files = ["Dockerfile", ".dockerignore", ".npmrc", "package.json", "package-lock.json"];
    for (const folder of ["config", "handlers", "routes", "src"])
      for (const name of fs.readdirSync(folder, { recursive: true })) files.push(folder + "/" + name);
    for (const file of files.sort())
      if (!/(^|\/)\.env|\.(md|log|sh)$/.test(file) && fs.statSync(file).isFile())
        hash.update(file + "\0").update(fs.readFileSync(file)).update("\0");
    process.stdout.write(hash.digest("hex").slice(0, 32));
  ')
}

# in_image PATHS: paths of the repository, separated by commas, as they are in the image that is built from it.
in_image() { printf '%s' "$1" | sed -E 's#(^|,)[[:space:]]*([^/,[:space:]])#\1/opt/customer-sync/\2#g'; }
settings_in_image() { printf '%s' "${!1}"; }

if [ -z "$IMAGE" ]; then
  settings_in_image() {
    case $1 in
      CONNECTOR_CONFIG | HANDLERS_DIR) in_image "${!1}" ;;
      *) printf '%s' "${!1}" ;;
    esac
  }
  home=$REGION-docker.pkg.dev/$GOOGLE_CLOUD_PROJECT/$REPOSITORY
  tag=$(digest_of_sources)
  IMAGE=$home/$SERVICE:$tag
  tags=
  if has_line "$(listed artifactregistry artifacts repositories list --location="$REGION" --format='value(name.basename())')" "$REPOSITORY"; then
    unchanged "repository $REPOSITORY"
    tags=$(gcloud artifacts docker images list "$home" --include-tags --format='value(tags)' | tr -s ',;[:space:]' '\n')
  else
    change create "repository $REPOSITORY" gcloud artifacts repositories create "$REPOSITORY" --repository-format=docker --location="$REGION"
  fi
  if has_line "$tags" "$tag"; then
    unchanged "image $tag"
  else
    # Only a viewer of the whole project may read the log while it is written; without that right gcloud fails, and the build runs on.
    change build "image $tag" gcloud builds submit "$ROOT" --tag="$IMAGE" --suppress-logs
  fi
fi

# --- 5: the service -----------------------------------------------------------------------------------------------------

# Commas stand in values, so that another mark separates them.
variables=
for name in "${VARIABLES[@]}"; do
  [ -z "${!name:-}" ] || variables+="${variables:+|;|}$name=$(settings_in_image "$name")"
done
container=(--image="$IMAGE" --memory="$MEMORY" --set-env-vars="^|;|^$variables" --set-secrets="$mounted")
service=(--region="$REGION" --service-account="$run_as" --concurrency=250 --min-instances="$MIN_INSTANCES"
  --max-instances="$MAX_INSTANCES" --set-custom-audiences="$PUSH_AUDIENCE")
if [ "$ACCESS" = private ]; then service+=(--no-allow-unauthenticated); else service+=(--allow-unauthenticated); fi
# What is acknowledged before it is handled needs the CPU after the answer; so does the sidecar.
if [ "$ACKNOWLEDGE" = received ] || [ "$METRICS_SIDECAR" = on ]; then
  service+=(--no-cpu-throttling)
else
  service+=(--cpu-throttling)
fi
if [ "$METRICS_SIDECAR" = on ]; then
  service+=(--container="$SERVICE" --port=8080 "${container[@]}" --container=collector --image="$SIDECAR" --depends-on="$SERVICE")
else
  service+=("${container[@]}")
fi

deployed=
if has_line "$(listed run run services list --region="$REGION" --format='value(metadata.name)')" "$SERVICE"; then
  deployed=$(gcloud run services describe "$SERVICE" --region="$REGION" \
    --format='value[separator=" "](metadata.labels.settings,status.latestCreatedRevisionName,status.latestReadyRevisionName)')
fi
read -r label created ready <<<"$deployed" || true
settings=$(printf '%s\0' "${service[@]}" | digest)
# A revision that never became ready is deployed again.
if ! $force && [ "${label:-}" = "$settings" ] && [ "${created:-}" = "${ready:-}" ]; then
  unchanged "service $SERVICE"
else
  change deploy "service $SERVICE" gcloud run deploy "$SERVICE" --update-labels=settings="$settings" "${service[@]}"
fi
if [ "$ACCESS" = private ]; then
  grant roles/run.invoker "serviceAccount:$PUSH_SERVICE_ACCOUNT" 'run services' "$SERVICE" --region="$REGION"
  # The service trusts tokens without a signature, so that nobody else may get past Cloud Run.
  for member in allUsers allAuthenticatedUsers; do
    if [ -n "$deployed" ] && has_line "$(group=(run services) && members_of "$SERVICE" --region="$REGION")" "roles/run.invoker"$'\t'"$member"; then
      change remove "roles/run.invoker on $SERVICE for $member" gcloud run services remove-iam-policy-binding "$SERVICE" \
        --region="$REGION" --role=roles/run.invoker --member="$member"
    fi
  done
fi

# --- 6: topics, subscriptions and their permissions ---------------------------------------------------------------------

url=$PUSH_AUDIENCE
if [ -n "$deployed" ] || ! $dry_run; then
  url=$(gcloud run services describe "$SERVICE" --region="$REGION" --format='value(status.url)')
fi
provision=(npx customer-sync provision --endpoint="$url" --project-number="$number" --service-account="$run_as")
$dry_run && provision+=(--dry-run)
printf 'provision     (it says itself what differs)\n'
# With NODE_ENV the commands leave .env.local alone.
(cd "$ROOT" && NODE_ENV=production "${provision[@]}")

# --- 7: the nightly comparison ------------------------------------------------------------------------------------------

if [ "$NIGHTLY" != off ]; then
  job=(--region="$REGION" --service-account="$run_as" --max-retries=0 --task-timeout=2h "${container[@]}"
    --command=node --args='/opt/customer-sync/src/cli/customer-sync.js,reconcile,--fix')
  settings=$(printf '%s\0' "${job[@]}" | digest)
  label=
  if has_line "$(listed run run jobs list --region="$REGION" --format='value(metadata.name)')" "$JOB"; then
    label=$(gcloud run jobs describe "$JOB" --region="$REGION" --format='value(metadata.labels.settings)')
  fi
  if ! $force && [ "$label" = "$settings" ]; then
    unchanged "job $JOB"
  else
    change deploy "job $JOB" gcloud run jobs deploy "$JOB" --labels=settings="$settings" "${job[@]}"
  fi
  grant roles/run.invoker "serviceAccount:$run_as" 'run jobs' "$JOB" --region="$REGION"

  uri=https://run.googleapis.com/v2/projects/$GOOGLE_CLOUD_PROJECT/locations/$REGION/jobs/$JOB:run
  schedule=(--location="$REGION" --schedule="$NIGHTLY" --time-zone="$TIME_ZONE" --uri="$uri" --http-method=post
    --oauth-service-account-email="$run_as")
  if has_line "$(listed cloudscheduler scheduler jobs list --location="$REGION" --format='value(name.basename())')" "$JOB"; then
    found=$(gcloud scheduler jobs describe "$JOB" --location="$REGION" \
      --format='value[separator="|"](schedule,timeZone,httpTarget.uri,httpTarget.oauthToken.serviceAccountEmail)')
    if [ "$found" = "$NIGHTLY|$TIME_ZONE|$uri|$run_as" ]; then
      unchanged "schedule $JOB"
    else
      change update "schedule $JOB" gcloud scheduler jobs update http "$JOB" "${schedule[@]}"
    fi
  else
    change create "schedule $JOB" gcloud scheduler jobs create http "$JOB" "${schedule[@]}"
  fi
fi

if $dry_run; then
  printf 'This would change %d things, and what provision lists; nothing was changed.\n' "$changes"
else
  printf '%d things were changed, and what provision lists. Next: npx customer-sync doctor\n' "$changes"
fi
