import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, startOtlpReceiver, until } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { type ChildRun, runWorker, saidBy } from './run-child.ts';

const canary = 'sk-canary-4f9a1c77';

async function receiver() {
  const started = await startOtlpReceiver();
  onTestFinished(() => started.close());
  return started;
}

/** Starts a collector that refuses everything. */
async function refuser() {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume();
    response.writeHead(400).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

function worker(env: Record<string, string>): ChildRun {
  const run = runWorker({ TEST_CANARY: canary, ...env });
  onTestFinished(async () => {
    run.process.kill('SIGKILL');
    await run.exited;
  });
  return run;
}

const overHttp = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });

describe('without an exporter', () => {
  it.each([
    ['nothing set', {}],
    ['exporter none', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }],
    ['SDK disabled', { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }],
  ])('loads no SDK module: %s', async (_, env) => {
    const run = worker(env);
    expect(await run.exited).toBe(0);
    const loaded = saidBy(run, 'loaded') as string[];
    expect(loaded.some((url) => url.includes('/@opentelemetry/api/'))).toBe(true);
    expect(loaded.filter((url) => /\/@opentelemetry\/(?!api\/)/.test(url))).toEqual([]);
    expect(run.stderr()).toBe('');
  });

  it("passes a client's trace context on to the upstream unchanged", async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const run = worker({ TEST_TRACEPARENT: traceparent });
    expect(await run.exited).toBe(0);
    expect(saidBy(run, 'attempt')).toBe(traceparent);
  });
});

describe('with an OTLP exporter', () => {
  it('sends one trace over all hops before it exits', async () => {
    const collector = await receiver();
    const run = worker({
      ...overHttp(collector.url),
      TEST_TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(await run.exited).toBe(0);
    const spans = collector.spans();
    const byName = new Map(spans.map((span) => [span.name, span]));
    const parentOf = (name: string) => spans.find((span) => span.spanId === byName.get(name)?.parentSpanId)?.name;
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
    expect(byName.get('POST /v1/chat/completions')?.parentSpanId).toBe('b7ad6b7169203331');
    expect(parentOf('send chat')).toBe('POST /v1/chat/completions');
    expect(parentOf('process chat')).toBe('send chat');
    expect(parentOf('queue wait')).toBe('process chat');
    expect(parentOf('chat demo')).toBe('process chat');
    expect(parentOf('POST')).toBe('chat demo');
    expect(byName.get('chat demo')?.events.map((event) => event.name)).toEqual(['first_chunk']);
    const { startMs = 0, endMs = 0 } = byName.get('queue wait') ?? {};
    expect(endMs - startMs).toBeCloseTo(1500);
    expect(run.stderr()).toBe('');
  });

  it('marks a failed attempt and hides the canary everywhere', async () => {
    const collector = await receiver();
    const run = worker(overHttp(collector.url));
    expect(await run.exited).toBe(0);
    const attempt = collector.spans().find((span) => span.name === 'POST');
    expect(attempt?.attributes).toMatchObject({
      'error.type': 'upstream_error',
      'url.full': 'https://api.example.com/v1/chat',
      'sluice.credential_id': 'a',
    });
    expect(attempt?.status).toEqual({ code: 'error', message: 'refused with [redacted]' });
    expect(JSON.stringify(collector.spans())).not.toContain(canary);
  });

  it('names the service after its main script, with version and instance, without the command line', async () => {
    const collector = await receiver();
    expect(await worker(overHttp(collector.url)).exited).toBe(0);
    const resource = collector.spans()[0]?.resource ?? {};
    expect(resource).toMatchObject({ 'service.name': 'sluice-worker', 'service.version': manifest.version });
    expect(resource['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.keys(resource).filter((name) => name.startsWith('process.'))).toEqual([]);
  });

  it.each([
    ['SLUICE_SERVICE', { SLUICE_SERVICE: 'mine' }, 'mine'],
    ['OTEL_SERVICE_NAME', { SLUICE_SERVICE: 'mine', OTEL_SERVICE_NAME: 'theirs' }, 'theirs'],
    ['OTEL_RESOURCE_ATTRIBUTES', { OTEL_RESOURCE_ATTRIBUTES: 'service.name=other' }, 'other'],
  ])('takes the service name from %s', async (_, env, name) => {
    const collector = await receiver();
    expect(await worker({ ...overHttp(collector.url), ...env }).exited).toBe(0);
    expect(collector.spans()[0]?.service).toBe(name);
  });

  it('follows the standard sampler: unsampled traces are passed on as unsampled, not sent', async () => {
    const collector = await receiver();
    const run = worker({
      ...overHttp(collector.url),
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    expect(await run.exited).toBe(0);
    expect(saidBy(run, 'attempt')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(collector.spans()).toEqual([]);
  });

  it.each([
    [undefined, 'gen_ai.usage.cache_creation.input_tokens'],
    ['http,gen_ai_latest_experimental', 'gen_ai.usage.cache_write.input_tokens'],
  ])('names cache writes after OTEL_SEMCONV_STABILITY_OPT_IN=%s', async (optIn, name) => {
    const collector = await receiver();
    const env = optIn === undefined ? {} : { OTEL_SEMCONV_STABILITY_OPT_IN: optIn };
    expect(await worker({ ...overHttp(collector.url), ...env }).exited).toBe(0);
    const attributes = collector.spans().find((span) => span.name === 'chat demo')?.attributes ?? {};
    expect(Object.keys(attributes).filter((key) => key.includes('cache_'))).toEqual([name]);
  });
});

describe('with an unavailable collector', () => {
  it('writes a single line for all failed exports, including the lost last spans', async () => {
    const collector = await refuser();
    const run = worker({ ...overHttp(collector.url), OTEL_BSP_SCHEDULE_DELAY: '20', TEST_KEEP_EMITTING: '1' });
    await until(() => collector.requests() > 5, { what: 'six refused exports' });
    run.process.stdin?.write('stop\n');
    expect(await run.exited).toBe(0);
    expect(run.stderr()).toBe('sluice telemetry: the export failed: Bad Request, 400\n');
  });

  it('reports lost last spans without a collector, and ends within the given time', async () => {
    const run = worker({ ...overHttp(`http://127.0.0.1:${await freePort()}`), TEST_SHUTDOWN_MS: '200' });
    expect(await run.exited).toBe(0);
    expect(run.stderr()).toBe('sluice telemetry: the last spans were not sent: no answer within 200 ms\n');
    expect(Number(saidBy(run, 'shutdownMs'))).toBeLessThan(1000);
  });

  it.each([['not a url'], ['collector:4318'], ['tcp://user:sk-canary-4f9a1c77@collector']])(
    'runs without traces, ends at once and gives the reason in one line if the endpoint is %j',
    async (endpoint) => {
      const run = worker(overHttp(endpoint));
      expect(await run.exited).toBe(0);
      expect(run.stderr()).toBe(
        'sluice telemetry: tracing is off: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL like http://collector:4318\n',
      );
      expect(Number(saidBy(run, 'shutdownMs'))).toBeLessThan(100);
    },
  );
});
