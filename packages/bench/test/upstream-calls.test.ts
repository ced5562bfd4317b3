import { expect, it } from 'vitest';
import type { Answered } from '../src/ask.ts';
import { legsOf, type UpstreamCall } from '../src/upstream-calls.ts';

const answer = (over: Partial<Answered> = {}): Answered => ({
  rid: 'a',
  askedAt: 1000,
  firstTokenMs: 25,
  lastTokenMs: 40,
  totalMs: 41,
  tokens: 2,
  ...over,
});
/** A call that is received 2 ms after the client's start, waits 20 ms, and ends after 38. */
const call = (rid: string, over: Partial<UpstreamCall> = {}): UpstreamCall => {
  const at = (ms: number): { wallMs: number } => ({ wallMs: performance.timeOrigin + 1000 + ms });
  return { body: `"rid=${rid} "`, startedAt: at(2), firstTokenAt: at(22), endedAt: at(38), ...over };
};

it("leaves the upstream's own wait out of the first token, and measures from its end to the last one", () => {
  const legs = legsOf([answer()], [call('other'), call('a')]);
  expect(legs?.addedFirstTokenMs).toBeCloseTo(5, 3);
  expect(legs?.tokenLegMs).toBeCloseTo(2, 3);
});

it('uses the last call of a request', () => {
  const earlier = { startedAt: { wallMs: 0 }, firstTokenAt: { wallMs: 900 } };
  expect(legsOf([answer()], [call('a', earlier), call('a')])?.addedFirstTokenMs).toBeCloseTo(5, 3);
});

it('keeps the added time of an answer that does not tell when its last token came', () => {
  const legs = legsOf([answer({ lastTokenMs: undefined })], [call('a')]);
  expect(legs?.addedFirstTokenMs).toBeCloseTo(5, 3);
  expect(legs?.tokenLegMs).toBeUndefined();
});

it('is silent without a pair', () => {
  expect(legsOf([answer()], [])).toBeUndefined();
  expect(legsOf([answer()], [call('a', { endedAt: null })])).toBeUndefined();
  expect(legsOf([answer({ firstTokenMs: undefined, lastTokenMs: undefined })], [call('a')])).toBeUndefined();
});
