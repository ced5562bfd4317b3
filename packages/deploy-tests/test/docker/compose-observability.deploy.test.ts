import { openaiClient, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  bringBaseImages,
  buildImage,
  type ComposeProject,
  composeProject,
  hasEngine,
  isMissing,
} from '../../src/index.ts';
import { answer } from './streams.ts';

const vector = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});
const rules = z.object({
  data: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ health: z.string() })) })) }),
});

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))('the Prometheus of docker compose', () => {
  let project: ComposeProject;
  beforeAll(async () => {
    await bringBaseImages();
    for (const target of ['ingress', 'worker', 'simulator'] as const) await buildImage(target);
    project = await composeProject('sluice-deploy-observe');
    await project.down();
    // The others of the profile have images that can't be had everywhere.
    await project.up('load-balancer', 'worker', 'simulator', 'prometheus');
  });
  afterAll(() => project.down());

  /** Asks from inside: it has no port on the host. */
  async function ask<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const script = `fetch('http://prometheus:9090/api/v1/${path}').then((r) => r.text()).then(console.log)`;
    return schema.parse(JSON.parse(await project.compose('exec', '-T', 'ingress', 'node', '-e', script)));
  }
  const query = (expression: string): Promise<z.infer<typeof vector>> =>
    ask(`query?query=${encodeURIComponent(expression)}`, vector);

  test('scrapes every replica, new ones too, and counts what they did', async () => {
    const up = async (): Promise<number> => (await query('up{job=~"sluice-.*"} == 1')).data.result.length;
    await until(async () => (await up()) === 4, { what: 'four targets', timeoutMs: 60_000 });
    expect(await answer(openaiClient({ baseUrl: project.baseUrl, apiKey: await project.apiKey() }), 'demo-t5')).toBe(
      'whole',
    );
    await until(async () => (await query('sum(sluice_requests_total) > 0')).data.result.length === 1, {
      what: 'the request to be counted',
      timeoutMs: 60_000,
    });
    await project.up('--scale', 'worker=3', '--no-recreate', 'worker');
    await until(async () => (await up()) === 5, { what: 'the new worker to be scraped', timeoutMs: 60_000 });
  });

  test('evaluates the rules, all of them well', async () => {
    const healths = async (): Promise<string[]> =>
      (await ask('rules', rules)).data.groups.flatMap((group) => group.rules.map(({ health }) => health));
    await until(async () => (await healths()).every((health) => health !== 'unknown'), {
      what: 'each rule to be evaluated once',
      timeoutMs: 120_000,
    });
    expect((await healths()).length).toBeGreaterThan(5);
    expect(new Set(await healths())).toEqual(new Set(['ok']));
  });
});
