import { execFileSync } from 'node:child_process';
import { copyFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../cache-folder.ts';
import { findTool } from '../observability/tools.ts';
import { inRepository, readRepositoryFile } from '../repository.ts';
import { docker, hasImage, run } from './docker.ts';

/** A target of the Dockerfile. */
export type Target = 'ingress' | 'worker' | 'simulator' | 'all';

/** Third-party images: bases of Sluice's images, and images that run beside them. */
function bases(): string[] {
  const [, node = ''] = /^ARG NODE_VERSION=(.+)$/m.exec(readRepositoryFile('deploy/docker/Dockerfile')) ?? [];
  const beside = readRepositoryFile('docker-compose.yml').matchAll(
    /image: ((?:redis|postgres|nginx|prom\/prometheus):\S+)/g,
  );
  return [`node:${node}-slim`, ...Array.from(beside, ([, name = '']) => name)];
}

/** The name of a Sluice image in docker-compose.yml. */
export const imageOf = (target: Target): string => `sluice/${target}:${versionOfProduct()}`;

function versionOfProduct(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readRepositoryFile('package.json'))).version;
}

/**
 * Pulls the third-party images, or, if their registry can't be reached, builds images of the same names and behaviour from
 * Debian's packages.
 */
export async function bringBaseImages(): Promise<void> {
  for (const name of bases().filter((base) => !hasImage(base))) {
    try {
      await docker(['pull', '--quiet', name]);
    } catch {
      const npm = dirname(dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())));
      const script = inRepository('packages/deploy-tests/src/docker/stand-in-images.sh');
      await run('bash', [script, cacheFolder('images'), process.execPath, resolve(npm)]);
      return;
    }
  }
}

/**
 * Pulls or builds the collector's image. The replacement is the collector that the tests of dashboards compile, which takes
 * minutes the first time.
 *
 * @throws if it can be neither pulled nor compiled
 */
export async function bringCollectorImage(): Promise<void> {
  const [name = ''] = /otel\/\S+/.exec(readRepositoryFile('docker-compose.yml')) ?? [];
  if (hasImage(name)) return;
  try {
    await docker(['pull', '--quiet', name]);
  } catch {
    const program = findTool('otelcol');
    if (program === undefined) throw new Error(`${name} can be neither pulled nor compiled`);
    const folder = cacheFolder('images/collector');
    copyFileSync(program, join(folder, 'otelcol'));
    writeFileSync(
      join(folder, 'Dockerfile'),
      'FROM scratch\nCOPY otelcol /otelcol\nUSER 10001\nENTRYPOINT ["/otelcol"]\n',
    );
    await docker(['build', '--quiet', '--tag', name, folder]);
  }
}

/**
 * Builds one image, on the network of the host, because some engines have no network.
 *
 * @param options `epoch`: the time of all files, in seconds; `isFresh`: without the cache of earlier builds
 */
export async function buildImage(
  target: Target,
  { tag = imageOf(target), epoch, isFresh = false }: { tag?: string; epoch?: number; isFresh?: boolean } = {},
): Promise<void> {
  await docker([
    ...'build --network host --file deploy/docker/Dockerfile'.split(' '),
    `--target=${target}`,
    `--tag=${tag}`,
    ...(epoch === undefined ? [] : ['--build-arg', `SOURCE_DATE_EPOCH=${epoch}`]),
    ...(isFresh ? ['--no-cache'] : []),
    '.',
  ]);
}

const inspected = z.array(
  z.object({
    Size: z.number(),
    RootFS: z.object({ Layers: z.array(z.string()) }),
    Config: z.object({
      User: z.string(),
      Entrypoint: z.array(z.string()),
      Labels: z.record(z.string(), z.string()),
      Healthcheck: z.object({ Test: z.array(z.string()) }),
    }),
  }),
);

/** Returns the engine's facts about an image. */
export async function inspectImage(name: string): Promise<z.infer<typeof inspected>[number]> {
  const [image] = inspected.parse(JSON.parse(await docker(['image', 'inspect', name])));
  if (image === undefined) throw new Error(`no image ${name}`);
  return image;
}
