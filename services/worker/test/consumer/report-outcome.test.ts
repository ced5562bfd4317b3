import { retryPresets } from '@sluice/policy';
import { type End, failedSchema, firstRetryState, GatewayError, type LastFailure, retrySchema } from '@sluice/protocol';
import type { SpanAttributes } from '@sluice/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { describeOutcome, publishOutcome } from '../../src/consumer/report-outcome.ts';
import type { Outcome } from '../../src/run/claimed-run.ts';
import { claimedRunWith, jobWith } from '../scene.ts';

const lastFailure: LastFailure = { kind: 'server', message: 'a secret', status: 503, target: 'u/m' };
const end: End = { finishReason: 'stop', responseModel: 'm-1', events: 3, burntTokens: 0 };
const state = { ...firstRetryState, attempts: 2, lastFailure };
const error = new GatewayError('upstream_error', { message: 'The provider is busy.' });
const failed: Outcome = { kind: 'error', error, attempts: 2, events: 3, lastFailure };
const again: Outcome = { kind: 'retry', delayMs: 400, state, error, baseDelayMs: 200 };

function publish(outcome: Outcome) {
  const frames: { readonly kind: string; readonly payload: unknown }[] = [];
  const { publisher } = claimedRunWith();
  const send = (kind: string, payload: unknown): void => void frames.push({ kind, payload });
  publishOutcome({ ...publisher, send }, outcome);
  return frames;
}

describe('the last frame of a run', () => {
  it('is the end of its answer', () => {
    expect(publish({ kind: 'end', end, attempts: 1 })).toEqual([{ kind: 'end', payload: end }]);
  });

  it('is its error, with the kind and the status of the last failure but not its text', () => {
    const [frame] = publish(failed);
    expect(frame?.kind).toBe('error');
    expect(failedSchema.parse(frame?.payload)).toMatchObject({
      error: { code: 'upstream_error', message: 'The provider is busy.' },
      attempts: 2,
      events: 3,
      failure: { kind: 'server', status: 503 },
    });
    expect(JSON.stringify(frame?.payload)).not.toContain('a secret');
  });

  it('has the cost of all calls', () => {
    const spent = { costMicros: 12, isEstimated: true };
    const frames = [
      ...publish({ kind: 'end', end: { ...end, ...spent }, attempts: 1 }),
      ...publish({ kind: 'error', error, attempts: 2, events: 3, spent }),
    ];
    for (const { payload } of frames) expect(payload).toMatchObject(spent);
  });

  it('names no failure if no call was made', () => {
    const [frame] = publish({ kind: 'error', error, attempts: 0, events: 0 });
    expect(failedSchema.parse(frame?.payload).failure).toBeUndefined();
  });

  it('is the state for another run, with the error in case none follows', () => {
    const [frame] = publish(again);
    expect(frame?.kind).toBe('retry');
    expect(retrySchema.parse(frame?.payload)).toMatchObject({ delayMs: 400, state, error: { code: 'upstream_error' } });
  });
});

function describeWith(outcome: Outcome) {
  const warn = vi.fn<(fields: object, message: string) => void>();
  const fail = vi.fn<(failure: { readonly code: string; readonly message: string }) => void>();
  const attributes: SpanAttributes[] = [];
  const { span } = claimedRunWith();
  const needs = { logger: { warn }, policy: retryPresets.default };
  describeOutcome(needs, jobWith(), {
    outcome,
    span: {
      ...span,
      traceId: 'trace',
      fail,
      set: (given) => void attributes.push(typeof given === 'function' ? given() : given),
    },
  });
  return { warn, fail, attributes };
}

describe('the span and the log', () => {
  it('have the usage of an answer, and no line', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 20,
      total_tokens: 30,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 6 },
    };
    const { attributes, warn, fail } = describeWith({ kind: 'end', end: { ...end, usage }, attempts: 2 });
    expect(attributes).toMatchObject([
      {
        'gen_ai.response.model': 'm-1',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.usage.reasoning.output_tokens': 6,
        'sluice.attempts': 2,
      },
    ]);
    expect(warn).not.toHaveBeenCalled();
    expect(fail).not.toHaveBeenCalled();
  });

  it.each([
    ['none', undefined],
    ['a text', 'many'],
    ['a list', [1]],
  ])('leave out details of a usage that are not numbers: %s', (_what, cached) => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 2,
      prompt_tokens_details: { cached_tokens: cached },
    };
    const { attributes } = describeWith({ kind: 'end', end: { ...end, usage }, attempts: 1 });
    expect(attributes[0]?.['gen_ai.usage.cache_read.input_tokens']).toBeUndefined();
  });

  it.each<[string, Outcome, object, string]>([
    ['a failed request', failed, { attempts: 2, retryable: true }, 'request failed'],
    [
      'a request that runs again',
      again,
      { attempts: 2, delay_ms: 400, base_delay_ms: 200 },
      'upstream failed; the request will be tried again',
    ],
  ])('tell the reason of %s', (_what, outcome, fields, message) => {
    const { warn, fail } = describeWith(outcome);
    expect(fail).toHaveBeenCalledExactlyOnceWith({ code: 'upstream_error', message: 'The provider is busy.' });
    expect(warn.mock.calls).toMatchObject([
      [
        {
          internal_id: 'r',
          trace_id: 'trace',
          epoch: 1,
          code: 'upstream_error',
          reason: 'The provider is busy.',
          kind: 'server',
          target: 'u/m',
          status: 503,
          max_attempts: 5,
          ...fields,
        },
        message,
      ],
    ]);
  });

  it('have no line about a request that its client cancelled', () => {
    const cancelled = new GatewayError('request_cancelled');
    const { warn, fail } = describeWith({ kind: 'error', error: cancelled, attempts: 1, events: 0 });
    expect(warn).not.toHaveBeenCalled();
    expect(fail).toHaveBeenCalledOnce();
  });
});
