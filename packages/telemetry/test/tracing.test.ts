import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSpan } from '../src/tracing.ts';
import { shapedSecret } from './canary.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const root = { name: 'root', kind: 'server' } as const;
const child = { name: 'child', kind: 'internal' } as const;

afterEach(() => {
  trace.disable();
});

describe('startSpan while tracing is off', () => {
  it('returns one shared handle that does nothing', () => {
    const span = startSpan(root);
    expect(startSpan({ ...child, parent: span })).toBe(span);
    span.set({ a: 1 });
    span.event('e');
    span.fail({ code: 'c', message: 'm' });
    span.end();
    expect(span.traceId).toBeUndefined();
    expect(span.sampledTraceId).toBeUndefined();
    expect(span.carrier()).toEqual({});
  });

  it("passes a client's own trace through, also to children", () => {
    const span = startSpan({ ...root, parent: { traceparent, tracestate: 'vendor=1' } });
    const grandchild = startSpan({ ...child, parent: startSpan({ ...child, parent: span }) });
    expect(grandchild.traceId).toBe(traceId);
    expect(grandchild.sampledTraceId).toBeUndefined();
    expect(grandchild.carrier()).toEqual({ traceparent, tracestate: 'vendor=1' });
  });

  it.each([{}, { traceparent: 'garbage' }, { tracestate: 'vendor=1' }])('drops an invalid context: %j', (parent) => {
    expect(startSpan({ ...root, parent }).carrier()).toEqual({});
  });
});

describe('startSpan with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  const finished = () => exporter.getFinishedSpans();

  beforeEach(() => {
    exporter.reset();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  });

  it('builds one trace over spans, carriers and processes', () => {
    const server = startSpan({ ...root, parent: { traceparent } });
    const send = startSpan({ name: 'send', kind: 'producer', parent: server });
    const work = startSpan({ name: 'process', kind: 'consumer', parent: send.carrier() });
    for (const span of [work, send, server]) span.end();
    const [processed, sent, served] = finished();
    expect(new Set(finished().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    expect(served?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(sent?.parentSpanContext?.spanId).toBe(served?.spanContext().spanId);
    expect(processed?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    expect(finished().map(({ kind }) => kind)).toEqual([SpanKind.CONSUMER, SpanKind.PRODUCER, SpanKind.SERVER]);
    expect(server.traceId).toBe(traceId);
  });

  it('reports which traces are recorded', () => {
    expect(startSpan({ ...root, parent: { traceparent } }).sampledTraceId).toBe(traceId);
    const unsampled = startSpan({ ...root, parent: { traceparent: traceparent.replace(/01$/, '00') } });
    expect([unsampled.traceId, unsampled.sampledTraceId]).toEqual([traceId, undefined]);
  });

  it('starts a new trace if the parent is missing or invalid', () => {
    const spans = [startSpan(root), startSpan({ ...root, parent: { traceparent: 'garbage' } })];
    for (const span of spans) span.end();
    expect(finished().map((span) => span.parentSpanContext)).toEqual([undefined, undefined]);
    expect(spans[0]?.traceId).not.toBe(spans[1]?.traceId);
  });

  it('keeps attributes, omits undefined ones and cuts long texts', () => {
    const span = startSpan({ ...root, attributes: { a: 'x'.repeat(9000), b: undefined } });
    span.set({ c: 3, d: true, e: ['y'.repeat(9000)] });
    span.end();
    expect(finished()[0]?.attributes).toEqual({ a: 'x'.repeat(1024), c: 3, d: true, e: ['y'.repeat(1024)] });
  });

  it('marks a failed span with its code and message', () => {
    const span = startSpan(root);
    span.fail({ code: 'upstream_timeout', message: 'no answer' });
    span.end();
    expect(finished()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no answer' });
    expect(finished()[0]?.attributes).toEqual({ 'error.type': 'upstream_timeout' });
  });

  it('ignores every call after the end', () => {
    const span = startSpan(root);
    span.end();
    span.set({ a: 1 });
    span.event('e');
    span.fail({ code: 'c', message: 'm' });
    span.end();
    expect(finished()).toHaveLength(1);
    expect(finished()[0]).toMatchObject({ attributes: {}, events: [], status: { code: SpanStatusCode.UNSET } });
    expect(span.carrier().traceparent).toContain(span.traceId);
  });

  it('may start in the past, and never ends before its start', () => {
    const now = Date.now();
    startSpan({ ...child, startTimeMs: now - 1500 }).end(now);
    startSpan({ ...child, startTimeMs: now + 5000 }).end(now);
    const [wait, skewed] = finished();
    expect(wait?.duration).toEqual([1, 500_000_000]);
    expect(skewed?.duration).toEqual([0, 0]);
  });

  it('hides a canary in every name, attribute, event and status', () => {
    fc.assert(
      fc.property(shapedSecret, fc.lorem(), ({ secret, heart }, words) => {
        exporter.reset();
        const text = `${words} ${secret}`;
        const span = startSpan({ name: `chat ${secret}`, kind: 'client', attributes: { 'url.path': `/${secret}` } });
        span.set({ 'gen_ai.request.model': text, list: [text] });
        span.event('first_chunk', { text });
        span.fail({ code: 'upstream_error', message: `https://u:${secret}@h/?key=${secret}` });
        span.end();
        const [{ name, attributes, events, status } = {}] = finished();
        const shown = JSON.stringify({ name, attributes, events, status });
        expect(shown).toContain('[redacted]');
        expect(shown).not.toContain(heart);
      }),
      { numRuns: 50 },
    );
  });

  it('hides a secret that the length limit cuts in two', () => {
    const secret = `sk-${'Q'.repeat(40)}`;
    const span = startSpan(root);
    for (const at of [1000, 1010, 1020, 4070, 4090]) span.set({ [`at${at}`]: 'x '.repeat(at / 2) + secret });
    span.end();
    expect(JSON.stringify(finished()[0]?.attributes)).not.toContain('QQQQ');
  });
});
