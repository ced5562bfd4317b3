import { describe, expect, it } from 'vitest';
import { type Behaviour, behaviourOf, type CallStanding, isStatusFault } from '../../src/faults/behaviour.ts';
import { parseDirectives } from '../../src/faults/directives.ts';

function behaviour(text: string, standing: Partial<CallStanding> = {}): Behaviour {
  const parsed = parseDirectives(text);
  if ('unknown' in parsed) throw new Error(`not a directive: ${parsed.unknown}`);
  return behaviourOf(parsed.directives, { earlierTries: 0, percentile: 0, ...standing });
}

const plain = behaviour('');

describe('behaviourOf', () => {
  it('is 16 tokens at once by default', () => {
    expect(plain).toMatchObject({ tokens: 16, gapMs: 0, firstTokenMs: 0, faultAfterTokens: 2, fault: undefined });
  });

  it.each<[string, Partial<Behaviour>]>([
    ['t3', { tokens: 3 }],
    ['i10', { gapMs: 10 }],
    ['u250', { gapMs: 0.25 }],
    ['f50', { firstTokenMs: 50 }],
    ['s8', { padBytes: 8 }],
    ['q4', { reasoningTokens: 4 }],
    ['k9', { faultAfterTokens: 9 }],
    ['r2', { retryAfterSeconds: 2 }],
    ['rms150', { retryAfterMs: 150 }],
    ['each', { isEachAlone: true }],
    ['ping', { hasPings: true }],
    ['crlf', { hasCrlf: true }],
    ['split', { isSplit: true }],
    ['utf8', { isMultiByte: true }],
    ['parallel', { hasParallelCalls: true }],
    ['e503', { fault: { name: 'e', value: 503 } }],
    ['busy3', { fault: { name: 'busy', value: 3 } }],
    ['huge2', { fault: { name: 'huge', value: 2 } }],
    ['reset', { fault: { name: 'reset', value: 0 } }],
    ['n1-p0', {}],
  ])('changes with %s only the named properties', (text, changed) => {
    expect(behaviour(text)).toEqual({ ...plain, ...changed });
  });

  it('gives precedence to the later directive', () => {
    expect(behaviour('t4-i20-e503-t5-u20-stall')).toEqual({
      ...plain,
      tokens: 5,
      gapMs: 0.02,
      fault: { name: 'stall', value: 0 },
    });
  });

  it('limits a fault to the first tries', () => {
    const faults = [0, 1, 2].map((earlierTries) => behaviour('e503-n2', { earlierTries }).fault?.value);
    expect(faults).toEqual([503, 503, undefined]);
  });

  it('limits a fault to a share of conversations', () => {
    const struck = Array.from({ length: 100 }, (_, percentile) => behaviour('reset-p30', { percentile }).fault);
    expect(struck.filter((fault) => fault !== undefined)).toHaveLength(30);
  });

  it('falls back to the previous fault if the limit of one is reached', () => {
    const faults = [0, 1, 2].map((earlierTries) => behaviour('e503-n2-e429-n1', { earlierTries }).fault?.value);
    expect(faults).toEqual([429, 503, undefined]);
  });
});

describe('isStatusFault', () => {
  it.each(['e500', 'busy0', 'ctxlen', 'policy', 'quota'])('holds for %s', (text) => {
    expect([behaviour(text).fault].filter((fault) => fault && isStatusFault(fault))).toHaveLength(1);
  });

  it.each(['reset', 'html', 'errev', 'hang'])('does not hold for %s', (text) => {
    expect([behaviour(text).fault].filter((fault) => fault && isStatusFault(fault))).toHaveLength(0);
  });
});
