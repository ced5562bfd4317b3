import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { docker, hasImage } from '../docker/docker.ts';
import { bringCollectorImage } from '../docker/images.ts';
import { readRepositoryFile } from '../repository.ts';

/** Third-party images of the first install in docs/operations.md. */
export interface TrialImages {
  readonly valkey: string;
  readonly observability: string;
}

const valuesSchema = z.object({ valkey: z.object({ image: z.string() }) });
const observability = 'grafana/otel-lgtm:latest';

/**
 * Makes both images available. Valkey comes from its registry or, if that can't be reached, from Debian's package. A collector
 * always replaces Grafana's image: it listens on the same port, and forwards the spans to `tracesEndpoint` as JSON.
 */
export async function bringTrialImages(folder: string, tracesEndpoint: string): Promise<TrialImages> {
  const { valkey } = valuesSchema.parse(parse(readRepositoryFile('deploy/helm/sluice/values.yaml')));
  if (!hasImage(valkey.image)) {
    await docker(['pull', '--quiet', valkey.image]).catch(() =>
      build(folder, valkey.image, { Dockerfile: fromDebian }),
    );
  }
  await bringCollectorImage();
  await build(folder, observability, collectorFiles(tracesEndpoint));
  return { valkey: valkey.image, observability };
}

/** User and folder are those of the official image. */
const fromDebian = `FROM local/debian:sid
RUN groupadd --system --gid 999 valkey && useradd --system --uid 999 --gid 999 valkey \\
 && apt-get -o Acquire::Check-Valid-Until=false update && apt-get install -y --no-install-recommends valkey-server valkey-tools \\
 && rm -rf /var/lib/apt/lists/* && mkdir -p /data && chown valkey:valkey /data
VOLUME /data
WORKDIR /data
USER valkey
EXPOSE 6379
CMD ["valkey-server"]
`;

function collectorFiles(tracesEndpoint: string): Readonly<Record<string, string>> {
  const [collector = ''] = /otel\/\S+/.exec(readRepositoryFile('docker-compose.yml')) ?? [];
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: '0.0.0.0:4318' } } } },
    exporters: { otlphttp: { traces_endpoint: tracesEndpoint, encoding: 'json', compression: 'none' } },
    service: { pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } } },
  };
  return {
    'config.yaml': JSON.stringify(config),
    Dockerfile: `FROM ${collector}\nCOPY config.yaml /config.yaml\nCMD ["--config=/config.yaml"]\n`,
  };
}

async function build(parent: string, image: string, files: Readonly<Record<string, string>>): Promise<void> {
  const folder = join(parent, image.replaceAll(/[/:]/g, '-'));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await docker(['build', '--quiet', '--network', 'host', '--tag', image, folder]);
}
