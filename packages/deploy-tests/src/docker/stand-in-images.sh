#!/usr/bin/env bash
# Builds images with the names and the behaviour of the public ones that deploy/ and docker-compose.yml use, from Debian's
# packages and this repository's Node, for a Docker engine that reaches no image registry. Keeps images that the engine
# already has. Needs docker, debootstrap and root.
#
#   stand-in-images.sh CACHE-FOLDER PATH-OF-NODE-24 NPM-FOLDER
set -euo pipefail
cache=$1 node=$2 npm=$3
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
export DOCKER_BUILDKIT=1

has() { docker image inspect "$1" >/dev/null 2>&1; }

# root SUITE PACKAGES: imports a minimal Debian as local/debian:SUITE
root() {
  has "local/debian:$1" && return
  local folder=$cache/rootfs-$1
  [ -e "$folder.done" ] || { rm -rf "$folder"; debootstrap --variant=minbase --include="$2" "$1" "$folder" "$mirror" >/dev/null; touch "$folder.done"; }
  # Debian's own slim images leave these out too.
  rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/* "$folder"/usr/share/{doc,info,locale,man}/*
  tar -C "$folder" -c . | docker import - "local/debian:$1" >/dev/null
}

# image NAME: builds the Dockerfile on stdin in a folder of its own
image() {
  local folder=$cache/image-${1//[:\/]/-}
  mkdir -p "$folder"
  cat > "$folder/Dockerfile"
  docker build --quiet --network host --tag "$1" "$folder"
}

version=$("$node" --version)
if ! has "node:${version#v}-slim"; then
  root trixie ca-certificates
  folder=$cache/image-node-${version#v}-slim
  mkdir -p "$folder"
  cp "$node" "$folder/node"
  rm -rf "$folder/npm" && cp -RL "$npm" "$folder/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$folder/"
  image "node:${version#v}-slim" << 'DOCKERFILE'
FROM local/debian:trixie
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 libatomic1 && rm -rf /var/lib/apt/lists/* /var/cache/*
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=24 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
DOCKERFILE
fi

has postgres:18-alpine || { root trixie ca-certificates; image postgres:18-alpine << 'DOCKERFILE'; }
FROM local/debian:trixie
RUN groupadd --gid 70 postgres && useradd --system --uid 70 --gid 70 postgres \
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
 && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql && install -d -o postgres -g postgres -m 3777 /run/postgresql && ln -s /usr/lib/postgresql/*/bin /opt/postgresql
RUN printf '#!/bin/sh\nset -e\nif [ ! -s "$PGDATA/PG_VERSION" ]; then\nmkdir -p -m 700 "$PGDATA"\ninitdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 "$PGDATA"\necho "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"\necho "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres\nfi\nexec postgres -D "$PGDATA" -c listen_addresses=*\n' > /usr/local/bin/docker-entrypoint.sh \
 && chmod +x /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/postgresql:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/18/docker
USER postgres
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
DOCKERFILE

has redis:8-alpine || { root trixie ca-certificates; image redis:8-alpine << 'DOCKERFILE'; }
FROM local/debian:trixie
RUN groupadd --gid 1000 redis && useradd --system --uid 999 --gid 1000 redis \
 && apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
 && mkdir /data && chown redis /data
RUN printf '#!/bin/sh\nset -e\n[ "${1#-}" != "$1" ] && set -- redis-server "$@"\n[ "$1" = redis-server ] && set -- "$@" --protected-mode no\nexec "$@"\n' > /usr/local/bin/docker-entrypoint.sh \
 && chmod +x /usr/local/bin/docker-entrypoint.sh
WORKDIR /data
VOLUME /data
USER redis
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
DOCKERFILE

has nginx:1.30-alpine || { root sid ca-certificates; image nginx:1.30-alpine << 'DOCKERFILE'; }
FROM local/debian:sid
RUN apt-get -o Acquire::Check-Valid-Until=false update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGQUIT
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
DOCKERFILE

# Debian's Prometheus has no web pages and no OTLP receiver; scraping and evaluation are the same.
has prom/prometheus:v3.5.0 || { root sid ca-certificates; image prom/prometheus:v3.5.0 << 'DOCKERFILE'; }
FROM local/debian:sid
RUN apt-get -o Acquire::Check-Valid-Until=false update && apt-get install -y --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* /var/cache/* \
 && mkdir -p /prometheus && chown 65534:65534 /prometheus
USER 65534:65534
WORKDIR /prometheus
VOLUME /prometheus
EXPOSE 9090
ENTRYPOINT ["/usr/bin/prometheus"]
DOCKERFILE
