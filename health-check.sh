#!/usr/bin/env bash
# Asks GET /api/health and says whether Lastseen is healthy.
#
# Usage: ./health-check.sh [--url URL] [--max-ghosts N] [--timeout SECONDS] [--json] [--help]
#
#   --url URL          address of the service (default: $LASTSEEN_URL, or http://127.0.0.1:3001)
#   --max-ghosts N     with more ghosts the service is unhealthy (default 10: a few are normal between two sweeps)
#   --timeout SECONDS  how long to wait for the answer (default 5)
#   --json             prints one JSON object instead of text, for scripts
#
# Exit code: 0 healthy, 1 unhealthy (degraded, failing, too many ghosts), 2 could not check. The script needs curl.
set -euo pipefail

url=${LASTSEEN_URL:-http://127.0.0.1:3001}
max_ghosts=10
timeout=5
json=false

# Prints the comment at the top of this file.
help() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"; }
usage_error() {
  echo "health-check: $1 (see --help)" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --url | --max-ghosts | --timeout)
      [ $# -ge 2 ] || usage_error "$1 needs a value"
      case $1 in
        --url) url=$2 ;;
        --max-ghosts) max_ghosts=$2 ;;
        --timeout) timeout=$2 ;;
      esac
      shift 2
      ;;
    --json) json=true && shift ;;
    -h | --help) help && exit 0 ;;
    *) usage_error "unknown argument: $1" ;;
  esac
done
case $max_ghosts in '' | *[!0-9]*) usage_error "--max-ghosts needs a whole number" ;; esac
case $timeout in '' | *[!0-9]* | 0) usage_error "--timeout needs a number of seconds" ;; esac
url=${url%/}

body=''
problems=()

# Makes a text safe inside a JSON string.
escape() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr -d '\000-\037'; }

# finish CODE: prints the result and exits with this code.
finish() {
  local code=$1 verdict healthy list='' problem draining=''
  case $code in
    0) verdict='healthy' healthy=true ;;
    1) verdict='unhealthy' healthy=false ;;
    *) verdict='could not check' healthy=null ;;
  esac
  # The bash of macOS treats an empty array as unset. This form of expansion works there, too.
  for problem in ${problems[@]+"${problems[@]}"}; do
    list="$list${list:+,}\"$(escape "$problem")\""
  done
  if $json; then
    printf '{"url":"%s","healthy":%s,"problems":[%s],"health":%s}\n' "$(escape "$url")" $healthy "$list" "${body:-null}"
  else
    echo "$verdict: $url"
    for problem in ${problems[@]+"${problems[@]}"}; do echo "  $problem"; done
    if [ -n "$body" ]; then
      [ "$(field draining)" = true ] && draining=', draining'
      echo "  version $(field version), node $(field nodeId), up $(field uptimeSeconds) s$draining"
      echo "  $(field connectedUsers) users, $(field sessions) sessions, $(field rooms) rooms, $(field activeCalls) calls, $(field ghosts) ghosts"
    fi
  fi
  exit "$code"
}

# field NAME: prints a text or a number of the answer, or "?" when the answer does not have it. Ignores nested objects.
field() {
  local value
  value=$(printf '%s' "$body" | tr -d '\n\r' |
    sed -e 's/^[[:space:]]*{//' -e 's/}[[:space:]]*$//' -e ':inner' -e 's/{[^{}]*}/null/g' -e 't inner' |
    sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\{0,1\}\([^\",]*\).*/\1/p")
  printf '%s' "${value:-?}"
}

command -v curl >/dev/null 2>&1 || {
  problems+=("curl is not installed")
  finish 2
}
if ! answer=$(curl --silent --show-error --max-time "$timeout" --write-out '\n%{http_code}' "$url/api/health" 2>&1); then
  problems+=("no answer: $(printf '%s' "$answer" | sed -n 's/^curl: ([0-9]*) //p' | head -n 1)")
  finish 2
fi
http=${answer##*$'\n'}
body=${answer%$'\n'*}

case $http in
  200) ;;
  5??)
    body=''
    problems+=("the service answers HTTP $http")
    finish 1
    ;;
  *)
    body=''
    problems+=("HTTP $http from /api/health: is this Lastseen?")
    finish 2
    ;;
esac

status=$(field status)
ghosts=$(field ghosts)
case $body in
  '{'*'}') ;;
  *) ghosts='?' ;;
esac
case $status:$ghosts in
  '?':* | *:*[!0-9]* | *:)
    body=''
    problems+=("the answer of /api/health is not a health report: is this Lastseen?")
    finish 2
    ;;
esac
[ "$status" = OK ] || problems+=("status is $status")
[ "$ghosts" -le "$max_ghosts" ] || problems+=("$ghosts ghosts, more than $max_ghosts")
[ ${#problems[@]} -eq 0 ] || finish 1
finish 0
