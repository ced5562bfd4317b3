import type { UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { obtainToken } from '../src/obtain-token.ts';

const nowMs = 1_000_000;
const tokenOf = (value: string, over: Partial<ProviderToken> = {}): ProviderToken => ({
  value,
  expiresAtMs: nowMs + 3_600_000,
  renewal: undefined,
  ...over,
});
const renewed = (value: string): TokenResult => ({ kind: 'token', token: tokenOf(value) });
const refused = (kind: UpstreamFailure['kind'], renewal?: string): TokenResult => ({
  kind: 'failed',
  failure: { kind, message: kind },
  renewal,
});

interface Scene {
  readonly stored?: ProviderToken;
  readonly brought?: ProviderToken;
  /** The provider's answers, in order. */
  readonly answers?: readonly TokenResult[];
}

async function obtain({ stored, brought, answers = [] }: Scene) {
  const asked: (string | undefined)[] = [];
  const limits: number[] = [];
  const failures: string[] = [];
  const left = [...answers];
  let now = 0;
  const result = await obtainToken(
    { limitMs: 15_000, onFailed: (_credential, { kind }) => failures.push(kind), now: () => now },
    {
      upstreamId: 'u',
      credentialId: 'a',
      source: { renewBeforeMs: 60_000, unknownLifeMs: 3_600_000 },
      obtain(before, _nowMs, withinMs) {
        asked.push(before?.value);
        limits.push(withinMs);
        now += 4000;
        return Promise.resolve(left.shift() ?? refused('server'));
      },
      readBrought: () => Promise.resolve(brought),
    },
    { stored, nowMs },
  );
  return { result, asked, limits, failures };
}

const valueOf = (result: TokenResult): string | undefined => (result.kind === 'token' ? result.token.value : undefined);

describe('an access token', () => {
  it.each<[string, Scene, (string | undefined)[], string | undefined, boolean]>([
    ['is renewed with the stored one', { stored: tokenOf('s'), answers: [renewed('n')] }, ['s'], 'n', false],
    ['is issued to a guest, who has none', { answers: [renewed('n')] }, [undefined], 'n', false],
    ['is the one that a person has provided, while it is not due', { brought: tokenOf('b') }, [], 'b', true],
    [
      'is renewed with the one that a person has provided, once it is due',
      { brought: tokenOf('b', { expiresAtMs: nowMs + 1000 }), answers: [renewed('n')] },
      ['b'],
      'n',
      false,
    ],
    [
      'is the one of a person when the provider refuses the stored one',
      { stored: tokenOf('s'), brought: tokenOf('b'), answers: [refused('authentication')] },
      ['s'],
      'b',
      true,
    ],
    [
      'is not taken from a person for a failure that passes',
      { stored: tokenOf('s'), brought: tokenOf('b'), answers: [refused('server')] },
      ['s'],
      undefined,
      false,
    ],
    [
      'is not tried twice if the person has provided the stored one',
      { stored: tokenOf('s'), brought: tokenOf('s'), answers: [refused('authentication')] },
      ['s'],
      undefined,
      false,
    ],
    [
      'is missing if a person has to provide it and has not',
      { answers: [refused('authentication')] },
      [undefined],
      undefined,
      false,
    ],
  ])('%s', async (_what, scene, expected, value, isBrought) => {
    const { result, asked } = await obtain(scene);
    expect(asked).toEqual(expected);
    expect([valueOf(result), result.isBrought]).toEqual([value, isBrought]);
  });

  it('of a person is used while it is valid, although it cannot be renewed, and the failure is reported', async () => {
    const brought = tokenOf('b', { expiresAtMs: nowMs + 1000, renewal: 'old' });
    const { result, failures } = await obtain({ brought, answers: [refused('server', 'next')] });
    expect(result).toEqual({ kind: 'token', token: { ...brought, renewal: 'next' }, isBrought: true });
    expect(failures).toEqual(['server']);
  });

  it('of a person is not used after its end', async () => {
    const brought = tokenOf('b', { expiresAtMs: nowMs - 1 });
    const { result, failures } = await obtain({ brought, answers: [refused('server')] });
    expect([result.kind, failures]).toEqual(['failed', []]);
  });

  it('is obtained within one time limit for all requests', async () => {
    const brought = tokenOf('b', { expiresAtMs: nowMs + 1000 });
    const { limits } = await obtain({
      stored: tokenOf('s'),
      brought,
      answers: [refused('authentication'), renewed('n')],
    });
    expect(limits).toEqual([15_000, 11_000]);
  });
});
