/** `up` is from client to target, `down` from target to client. */
export type ChaosDirection = 'up' | 'down';

/** Effect of a {@link ChaosProxy} on the data that passes through it. */
export type ChaosMode =
  /** No effect. */
  | { readonly kind: 'pass' }
  /**
   * Loses all data without an error, like a link that died silently. A connection that lost data stays dead in that
   * direction, because TCP never skips bytes; one on which nothing was sent survives. Connections opened meanwhile reach
   * the target when the mode changes. Default direction: both.
   */
  | { readonly kind: 'blackhole'; readonly direction?: ChaosDirection | 'both' }
  /** Resets all connections (RST to both sides), and each new one at once. */
  | { readonly kind: 'reset' }
  /** Delays each piece by `ms` and up to `jitterMs` more (default 0), in both directions, and keeps the order. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  /** Passes on at most `bytes` per turn of the event loop; a slower reader gets several slices at once. */
  | { readonly kind: 'slice'; readonly bytes: number };

/** Returns whether data in this direction is lost. */
export function isBlackhole(mode: ChaosMode, direction: ChaosDirection): boolean {
  if (mode.kind !== 'blackhole') return false;
  const { direction: dark = 'both' } = mode;
  return dark === 'both' || dark === direction;
}

/**
 * Checks a mode's numbers.
 * @throws RangeError that names the invalid number.
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
