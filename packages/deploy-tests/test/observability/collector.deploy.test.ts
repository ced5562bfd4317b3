import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type CollectedSpan, type OtlpReceiver, startOtlpReceiver, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Scene, startScene } from '../../src/observability/scene.ts';
import { type Collector, startCollector } from '../../src/observability/start-collector.ts';
import { findTool } from '../../src/observability/tools.ts';
import { isMissing } from '../../src/wanted-tool.ts';

const binary = findTool('otelcol');
const waitSeconds = 12;
const waitAfterRootSeconds = 3;

/** The trace id of a client. */
const retried = '11111111111111111111111111111111';
/** More trace ids of clients, always the same: the collector samples one in a hundred by the id. */
const plain = Array.from({ length: 300 }, (_, at) =>
  createHash('sha256').update(`plain ${at}`).digest('hex').slice(0, 32),
);
const traceparent = (traceId: string): Readonly<Record<string, string>> => ({
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
});

let kept: OtlpReceiver;
let graph: OtlpReceiver;
let collector: Collector;
let scene: Scene;

const requestsOf = (spans: readonly CollectedSpan[]): CollectedSpan[] => spans.filter(({ kind }) => kind === 'server');
const tracesWith = (holds: (request: CollectedSpan) => boolean): CollectedSpan[][] =>
  requestsOf(kept.spans())
    .filter(holds)
    .map(({ traceId }) => kept.spans().filter((span) => span.traceId === traceId));

