/** `up` is from client to target, `down` from target to client. */
export type ChaosDirection = 'up' | 'down';

/** The effect of a {@link ChaosProxy} on the data that passes through it. */
export type ChaosMode =
  /** Nothing. */
  | { readonly kind: 'pass' }
  /**
   * Nothing arrives any more, and nobody is told. As on a link that died silently, what is sent meanwhile is lost, and a
   * connection that lost something stays dead in that direction, because TCP never skips bytes; one on which nothing was
   * sent survives. Connections opened meanwhile come through when the link heals. Default direction: both.
   */
  | { readonly kind: 'blackhole'; readonly direction?: ChaosDirection | 'both' }
  /** Resets all connections (RST to both sides), and each new one as soon as it is made. */
  | { readonly kind: 'reset' }
  /** Delays each piece by `ms` and up to `jitterMs` more (default 0), in both directions; the order stays. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  /** Passes on at most so many bytes at a time, a turn of the event loop each; a reader that is slower gets several at once. */
  | { readonly kind: 'slice'; readonly bytes: number };

/** Returns whether nothing gets through in this direction. */
export function isBlackhole(mode: ChaosMode, direction: ChaosDirection): boolean {
  if (mode.kind !== 'blackhole') return false;
  const { direction: dark = 'both' } = mode;
  return dark === 'both' || dark === direction;
}

/**
 * Checks a mode's numbers.
 * @throws RangeError naming the one that can't be.
 */
export function checkMode(mode: ChaosMode): void {
  if (mode.kind === 'slice' && !(Number.isInteger(mode.bytes) && mode.bytes >= 1)) {
    throw new RangeError(`slice.bytes must be a whole number from 1, not ${mode.bytes}.`);
  }
  if (mode.kind === 'latency' && !(mode.ms >= 0 && (mode.jitterMs ?? 0) >= 0)) {
    throw new RangeError(
      `latency.ms and latency.jitterMs must not be negative, as ${mode.ms} and ${mode.jitterMs} are.`,
    );
  }
}
