import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openaiClient, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  bringBaseImages,
  bringCollectorImage,
  buildImage,
  type ComposeProject,
  composeProject,
  hasEngine,
  imageOf,
  isMissing,
} from '../../src/index.ts';
import { answer } from './streams.ts';

const sample = z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) });
const vector = z.object({ data: z.object({ result: z.array(sample) }) });
const rules = z.object({
  data: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ health: z.string() })) })) }),
});

/** Replaces Tempo: stores the received JSON, and returns it on request. */
const receiver = `
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
const kept = [];
createServer(async (request, response) => {
  const body = Buffer.concat(await Array.fromAsync(request));
  if (request.method === 'GET') return response.end(kept.join('\\n'));
  kept.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString());
  response.setHeader('content-type', 'application/json').end('{}');
}).listen(Number(process.argv[2]), '0.0.0.0');
`;

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))(
  'docker compose --profile observability',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
    let project: ComposeProject;
    beforeAll(async () => {
      await bringBaseImages();
      await bringCollectorImage();
      for (const target of ['ingress', 'worker', 'simulator'] as const) await buildImage(target);
      writeFileSync(join(folder, 'receiver.mjs'), receiver);
      const services = {
        tempo: {
          image: imageOf('simulator'),
          entrypoint: ['node', '/receiver.mjs', '4318'],
          command: [],
          healthcheck: { test: ['CMD', 'true'] },
          volumes: [`${join(folder, 'receiver.mjs')}:/receiver.mjs:ro`],
        },
        collector: {
          // Leaves out the service graph, whose connector the stand-in image lacks; decides before the test ends.
          command: ['--config=/etc/sluice/collector.yaml'],
          environment: { TAIL_SAMPLING_WAIT: '5s', TAIL_SAMPLING_WAIT_AFTER_ROOT: '2s', TRACES_ENCODING: 'json' },
        },
      };
      const override = join(folder, 'override.yaml');
      writeFileSync(override, JSON.stringify({ services }));
      project = await composeProject('sluice-deploy-observe', {}, [override]);
      await project.down();
      // The images of the other services are not available everywhere.
      await project.up('load-balancer', 'worker', 'simulator', 'prometheus', 'collector', 'tempo');
    });
    afterAll(async () => {
      await project.down();
      rmSync(folder, { recursive: true });
    });

    /** Sends a request from inside the network: the services have no port on the host. */
    const get = async (url: string): Promise<string> => {
      const script = `fetch('${url}').then((r) => r.text()).then(console.log)`;
      return await project.compose('exec', '-T', 'ingress', 'node', '-e', script);
    };
    const query = async (expression: string): Promise<z.infer<typeof vector>> =>
      vector.parse(
        JSON.parse(await get(`http://prometheus:9090/api/v1/query?query=${encodeURIComponent(expression)}`)),
      );
    const ask = async (model: string): Promise<string> =>
      await answer(openaiClient({ baseUrl: project.baseUrl, apiKey: await project.apiKey() }), model);

    test('Prometheus scrapes every replica, new ones too, and counts what they did', async () => {
      const up = async (): Promise<number> => (await query('up{job=~"sluice-.*"} == 1')).data.result.length;
      await until(async () => (await up()) === 4, { what: 'four targets', timeoutMs: 90_000 });
      expect(await ask('demo-t5')).toBe('whole');
      const counted = async (): Promise<boolean> =>
        (await query('sum(sluice_requests_total) > 0')).data.result.length > 0;
      await until(counted, { what: 'the request to be counted', timeoutMs: 90_000 });
      await project.up('--scale', 'worker=3', '--no-recreate', 'worker');
      await until(async () => (await up()) === 5, { what: 'the new worker to be scraped', timeoutMs: 90_000 });
    });

    test('Prometheus evaluates the rules, all of them well', async () => {
      const healths = async (): Promise<string[]> =>
        rules
          .parse(JSON.parse(await get('http://prometheus:9090/api/v1/rules')))
          .data.groups.flatMap((group) => group.rules.map(({ health }) => health));
      await until(async () => (await healths()).every((health) => health !== 'unknown'), {
        what: 'each rule to be evaluated once',
        timeoutMs: 120_000,
      });
      expect((await healths()).length).toBeGreaterThan(5);
      expect(new Set(await healths())).toEqual(new Set(['ok']));
    });

    test('a failed request leaves its trace over both hops, though no variable names a collector', async () => {
      expect(await ask('demo-e400')).toBe('broken');
      const traces = await until(
        async () => {
          const text = await get('http://tempo:4318/');
          return text.includes('sluice-worker') && text.includes('sluice-ingress') && text;
        },
        { what: 'the trace of both services', timeoutMs: 90_000 },
      );
      const ids = Array.from(traces.matchAll(/"traceId":"([0-9a-f]{32})"/g), ([, id]) => id);
      expect(ids.length).toBeGreaterThan(2);
    });
  },
);