/** `name > name > …` of each span, from the root. */
function pathsOf(spans: readonly CollectedSpan[]): string[] {
  const pathOf = (span: CollectedSpan): string => {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return spans.map(pathOf).sort();
}

describe.skipIf(isMissing('a collector', binary !== undefined))(
  'the collector with its committed configuration',
  () => {
    beforeAll(async () => {
      kept = await startOtlpReceiver();
      graph = await startOtlpReceiver();
      collector = await startCollector({
        binary: binary ?? '',
        tracesEndpoint: kept.url,
        graphEndpoint: graph.url,
        waitSeconds,
        waitAfterRootSeconds,
      });
      scene = await startScene({ env: collector.env });
      await scene.ask('demo-t20-e429-n1', { headers: traceparent(retried) });
      await scene.ask('no-such-model');
      await scene.ask('demo-t5-f3000');
      await scene.ask('flaky-t20-i20-reset-k10-n1');
      // Longer than the wait after the root: the collector must not decide while the stream runs.
      await scene.ask('flaky-t100-i60-reset-k90-n1');
      for (let done = 0; done < plain.length; done += 10) {
        const some = plain.slice(done, done + 10);
        await Promise.all(some.map((traceId) => scene.ask('demo-t3', { headers: traceparent(traceId) })));
      }
      await until(() => kept.spans().some(({ traceId }) => traceId === retried), {
        what: 'a trace whose root is elsewhere, kept after the whole wait',
        timeoutMs: 60_000,
      });
      await until(() => tracesWith(({ attributes }) => attributes['sluice.resumptions'] === 1).length >= 2, {
        what: 'both resumed streams',
        timeoutMs: 60_000,
      });
    });

    afterAll(async () => {
      await scene?.stop();
      await collector?.stop();
      await kept?.close();
      await graph?.close();
    });

    it('passes on the spans of one request from both services', () => {
      const spans = kept.spans().filter(({ traceId }) => traceId === retried);
      const root = 'POST /v1/chat/completions';
      const work = `${root} > send chat > process chat`;
      const call = `${work} > chat demo-t20-e429-n1`;
      expect(pathsOf(spans)).toEqual(
        [
          root,
          `${root} > admission wait`,
          `${root} > send chat`,
          work,
          `${work} > queue wait`,
          call,
          `${call} > POST`,
          `${call} > POST`,
        ].sort(),
      );
      const named = (name: string): CollectedSpan[] =>
        spans.filter((span) => span.name === name).toSorted((a, b) => a.startMs - b.startMs);
      const [server] = named(root);
      expect(server).toMatchObject({ parentSpanId: 'b7ad6b7169203331', service: 'sluice-ingress', kind: 'server' });
      expect(server?.attributes).toMatchObject({
        'http.response.status_code': 200,
        'sluice.key_name': 'team-a',
        'sluice.upstream': 'main',
        'sluice.attempts': 2,
        'sluice.ttft_ms': expect.any(Number),
        'sluice.queue_wait_ms': expect.any(Number),
      });
      expect(named('admission wait')[0]).toMatchObject({ service: 'sluice-ingress', kind: 'internal' });
      expect(named('send chat')[0]).toMatchObject({ service: 'sluice-ingress', kind: 'producer' });
      expect(named('process chat')[0]).toMatchObject({ service: 'sluice-worker', kind: 'consumer' });
      expect(named('queue wait')[0]).toMatchObject({ service: 'sluice-worker', kind: 'internal' });
      const [inference] = spans.filter(({ name }) => name.startsWith('chat '));
      expect(inference).toMatchObject({ service: 'sluice-worker', kind: 'client' });
      expect(inference?.events.map(({ name }) => name)).toEqual(['first_chunk']);
      const [failed, answered] = named('POST');
      expect(failed).toMatchObject({ kind: 'client', status: { code: 'error' } });
      expect(failed?.attributes).toMatchObject({ 'error.type': 'rate_limit', 'http.response.status_code': 429 });
      expect(answered).toMatchObject({ kind: 'client', status: { code: 'unset' } });
      expect(answered?.attributes).toMatchObject({ 'sluice.upstream': 'main', 'http.request.resend_count': 1 });
      for (const span of spans) expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    });

    it('keeps requests that fail', () => {
      const [trace] = tracesWith(({ attributes }) => attributes['error.type'] === 'model_not_found');
      expect(trace?.map(({ name }) => name)).toContain('POST /v1/chat/completions');
    });

    it('keeps late first tokens', () => {
      const [trace] = tracesWith(({ attributes }) => Number(attributes['sluice.ttft_ms']) >= 2500);
      expect(trace?.map(({ service }) => service)).toEqual(expect.arrayContaining(['sluice-ingress', 'sluice-worker']));
    });

    it('keeps resumed streams whole, even one that takes longer than the wait after a root', () => {
      const traces = tracesWith(({ attributes }) => attributes['sluice.resumptions'] === 1);
      expect(traces).toHaveLength(2);
      for (const trace of traces) {
        const names = trace.map(({ name }) => name);
        expect(names.filter((name) => name === 'process chat')).toHaveLength(2);
        expect(names.filter((name) => name === 'POST')).toHaveLength(2);
      }
      const longest = Math.max(...requestsOf(traces.flat()).map(({ startMs, endMs }) => endMs - startMs));
      expect(longest).toBeGreaterThan(waitAfterRootSeconds * 1000);
    });

    it('counts every call in the service graph once, kept or not', async () => {
      const areAllThere = (): boolean => {
        const traces = new Set(graph.spans().map(({ traceId }) => traceId));
        return plain.every((traceId) => traces.has(traceId));
      };
      await until(areAllThere, { what: 'every trace, before any is dropped', timeoutMs: 30_000 });
      const counted = graph.spans();
      // The span of the whole inference is the parent of its attempts, and is left out.
      const ofRetried = counted.filter(({ traceId }) => traceId === retried);
      expect(ofRetried.filter(({ kind }) => kind === 'client').map(({ name }) => name)).toEqual(['POST', 'POST']);
      for (const attempt of counted.filter(({ name }) => name === 'POST')) {
        expect(['main', 'flaky']).toContain(attempt.attributes['sluice.upstream']);
      }
      const [send] = ofRetried.filter(({ kind }) => kind === 'producer');
      const [work] = ofRetried.filter(({ kind }) => kind === 'consumer');
      expect([send?.service, work?.service]).toEqual(['sluice-ingress', 'sluice-worker']);
      expect(work?.parentSpanId).toBe(send?.spanId);
    });

    it('keeps one in a hundred of the other traces', async () => {
      const keptOfPlain = (): string[] => {
        const ids = new Set(kept.spans().map(({ traceId }) => traceId));
        return plain.filter((traceId) => ids.has(traceId));
      };
      await until(() => keptOfPlain().length > 0, { what: 'one that is kept', timeoutMs: 60_000 });
      // The collector has decided on the last trace by then.
      await delay((waitSeconds + 3) * 1000);
      expect(keptOfPlain().length).toBeLessThan(10);
    });
  },
);
