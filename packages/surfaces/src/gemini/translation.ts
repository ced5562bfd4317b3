import type { Dropped } from '../messages/dropped.ts';

/** Facts for the translation of a whole request. */
export interface Translation {
  /** An upstream of Google may get the client's own request: what others can't serve is listed, not refused. */
  readonly isNative: boolean;
  readonly dropped: Dropped;
}
