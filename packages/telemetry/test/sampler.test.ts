import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { createSampler } from '../src/sampler.ts';
import { withForeignParent } from '../src/foreign-parent.ts';

const traceId = '00000000000000000000000000000001';
const parent = (traceFlags: TraceFlags) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags, isRemote: true });

function isSampled(env: Readonly<Record<string, string>>, context: typeof ROOT_CONTEXT): boolean {
  const { decision } = createSampler(env).shouldSample(context, traceId, 'POST', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

const none = { OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
const tenth = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };

describe('the sampler', () => {
  it.each([
    [{}, true],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, true],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, false],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, false],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }, true],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, true],
    [none, false],
    [tenth, true],
    [{ OTEL_TRACES_SAMPLER: 'no such' }, true],
  ])('is selected by %j', (env, expected) => {
    expect(isSampled(env, ROOT_CONTEXT)).toBe(expected);
  });

  it('follows the decision of a parent in Sluice', () => {
    expect(isSampled(none, parent(TraceFlags.SAMPLED))).toBe(true);
    expect(isSampled({}, parent(TraceFlags.NONE))).toBe(false);
  });

  it('decides itself if the parent is a client’s', () => {
    expect(isSampled(none, withForeignParent(parent(TraceFlags.SAMPLED)))).toBe(false);
    expect(isSampled({}, withForeignParent(parent(TraceFlags.NONE)))).toBe(true);
  });

  it('ignores the trace id of a client', () => {
    const sampled = Array.from({ length: 1000 }, () => isSampled(tenth, withForeignParent(parent(TraceFlags.SAMPLED))));
    const share = sampled.filter(Boolean).length / sampled.length;
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.2);
  });
});
