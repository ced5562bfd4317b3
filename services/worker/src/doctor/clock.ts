import { type Check, type CheckId, ok, problem, warning } from './check.ts';

/** A reading of another clock: how far this machine's is ahead of it. */
export interface ClockReading {
  readonly id: CheckId;
  /** Whose clock it is, as in `that of Redis`. */
  readonly whose: string;
  /** Negative: behind. */
  readonly aheadMs: number;
  /** Beyond it a warning, beyond ten times as much a problem. */
  readonly tolerableMs: number;
}

/** Deadlines cross machines as points in time, and so do times until which a token or a signature holds. */
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
