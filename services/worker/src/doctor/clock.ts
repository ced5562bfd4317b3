import { type Check, type CheckId, ok, problem, warning } from './check.ts';

/** A comparison of this machine's clock with another one. */
export interface ClockReading {
  readonly id: CheckId;
  /** The owner of the other clock, as in `that of Redis`. */
  readonly whose: string;
  /** The lead of this machine's clock; negative if it is behind. */
  readonly aheadMs: number;
  /** A larger difference is a warning; more than ten times as much is a problem. */
  readonly tolerableMs: number;
}

/** Judges a clock: deadlines and the ends of access tokens and signatures are points in time for several machines. */
export function judgeClock({ id, whose, aheadMs, tolerableMs }: ClockReading): Check {
  const distance = Math.abs(aheadMs);
  if (distance <= tolerableMs) return ok(id, `This machine's clock agrees with ${whose} to ${inWords(tolerableMs)}.`);
  const text = `This machine's clock is ${inWords(distance)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}.`;
  const advice = 'Set both clocks by NTP: `timedatectl` shows whether this one is synchronised.';
  return distance > 10 * tolerableMs ? problem(id, text, advice) : warning(id, text, advice);
}

function inWords(ms: number): string {
  if (ms < 10_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
