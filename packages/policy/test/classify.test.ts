import { classify, clientWaitMs, isCredentialRefused, isSpoiled, cooldownScope, toClientError } from '@sluice/policy';
import type { FailureKind } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

describe('classify and toClientError (rows 000-28 to 000-33)', () => {
  it.each<[FailureKind, string, string, number]>([
    ['network', 'retry', 'upstream_error', 502],
    ['server', 'retry', 'upstream_error', 502],
    ['busy', 'retry', 'upstream_error', 502],
    ['timeout', 'retry', 'upstream_timeout', 504],
    ['certificate', 'next_target', 'upstream_error', 502],
    ['truncated', 'retry', 'upstream_truncated', 502],
    ['malformed', 'retry', 'upstream_malformed', 502],
    ['rate_limit', 'next_credential', 'upstream_rate_limited', 429],
    ['quota', 'next_credential', 'upstream_rate_limited', 429],
    ['authentication', 'next_credential', 'upstream_authentication', 502],
    ['permission', 'doubt_credential', 'upstream_authentication', 502],
    ['not_found', 'next_target', 'model_not_found', 404],
    ['certificate', 'next_target', 'upstream_error', 502],
    ['unexpected', 'next_target', 'upstream_error', 502],
    ['context_length', 'next_target', 'context_length_exceeded', 400],
    ['content_policy', 'next_target', 'content_policy_violation', 400],
    ['invalid_request', 'give_up', 'upstream_rejected', 400],
  ])('%s: %s, and %s (%i) if the request ends', (kind, remedy, code, status) => {
    const failure = { kind, message: 'said the provider' };
    expect(classify(failure).remedy).toBe(remedy);
    expect(toClientError(failure)).toMatchObject({ code, status });
  });

  it('tries another credential if one cannot serve the request but others can', () => {
    const failure = { kind: 'unsupported', message: '', isOfCredential: true } as const;
    expect(classify(failure)).toEqual({ remedy: 'other_credential', countsAgainstTarget: false });
  });

  it.each<[boolean | undefined]>([[undefined], [true]])(
    'ends a request whose content was refused if the operator has set it (x-should-retry: %s)',
    (shouldRetry) => {
      expect(classify({ kind: 'content_policy', message: '', shouldRetry }, 'end').remedy).toBe('give_up');
      expect(classify({ kind: 'context_length', message: '' }, 'end').remedy).toBe('next_target');
    },
  );

  it('hides the text of a provider about the credentials', () => {
    const error = toClientError({ kind: 'authentication', message: 'Incorrect API key provided: sk-ab***', code: 'x' });
    expect(error.message).not.toContain('sk-ab');
    expect(error.upstreamCode).toBeUndefined();
  });

  it('never asks a client to wait for more than a minute', () => {
    expect(toClientError({ kind: 'rate_limit', message: '', retryAfterMs: 3_600_000 }).retryAfterMs).toBe(60_000);
    expect([0, 1500, 60_000, 60_001, Infinity].map(clientWaitMs)).toEqual([0, 1500, 60_000, 60_000, 60_000]);
  });

  it('blames the credential for 401 and 403 only', () => {
    const kinds: FailureKind[] = ['authentication', 'permission', 'rate_limit', 'quota', 'server'];
    expect(kinds.map((kind) => isCredentialRefused({ kind, message: '' }))).toEqual([true, true, false, false, false]);
  });

  it('limits a cooldown to one model, unless the provider limits the whole credential', () => {
    const scopeOf = (kind: FailureKind, more: object = {}) => cooldownScope({ kind, message: '', ...more });
    expect(scopeOf('rate_limit')).toBe('model');
    expect(scopeOf('rate_limit', { rateLimitScope: 'model' })).toBe('model');
    expect(scopeOf('rate_limit', { rateLimitScope: 'account' })).toBe('credential');
    expect(scopeOf('permission', { code: 'model_not_allowed' })).toBe('model');
    expect(scopeOf('permission')).toBe('credential');
    expect(scopeOf('quota')).toBe('credential');
    expect(scopeOf('quota', { rateLimitScope: 'model' })).toBe('model');
    expect(scopeOf('authentication')).toBe('credential');
  });

  it.each<[FailureKind, boolean, string]>([
    ['server', false, 'next_target'],
    ['malformed', false, 'next_target'],
    ['rate_limit', false, 'next_credential'],
    ['invalid_request', false, 'give_up'],
    ['invalid_request', true, 'retry'],
    ['not_found', true, 'retry'],
    ['rate_limit', true, 'next_credential'],
    ['server', true, 'retry'],
  ])("follows the provider's x-should-retry header: %s, %s", (kind, shouldRetry, remedy) => {
    const failure = { kind, message: '', shouldRetry };
    expect(classify(failure).remedy).toBe(remedy);
    expect(toClientError(failure).retryable).toBe(shouldRetry);
  });

  it.each<[FailureKind, boolean]>([
    ['malformed', false],
    ['unexpected', false],
    ['content_policy', false],
    ['server', true],
    ['truncated', true],
  ])('tells SDKs whether to retry: %s', (kind, retryable) => {
    expect(toClientError({ kind, message: '' }).retryable).toBe(retryable);
  });

  it('marks an answer as spoiled if a repeated attempt would get the same', () => {
    expect(isSpoiled({ kind: 'malformed', message: '' })).toBe(true);
    expect(isSpoiled({ kind: 'malformed', message: '', shouldRetry: true })).toBe(false);
    expect(isSpoiled({ kind: 'server', message: '' })).toBe(false);
  });
});
