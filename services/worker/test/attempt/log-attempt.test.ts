import type { UpstreamFailure } from '@sluice/protocol';
import { describe, expect, it, vi } from 'vitest';
import { logDetail, logFailedAttempt, logThrown, type RunLogger } from '../../src/attempt/log-attempt.ts';
import { failedWith } from '../run/progress-scene.ts';
import { chosenWith, claimedRunWith } from '../scene.ts';

describe('the line of a failed attempt', () => {
  function lineOf(failure: UpstreamFailure): unknown {
    const warn = vi.fn<RunLogger['warn']>();
    logFailedAttempt({ warn }, claimedRunWith(), {
      chosen: chosenWith({ number: 4 }),
      result: failedWith(failure, { events: 2 }),
      remedy: 'retry',
      attempts: 3,
      maxAttempts: 5,
    });
    return warn.mock.calls;
  }

  it('tells where and how it failed, and what follows', () => {
    const failure = {
      kind: 'server',
      message: 'busy',
      status: 503,
      code: 'overloaded',
      retryAfterMs: 7,
      shouldRetry: true,
    } as const;
    expect(lineOf(failure)).toEqual([
      [
        {
          internal_id: 'r',
          trace_id: undefined,
          epoch: 1,
          attempt: 4,
          max_attempts: 5,
          upstream: 'u',
          model: 'm',
          target: 'u/m',
          credential: 'a',
          kind: 'server',
          status: 503,
          provider_code: 'overloaded',
          reason: 'busy',
          remedy: 'retry',
          should_retry: true,
          retry_after_ms: 7,
          events: 2,
        },
        'attempt 3 of 5 failed',
      ],
    ]);
  });

  it("has at most 500 characters of a provider's text", () => {
    const line = lineOf({ kind: 'server', message: 'x'.repeat(501) });
    expect(line).toMatchObject([[{ reason: 'x'.repeat(500) }, 'attempt 3 of 5 failed']]);
  });
});

describe('a debug line', () => {
  it.each([true, false])('computes its fields only if the level is enabled: %s', (isEnabled) => {
    const debug = vi.fn<RunLogger['debug']>();
    const fields = vi.fn<() => object>(() => ({ a: 1 }));
    logDetail({ debug, isLevelEnabled: () => isEnabled }, 'run begins', fields);
    expect(fields).toHaveBeenCalledTimes(isEnabled ? 1 : 0);
    expect(debug.mock.calls).toEqual(isEnabled ? [[{ a: 1 }, 'run begins']] : []);
  });
});

describe('the line of an error that an adapter threw', () => {
  const secret = 'sk-0123456789abcdef';
  function lineOf(error: unknown): unknown {
    const warn = vi.fn<RunLogger['warn']>();
    logThrown({ warn }, error, { requestId: 'r', upstream: 'u', model: 'm', secrets: [secret] });
    return warn.mock.calls[0]?.[0];
  }

  it('has its type and its stack, without its message and without secrets', () => {
    const error = new TypeError('the prompt of a client');
    error.stack = `TypeError: the prompt of a client\n    at translate (stream.ts:1:2)\n    at https://h/?key=${secret}`;
    expect(lineOf(error)).toEqual({
      internal_id: 'r',
      upstream: 'u',
      model: 'm',
      type: 'TypeError',
      stack: expect.stringMatching(/^ {4}at translate \(stream\.ts:1:2\)\n {4}at https:/),
    });
    expect(JSON.stringify(lineOf(error))).not.toMatch(/0123456789abcdef|prompt/);
  });

  it('has at most 2000 characters of the stack', () => {
    const error = new Error('no');
    error.stack = '    at somewhere (file.ts:1:2)\n'.repeat(100);
    expect(lineOf(error)).toMatchObject({ stack: expect.stringMatching(/^[^]{2000}$/) });
  });

  it.each([
    ['a text', 'string'],
    [undefined, 'undefined'],
  ])('has no stack if another value was thrown: %s', (thrown, type) => {
    expect(lineOf(thrown)).toMatchObject({ type, stack: '' });
  });
});
