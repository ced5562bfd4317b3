#!/usr/bin/env bash
# Installs the tools that the tests of dashboards, rules and collector need into a folder: prometheus and promtool from
# packages of Debian, a collector and Grafana's decoder built with Go. Skips installed tools, and continues after a failure.
# The first build of each of the latter two takes minutes.
#
#   bring-tools.sh FOLDER TOOL...    a tool: prometheus, promtool, otelcol, grafana-decoder
set -u
folder=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
version=0.161.0
mkdir -p "$folder/bin"
export GOPATH=$folder/go GOCACHE=$folder/gocache GOBIN=$folder/bin CGO_ENABLED=0
# Low priority: other work on this machine comes first. Linux may weigh whole sessions, so the build gets a session of its own;
# the priority of the caller's session would stay low for the tests that follow.
gently() { setsid --wait bash -c '[ -w /proc/self/autogroup ] && echo 19 > /proc/self/autogroup; exec nice -n 19 "$@"' gently "$@"; }

bring_packages() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
  "$here/../newer-packages.sh" "$folder" "$folder/root" prometheus promtool || return 1
  for name in prometheus promtool; do ln -sf "../root/usr/bin/$name" "$folder/bin/$name"; done
}

build_collector() {
  local build=$folder/collector
  mkdir -p "$build"
  [ -x "$folder/bin/builder" ] || gently go install "go.opentelemetry.io/collector/cmd/builder@v$version" || return 1
  sed -e "s|VERSION|$version|g" -e "s|OUTPUT|$build/out|" "$here/collector-build.yaml" > "$build/build.yaml"
  gently "$folder/bin/builder" --config "$build/build.yaml" && cp "$build/out/otelcol" "$folder/bin/otelcol"
}

build_decoder() {
  local build=$folder/grafana-decoder
  mkdir -p "$build" && cp "$here/grafana-decoder/main.go" "$build" && cd "$build" || return 1
  [ -f go.mod ] || go mod init decoder || return 1
  go get github.com/grafana/grafana-foundation-sdk/go@v0.0.22 && gently go build -o "$folder/bin/grafana-decoder" .
}

bring() {
  case $1 in
    prometheus | promtool) bring_packages ;;
    otelcol) command -v go >/dev/null && (build_collector) ;;
    grafana-decoder) command -v go >/dev/null && (build_decoder) ;;
    *) echo "bring-tools.sh knows no $1" >&2; exit 2 ;;
  esac
}

for tool in "$@"; do
  [ -x "$folder/bin/$tool" ] || bring "$tool" || echo "$tool could not be brought" >&2
done
