#!/usr/bin/env bash
# Fetches Debian's newest packages and unpacks them into a folder; the system's own packages are unchanged.
#
#   newer-packages.sh CACHE-FOLDER ROOT-FOLDER PACKAGE...
set -euo pipefail
state=$1/apt root=$2
shift 2
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
[ -n "$mirror" ] || { echo "newer-packages.sh: this machine names no mirror of Debian" >&2; exit 1; }
mkdir -p "$state"/lists/partial "$state"/cache/archives/partial "$state"/packages "$root"
: > "$state/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$state/sources.list"
cat > "$state/apt.conf" << CONF
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
CONF
cd "$state/packages"
export APT_CONFIG=$state/apt.conf
apt-get -q update >/dev/null
for package in "$@"; do
  apt-get -q download "$package" >/dev/null
  for file in "$package"_*.deb; do dpkg -x "$file" "$root"; done
done
