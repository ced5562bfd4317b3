import { request } from 'undici';
import { z } from 'zod';
import type { Answered } from './ask.ts';
import { percentile } from './statistics.ts';

const moment = z.object({ wallMs: z.number() });
const call = z.object({
  body: z.string(),
  startedAt: moment,
  firstTokenAt: moment.nullable(),
  endedAt: moment.nullable(),
});

/** A call as the simulator recorded it. */
export type UpstreamCall = z.infer<typeof call>;

/** Times that lie between client and upstream, medians in milliseconds; undefined if no answer tells. */
export interface Legs {
  /** Time to the first token without the upstream's own wait before it. */
  readonly addedFirstTokenMs: number | undefined;
  /** Time from the end of the upstream's answer to the client's last token. */
  readonly tokenLegMs: number | undefined;
}

/** Deletes the simulator's record of its calls. */
export async function forgetCalls(upstreamUrl: string): Promise<void> {
  const { body } = await request(new URL('/_sim/calls', upstreamUrl), { method: 'DELETE' });
  await body.dump();
}

/** Returns the simulator's record of its newest calls. */
export async function recordedCalls(upstreamUrl: string): Promise<UpstreamCall[]> {
  const { body } = await request(new URL('/_sim/calls', upstreamUrl));
  return z.array(call).parse(await body.json());
}

/**
 * Compares answers with the calls behind them. The clocks of two processes on one machine agree to some 10 µs when the
 * processes were started shortly after each other.
 *
 * @returns undefined without a pair of both
 */
export function legsOf(answers: readonly Answered[], calls: readonly UpstreamCall[]): Legs | undefined {
  const callOf = new Map(calls.map((each) => [/rid=(\w+)/.exec(each.body)?.[1], each]));
  const pairs = answers.flatMap(({ rid, askedAt, firstTokenMs, lastTokenMs }) => {
    const { startedAt, firstTokenAt, endedAt } = callOf.get(rid) ?? {};
    if (!startedAt || !firstTokenAt || !endedAt || (firstTokenMs ?? lastTokenMs) === undefined) return [];
    return {
      added: firstTokenMs === undefined ? undefined : firstTokenMs - (firstTokenAt.wallMs - startedAt.wallMs),
      leg: lastTokenMs === undefined ? undefined : performance.timeOrigin + askedAt + lastTokenMs - endedAt.wallMs,
    };
  });
  if (pairs.length === 0) return undefined;
  return {
    addedFirstTokenMs: middleOf(pairs.flatMap(({ added }) => added ?? [])),
    tokenLegMs: middleOf(pairs.flatMap(({ leg }) => leg ?? [])),
  };
}

const middleOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : percentile(values, 0.5);
