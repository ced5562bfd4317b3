import type { UpstreamFailure } from '@sluice/protocol';
import { brokenOff } from './normalise/completion.ts';
import type { ChoiceEnd } from './normalise/finish-reason.ts';

/** The ends of the choices of one stream. */
export interface ChoiceEnds {
  /** Number of choices that have ended. */
  readonly count: number;
  /** Finish reason of the choice that ended first. */
  readonly reason: string | undefined;
  /** Adds an end. Returns the failure if the choice was aborted. */
  add(index: number, end: ChoiceEnd): UpstreamFailure | undefined;
}

export function createChoiceEnds(): ChoiceEnds {
  const finished = new Set<number>();
  const ends: { -readonly [Name in keyof ChoiceEnds]: ChoiceEnds[Name] } = {
    count: 0,
    reason: undefined,
    add(index, end) {
      if (end.kind === 'failed') return brokenOff(end.word);
      if (end.kind !== 'finished') return undefined;
      ends.reason ??= end.reason;
      ends.count = finished.add(index).size;
      return undefined;
    },
  };
  return ends;
}
