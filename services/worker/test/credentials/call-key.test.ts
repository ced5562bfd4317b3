import { createSecret } from '@sluice/config';
import type { TokenAnswer, TokenCredential, TokenVault } from '@sluice/access-tokens';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeCallKey } from '../../src/credentials/call-key.ts';

const tokenCredential: TokenCredential = {
  upstreamId: 'u',
  credentialId: 'a',
  source: { renewBeforeMs: 0, unknownLifeMs: 0 },
  obtain: () => Promise.resolve({ kind: 'failed', failure: { kind: 'server', message: '' } }),
};
const credential = { id: 'a', apiKey: undefined, tokens: { kind: 'anonymous' }, tokenCredential } as const;
const signal = new AbortController().signal;

const vaultWith = (answer: Promise<TokenAnswer>): TokenVault => ({
  get: () => answer,
  refuse: () => Promise.resolve(),
  close: () => Promise.resolve(),
});
const never = vaultWith(new Promise(() => undefined));

describe('the key of a call', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is the configured key', async () => {
    const fixed = { ...credential, apiKey: createSecret('sk'), tokens: undefined, tokenCredential: undefined };
    expect(await takeCallKey(fixed, { tokens: never, signal, remainingMs: 5 })).toEqual({ kind: 'key', apiKey: 'sk' });
  });

  it('is the access token that all workers use now', async () => {
    const tokens = vaultWith(Promise.resolve({ kind: 'token', value: 't', version: 'v', origin: 'awaited' }));
    expect(await takeCallKey(credential, { tokens, signal, remainingMs: 5 })).toEqual({
      kind: 'key',
      apiKey: 't',
      token: { credential: tokenCredential, version: 'v', origin: 'awaited' },
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for beyond the deadline', async () => {
    const taken = takeCallKey(credential, { tokens: never, signal, remainingMs: 500 });
    await vi.advanceTimersByTimeAsync(500);
    expect(await taken).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
  });

  it('is not waited for when its request is cancelled', async () => {
    const controller = new AbortController();
    const taken = takeCallKey(credential, { tokens: never, signal: controller.signal, remainingMs: 500 });
    controller.abort();
    expect(await taken).toEqual({ kind: 'aborted' });
    const late = takeCallKey(credential, { tokens: never, signal: controller.signal, remainingMs: 500 });
    expect(await late).toEqual({ kind: 'aborted' });
  });

  it('is not there while Redis is away', async () => {
    const tokens = vaultWith(Promise.reject(new Error('Connection is closed.')));
    await expect(takeCallKey(credential, { tokens, signal, remainingMs: 500 })).rejects.toThrow('Connection is closed');
  });
});
