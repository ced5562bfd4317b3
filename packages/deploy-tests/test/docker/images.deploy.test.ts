import { loadavg } from 'node:os';
import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { bringBaseImages, buildImage, docker, hasEngine, imageOf, inspectImage, isMissing } from '../../src/index.ts';
import { readNodeFlags } from '../node-flags.ts';
import { isMachineBusy } from './streams.ts';

/** The last one has a Redis and a PostgreSQL. */
const mostBytes = { ingress: 250_000_000, worker: 250_000_000, simulator: 250_000_000, all: 400_000_000 } as const;
const mostReadyMs = 2000;
const targets = ['ingress', 'worker', 'simulator', 'all'] as const;
const inNoWayPrivileged = [
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--tmpfs',
  '/tmp',
];

/** Runs one service beside a Redis, with minimal rights, while `use` runs. */
async function withService(target: 'ingress' | 'worker', use: (id: string) => Promise<unknown>): Promise<void> {
  const redis = await docker(['run', '--detach', '--rm', 'redis:8-alpine']);
  const answers = (...command: string[]): Promise<boolean> =>
    docker(['exec', ...command]).then(
      () => true,
      () => false,
    );
  await until(() => answers(redis, 'redis-cli', 'ping'), { what: 'Redis', timeoutMs: 30_000 });
  const id = await docker([
    'run',
    '--detach',
    ...inNoWayPrivileged,
    `--network=container:${redis}`,
    '--env=SLUICE_API_KEYS=sk-of-the-test-0001',
    imageOf(target),
  ]);
  try {
    const probe = `fetch('http://127.0.0.1:${target === 'ingress' ? 9463 : 9464}/readyz').then((r) => process.exit(r.ok ? 0 : 1))`;
    await until(() => answers(id, 'node', '-e', probe), { what: `the ${target} to be ready`, timeoutMs: 30_000 });
    await use(id);
  } finally {
    await docker(['rm', '--force', '--volumes', id, redis]);
  }
}

/** Time from the start of the container to the log line that reports the service as ready. */
async function readyMs(target: string, id: string): Promise<number> {
  const startedAt = await docker(['inspect', '--format', '{{.State.StartedAt}}', id]);
  const line = (await docker(['logs', id])).split('\n').find((text) => text.includes(`"msg":"${target} ready"`)) ?? '';
  return Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? '') - Date.parse(startedAt);
}

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))('the images', () => {
  beforeAll(async () => {
    await bringBaseImages();
    for (const target of targets) await buildImage(target);
  });

  test.each(targets)('%s is small, has labels and a user without rights', async (target) => {
    const { Size, Config } = await inspectImage(imageOf(target));
    process.stderr.write(`${target}: ${(Size / 1e6).toFixed(0)} MB\n`);
    expect(Size).toBeLessThanOrEqual(mostBytes[target]);
    expect(Config.User).toBe('1000:1000');
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': expect.stringMatching(/^Sluice/),
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': expect.stringMatching(/^\d/),
    });
    expect(Config.Healthcheck.Test[0]).toBe('CMD');
  });

  test.each(['ingress', 'worker'] as const)('%s: Node is process 1 and has the flags of npm start', async (target) => {
    await withService(target, async (id) => {
      const command = (await docker(['exec', id, 'cat', '/proc/1/cmdline'])).split('\0');
      expect(command[0]).toBe('node');
      expect(command).toEqual(expect.arrayContaining(readNodeFlags()));
      // A signal reaches Node, which exits with 0.
      await docker(['stop', '--time', '20', id]);
      expect(await docker(['inspect', '--format', '{{.State.ExitCode}}', id])).toBe('0');
      expect(await docker(['logs', id])).toContain(`${target} stopped`);
    });
  });

  test.each(['ingress', 'worker'] as const)('%s is ready within two seconds of its start', async (target) => {
    const times: number[] = [];
    for (let start = 0; start < 3; start += 1)
      await withService(target, async (id) => times.push(await readyMs(target, id)));
    const [load = 0] = loadavg();
    process.stderr.write(`${target}: ready after ${times.join(', ')} ms, at a load of ${load.toFixed(1)}\n`);
    // Skips the measurement if other work disturbs it.
    expect(Math.min(...times)).toBeLessThan(isMachineBusy() ? 5 * mostReadyMs : mostReadyMs);
  });

  test.each(targets)('%s lists its software', async (target) => {
    const text = await docker(['run', '--rm', '--entrypoint', 'cat', imageOf(target), '/app/sbom.cdx.json']);
    const list = JSON.parse(text) as { bomFormat: string; components: { name: string }[] };
    expect(list.bomFormat).toBe('CycloneDX');
    const names = list.components.map(({ name }) => name);
    if (target === 'ingress') expect(names).toContain('express');
    // No files of the tests.
    for (const name of ['vitest', 'testcontainers', 'openai', 'typescript', '@sluice/testkit']) {
      expect(names).not.toContain(name);
    }
  });

  test('the same input makes the same layers', async () => {
    const epoch = 1_700_000_000;
    const tags = ['sluice/ingress:first', 'sluice/ingress:second'];
    for (const tag of tags) await buildImage('ingress', { tag, epoch, isFresh: true });
    const [first, second] = await Promise.all(tags.map(async (tag) => (await inspectImage(tag)).RootFS.Layers));
    // Only the last layer is built by Sluice. The base below it has directories with the time of the build.
    expect(first?.at(-1)).toBe(second?.at(-1));
    for (const tag of tags) await docker(['image', 'rm', tag]);
  });
});
