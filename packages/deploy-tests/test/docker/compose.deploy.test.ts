import { openaiClient, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  bringBaseImages,
  buildImage,
  type ComposeProject,
  composeProject,
  docker,
  hasEngine,
  isMissing,
} from '../../src/index.ts';
import { answer, type Answer, countEnds, notWhole, startStreams, type Stream, untilAllSpeak } from './streams.ts';

const targets = ['ingress', 'worker', 'simulator'] as const;
const status = z.object({ total: z.number(), open: z.number() });

/** Number of streams of a burst: more than a worker's share, few enough for a small machine. */
const streams = 40;

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))('docker compose up', () => {
  let project: ComposeProject;
  let apiKey = '';
  beforeAll(async () => {
    await bringBaseImages();
    for (const target of targets) await buildImage(target);
    project = await composeProject('sluice-deploy-test');
    await project.down();
    await project.up();
    apiKey = await project.apiKey();
  });
  afterAll(() => project.down());

  const client = () => openaiClient({ baseUrl: project.baseUrl, apiKey });
  const isQuiet = async (): Promise<boolean> => (await project.simulator('/_sim/stats', status)).open === 0;

  test('brings two ingresses and two workers, and none of them has more rights than it needs', async () => {
    for (const [service, count] of Object.entries({
      ingress: 2,
      worker: 2,
      redis: 1,
      postgres: 1,
      simulator: 1,
      'load-balancer': 1,
    })) {
      const containers = await project.containers(service);
      expect(containers.map(({ State }) => State)).toEqual(Array.from({ length: count }, () => 'running'));
      for (const { ID } of containers) {
        const facts = await docker([
          'inspect',
          '--format',
          '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.Config.User}}',
          ID,
        ]);
        expect(facts).toMatch(/^true \[ALL\] \[no-new-privileges:true\] (1000:1000|101:101|999:1000|70:70)$/);
      }
    }
  });

  test("OpenAI's SDK streams through the load balancer, word by word", async () => {
    const stream = await client().chat.completions.create({
      model: 'demo-i50-t20',
      stream: true,
      messages: [{ role: 'user', content: 'Tell me a story.' }],
    });
    const times: number[] = [];
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      times.push(performance.now());
    }
    expect(text.split(' ').length).toBeGreaterThan(15);
    // A buffering proxy would deliver all of them at once.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(600);
  });

  test('a worker that is killed costs no client a word', async () => {
    const asked = startStreams({ client: client(), count: streams, model: 'demo-i60-t120' });
    await untilAllSpeak(asked);
    const [victim] = await project.containers('worker');
    await docker(['kill', victim?.ID ?? '']);
    expect(notWhole(await Promise.all(asked.map(({ over }) => over)))).toEqual([]);
    expectSameText(asked);
    await docker(['start', victim?.ID ?? '']);
    await until(isQuiet, { what: 'all calls to be over', timeoutMs: 60_000 });
  });

  test('an ingress that is killed breaks its own streams, visibly, and no others; new requests find the other one', async () => {
    const asked = startStreams({ client: client(), count: streams, model: 'demo-i60-t120' });
    await untilAllSpeak(asked);
    const [victim] = await project.containers('ingress');
    await docker(['kill', victim?.ID ?? '']);
    const after = await Promise.all(Array.from({ length: 20 }, () => answer(client(), 'demo-t5')));
    expect(notWhole(after)).toEqual([]);
    const ends = countEnds(await Promise.all(asked.map(({ over }) => over)));
    process.stderr.write(`an ingress killed under ${streams} streams: ${JSON.stringify(ends)}\n`);
    expect(ends.whole ?? 0).toBeGreaterThan(0);
    expect((ends.whole ?? 0) + (ends.broken ?? 0) + (ends.refused ?? 0)).toBe(streams);
    // No incomplete answer looks complete.
    expectSameText(asked);
    await until(isQuiet, { what: 'the calls of the lost streams to be closed', timeoutMs: 60_000 });
    await docker(['start', victim?.ID ?? '']);
  });

  test('ingresses and workers are replaced under load, and no request fails', async () => {
    await until(async () => (await project.containers('ingress')).every(({ Health }) => Health === 'healthy'), {
      what: 'both ingresses to be healthy',
      timeoutMs: 60_000,
    });
    const asked = startStreams({ client: client(), count: 20, model: 'demo-i60-t200' });
    await untilAllSpeak(asked);
    let isOver = false;
    const ends: Answer[] = [];
    const visitors = (async () => {
      while (!isOver) ends.push(await answer(client(), 'demo-t5'));
    })();
    for (const service of ['ingress', 'worker']) {
      for (const { ID } of await project.containers(service)) {
        await docker(['restart', '--time', '100', ID]);
        await until(async () => (await docker(['inspect', '--format', '{{.State.Health.Status}}', ID])) === 'healthy', {
          what: `the ${service} to be back`,
          timeoutMs: 60_000,
        });
      }
    }
    isOver = true;
    await visitors;
    process.stderr.write(`replaced under load: ${ends.length} short requests beside 20 streams\n`);
    expect(notWhole(ends)).toEqual([]);
    expect(notWhole(await Promise.all(asked.map(({ over }) => over)))).toEqual([]);
  });

  test('Redis keeps what it had over a restart, throws nothing away, and lets each service do its own', async () => {
    const [redis] = await project.containers('redis');
    const [secret = ''] = (await docker(['exec', redis?.ID ?? '', 'cat', '/run/sluice/admin.env'])).split('\n');
    const ask = (...command: string[]): Promise<string> =>
      docker([
        'exec',
        redis?.ID ?? '',
        ...'redis-cli --no-auth-warning --user sluice-admin --pass'.split(' '),
        secret.replace('PASSWORD=', ''),
        ...command,
      ]);
    await ask('SET', 'sluice:deploy-test', 'kept');
    // Redis writes its append-only file to the disk once a second.
    await until(async () => (await ask('INFO', 'persistence')).includes('aof_pending_bio_fsync:0'), {
      what: 'the disk',
    });
    await docker(['restart', redis?.ID ?? '']);
    const kept = (): Promise<boolean> =>
      ask('GET', 'sluice:deploy-test').then(
        (answer) => answer === 'kept',
        () => false,
      );
    await until(kept, { what: 'Redis to come back with what it had', timeoutMs: 60_000 });
    await ask('DEL', 'sluice:deploy-test');
    await until(async () => (await answer(client(), 'demo-t5')) === 'whole', {
      what: 'the services to find it again',
      timeoutMs: 60_000,
    });
    expect(await ask('INFO', 'persistence')).toContain('aof_enabled:1');
    expect(await ask('INFO', 'memory')).toContain('maxmemory_policy:noeviction');
    // Everything that Redis refused to the services.
    expect(await ask('ACL', 'LOG')).toBe('');
    const unknown = await docker(['exec', redis?.ID ?? '', 'redis-cli', 'KEYS', '*']);
    expect(unknown).toContain('NOAUTH');
  });

  test('--scale worker=4', async () => {
    await project.up('--scale', 'worker=4', '--no-recreate');
    expect((await project.containers('worker')).filter(({ State }) => State === 'running')).toHaveLength(4);
    expect(await answer(client(), 'demo-t5')).toBe('whole');
  });
});

/** All streams have the same request, so all whole ones have the same text. */
function expectSameText(asked: readonly Stream[]): void {
  const texts = asked.filter(({ end }) => end === 'whole').map(({ text }) => text);
  expect(new Set(texts).size).toBe(1);
}
