import {
  type CollectedSpan,
  openaiClient,
  recordCommands,
  redisTest,
  simulatorControl,
  spawnService,
  startFleet,
  startOtlpReceiver,
  until,
} from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import { parseExposition } from './exposition.ts';

const canary = 'CanaryWqZkXbVnMs';
const clientKey = `sk-${canary}-client-0001`;
const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpanId = 'b7ad6b7169203331';
const messages = [{ role: 'user' as const, content: 'Tell me something.' }];

async function startProduct(redisUrl: string, keyPrefix: string) {
  const [simulator, collector] = await Promise.all([spawnService('simulator'), startOtlpReceiver()]);
  onTestFinished(async () => {
    await Promise.all([simulator.stop(), collector.close()]);
  });
  const fleet = await startFleet({
    ingresses: 1,
    workers: 1,
    redisUrl,
    keyPrefix,
    env: collector.env,
    config: {
      keys: [{ name: 'team-a', key: clientKey, models: ['*'] }],
      upstreams: [
        {
          id: 'sim',
          type: 'openai',
          base_url: `${simulator.url}/v1`,
          credentials: ['a', 'b'].map((id) => ({ id, api_key: `tok-${id}-${canary}` })),
        },
      ],
      models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    },
  });
  onTestFinished(() => fleet.stop());
  const processes = [...fleet.ingresses, ...fleet.workers];
  return {
    collector,
    simulator: simulatorControl(simulator.url),
    client: openaiClient({ baseUrl: `${fleet.urls[0]}/v1`, apiKey: clientKey }),
    logs: () => processes.map((process) => process.output()).join('\n'),
    scrapes: () => Promise.all(processes.map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text())),
  };
}

/** Returns `name > name > …` of each span, from the root; siblings in the order of their start. */
function pathsOf(spans: readonly CollectedSpan[]): string[] {
  const pathOf = (span: CollectedSpan): string => {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return spans.toSorted((a, b) => a.startMs - b.startMs).map(pathOf);
}

describe('the product with a collector', () => {
  redisTest('creates one trace per request, over queue and retry to the provider', async ({ redisUrl, keyPrefix }) => {
    const { collector, simulator, client, logs, scrapes } = await startProduct(redisUrl, keyPrefix);
    const stream = await client.chat.completions.create(
      { model: 'demo-t50-e429-n1', messages, stream: true },
      { headers: { traceparent: `00-${traceId}-${clientSpanId}-01`, 'x-request-id': 'req-of-mine' } },
    );
    for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');

    const root = 'POST /v1/chat/completions';
    const work = `${root} > send chat > process chat`;
    await until(() => collector.spans().length >= 8, { what: 'the spans of both services', timeoutMs: 15_000 });
    expect(pathsOf(collector.spans()).sort()).toEqual(
      [
        root,
        `${root} > admission wait`,
        `${root} > send chat`,
        work,
        `${work} > queue wait`,
        `${work} > chat demo-t50-e429-n1`,
        `${work} > chat demo-t50-e429-n1 > POST`,
        `${work} > chat demo-t50-e429-n1 > POST`,
      ].sort(),
    );
    const spans = collector.spans();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const server = spans.find(({ name }) => name === root);
    expect(server).toMatchObject({ parentSpanId: clientSpanId, service: 'sluice-ingress', kind: 'server' });
    expect(server?.attributes).toMatchObject({ 'sluice.request_id': 'req-of-mine', 'sluice.attempts': 2 });
    expect(spans.find(({ name }) => name === 'process chat')?.service).toBe('sluice-worker');

    const inference = spans.find(({ name }) => name.startsWith('chat '));
    expect(inference?.events.map(({ name }) => name)).toEqual(['first_chunk']);
    expect(inference?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.output_tokens': 50,
      'gen_ai.usage.cache_read.input_tokens': 0,
      'gen_ai.usage.reasoning.output_tokens': 0,
    });

    const attempts = spans.filter(({ name }) => name === 'POST').toSorted((a, b) => a.startMs - b.startMs);
    expect(attempts.map(({ status }) => status.code)).toEqual(['error', 'unset']);
    expect((await simulator.calls()).map(({ headers }) => headers['traceparent'])).toEqual(
      attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    );

    const line = await until(
      () =>
        logs()
          .split('\n')
          .find((text) => text.includes('"msg":"request"')),
      {
        what: 'the line of the request',
      },
    );
    expect(JSON.parse(line)).toMatchObject({
      request_id: 'req-of-mine',
      trace_id: traceId,
      key: 'sk-C…0001',
      key_name: 'team-a',
      outcome: 'complete',
      attempts: 2,
    });

    const [ingress, worker] = (await scrapes()).map(parseExposition);
    expect(ingress?.value('sluice_redis_up')).toBe(1);
    expect(worker?.value('sluice_redis_up')).toBe(1);
    expect(worker?.value('sluice_retries_total', { upstream: 'sim', reason: 'upstream_rate_limited' })).toBe(1);
    expect(ingress?.value('gen_ai_server_time_to_first_token_seconds_count', { model: '*', upstream: 'sim' })).toBe(1);
  });

  redisTest('shows no key of clients or providers anywhere', async ({ redisUrl, keyPrefix }) => {
    const { collector, client, logs, scrapes } = await startProduct(redisUrl, keyPrefix);
    const commands = await recordCommands(redisUrl);
    onTestFinished(commands.stop);

    const answers = await Promise.all(
      ['demo', 'demo-e401', 'demo-e400', 'demo-html', `demo-${clientKey}`].map((model) =>
        client.chat.completions.create({ model, messages }, { maxRetries: 0 }).then(
          (answer) => JSON.stringify({ ...answer, model: '' }),
          (error: unknown) => String(error),
        ),
      ),
    );
    await until(() => collector.spans().filter(({ kind }) => kind === 'server').length >= answers.length, {
      what: 'the spans of all requests',
      timeoutMs: 15_000,
    });
    const texts = {
      answers: answers.join('\n'),
      spans: JSON.stringify(collector.spans()),
      logs: logs(),
      metrics: (await scrapes()).join('\n'),
    };
    for (const [where, text] of Object.entries(texts)) {
      expect(text.length, where).toBeGreaterThan(100);
      expect(text, where).not.toContain(canary);
    }
    expect(commands.lines().some((command) => command.includes('chat'))).toBe(true);
    // The stored request keeps the client's own model name unchanged, even if the client puts its key there.
    const withKeys = commands.lines().filter((command) => command.includes(canary));
    expect(withKeys.filter((command) => !command.includes(`demo-${clientKey}`))).toEqual([]);
  });
});
