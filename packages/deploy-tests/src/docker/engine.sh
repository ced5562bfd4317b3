#!/usr/bin/env bash
# Starts a separate Docker engine, with the client's plug-ins `compose` and `buildx`, from Debian's packages, on a machine
# without one. Needs root and Debian; changes no firewall rule of the machine.
#
#   engine.sh CACHE-FOLDER start    prints the variables to export
#   engine.sh CACHE-FOLDER stop
set -euo pipefail
cache=$1 command=$2
plugins=$cache/client/cli-plugins

# A killed engine leaves its pid file, and the pid may belong to another program by now.
is_running() {
  [ -f "$cache/engine.pid" ] && grep -qs dockerd "/proc/$(cat "$cache/engine.pid")/comm"
}

stop() {
  is_running || return 0
  pid=$(cat "$cache/engine.pid")
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
}

bring_packages() {
  command -v dockerd >/dev/null || {
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io cgroupfs-mount debootstrap iptables >/dev/null
  }
  [ -x "$plugins/docker-compose" ] && return
  # Debian 12 has no second version of compose.
  mkdir -p "$plugins"
  "$(dirname "$0")/../newer-packages.sh" "$cache" "$cache/unpacked" docker-compose docker-buildx
  cp "$cache"/unpacked/usr/libexec/docker/cli-plugins/* "$plugins/"
}

answers() { DOCKER_HOST=unix://$cache/engine.sock docker version >/dev/null 2>&1; }

start() {
  mkdir -p "$cache"
  bring_packages
  is_running || run
  # The variables are useful only when the engine answers.
  for _ in $(seq 150); do answers && break; sleep 0.2; done
  answers || { echo "engine.sh: the engine does not answer:" >&2; tail -n 5 "$cache/engine.log" >&2; exit 1; }
  # The older command `docker-compose` is the same program.
  echo "export DOCKER_HOST=unix://$cache/engine.sock DOCKER_CONFIG=$cache/client PATH=$cache/unpacked/usr/bin:\$PATH"
}

run() {
  [ -d /sys/fs/cgroup/memory ] || [ -f /sys/fs/cgroup/cgroup.controllers ] || cgroupfs-mount
  # Separate networks; Docker's proxy serves published ports without firewall rules.
  setsid dockerd --host "unix://$cache/engine.sock" --data-root "$cache/data" --exec-root "$cache/run" --pidfile "$cache/engine.pid" \
    --iptables=false --ip6tables=false --bip 172.29.77.1/24 --default-address-pool base=172.29.128.0/17,size=24 \
    > "$cache/engine.log" 2>&1 &
}

case $command in
  start) start ;;
  stop) stop ;;
  *) echo "engine.sh CACHE-FOLDER start|stop" >&2; exit 2 ;;
esac
