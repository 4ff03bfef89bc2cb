#!/usr/bin/env bash
# Starts Lastseen's development environment in Docker and waits until it is healthy.
#
# Usage: ./start-dev.sh [--monitoring] [--announced-ip ADDRESS] [--down] [--help]
#
#   --monitoring            also starts Prometheus and Grafana
#   --announced-ip ADDRESS  this machine's own address, for browsers that refuse loopback addresses for media (Firefox)
#   --down                  stops and removes all containers of all profiles; Prometheus keeps its data
#
# Exit code: 0 started (or stopped), 1 failed, 2 wrong arguments. The script needs Docker with Compose v2.
set -euo pipefail
cd "$(dirname "$0")"

monitoring=false
down=false

# Prints the comment at the top of this file.
help() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"; }
say() { echo "start-dev: $1"; }
fail() {
  echo "start-dev: $1" >&2
  exit "${2:-1}"
}

while [ $# -gt 0 ]; do
  case $1 in
    --monitoring) monitoring=true ;;
    --down) down=true ;;
    --announced-ip)
      [ $# -ge 2 ] || fail "--announced-ip needs an address (see --help)" 2
      export SFU_ANNOUNCED_IP=$2
      shift
      ;;
    -h | --help) help && exit 0 ;;
    *) fail "unknown argument: $1 (see --help)" 2 ;;
  esac
  shift
done

command -v docker >/dev/null 2>&1 || fail "Docker is not installed: https://docs.docker.com/get-docker/"
docker compose version >/dev/null 2>&1 || fail "Docker has no Compose v2 (docker compose): https://docs.docker.com/compose/install/"
if ! problem=$(docker info 2>&1 >/dev/null); then
  case $problem in
    *"permission denied"*) fail "you have no permission to use Docker; type: sudo usermod -aG docker $(id -un), then log in again" ;;
    *) fail "the Docker engine does not answer: start Docker Desktop, or type: sudo systemctl start docker" ;;
  esac
fi

if $down; then
  docker compose --profile monitoring --profile nodes down
  say "stopped"
  exit 0
fi

# check_port SERVICE PORT: adds the port to `taken` when another program listens on it. A container that this script started
# before may have the port.
taken=''
check_port() {
  [ -z "$(docker compose --profile monitoring ps --quiet "$1" 2>/dev/null)" ] || return 0
  if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then taken="$taken $2"; fi
}
check_port lastseen 3001
check_port lastseen 3002
check_port lastseen 44444
check_port lastseen 44445
if $monitoring; then
  check_port prometheus 9090
  check_port grafana 3000
fi
[ -z "$taken" ] || fail "another program listens on port(s)$taken: stop it first"

profile=()
if $monitoring; then profile=(--profile monitoring); fi
say "building the image; the first time this takes some minutes"
docker compose build || fail "the build of the image failed; the output above says why"
say "starting the containers"
if ! docker compose ${profile[@]+"${profile[@]}"} up --detach --wait; then
  docker compose logs --tail 30 lastseen >&2 || true
  fail "the service did not become healthy; the end of its log is above"
fi

say "the service is healthy"
echo
echo "  Page         http://localhost:3002   (open it in two tabs and join the same room)"
echo "  API          http://localhost:3001/api/health"
echo "  API docs     http://localhost:3001/docs"
echo "  Metrics      http://localhost:3001/metrics"
if $monitoring; then
  echo "  Prometheus   http://localhost:9090"
  echo "  Grafana      http://localhost:3000"
fi
echo
echo "  Logs         docker compose logs --follow lastseen"
echo "  Check        ./health-check.sh"
echo "  Stop         ./start-dev.sh --down"
