import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../../src/otlp/otlp-receiver.ts';

const span = { traceId: 't', spanId: 's', name: 'chat', startTimeUnixNano: '1000000', endTimeUnixNano: '2000000' };
const traces = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
const json = { 'content-type': 'application/json' };

async function start(): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

async function post(
  url: string,
  init: { headers: Record<string, string>; body: string | Buffer<ArrayBuffer> },
): Promise<Response> {
  return fetch(url, { method: 'POST', ...init });
}

test('collects spans, plain and gzipped, in the order of arrival', async () => {
  const receiver = await start();
  const url = `${receiver.url}/v1/traces`;
  expect((await post(url, { headers: json, body: traces })).status).toBe(200);
  const gzipped = await post(url, { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(traces) });
  expect(await gzipped.json()).toEqual({});
  expect(receiver.spans()).toMatchObject([{ name: 'chat', startMs: 1, endMs: 2 }, { name: 'chat' }]);
});

test('returns the variables with which a process sends its spans to it', async () => {
  const { url, env } = await start();
  expect(env).toMatchObject({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
  });
});

test.each([
  ['another path', '/v1/metrics', json, traces, 404, 'Only POST /v1/traces, not POST /v1/metrics.'],
  [
    'protobuf',
    '/v1/traces',
    { 'content-type': 'application/x-protobuf' },
    'x',
    415,
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json',
  ],
  ['broken JSON', '/v1/traces', json, '{', 400, 'Not an export of traces: SyntaxError'],
  ['other JSON', '/v1/traces', json, '{}', 400, 'Not an export of traces: TypeError: resourceSpans is missing'],
])('refuses %s and says why', async (_name, path, headers, body, status, message) => {
  const receiver = await start();
  const response = await post(receiver.url + path, { headers, body });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining(message) as string });
  expect(receiver.spans()).toEqual([]);
});
