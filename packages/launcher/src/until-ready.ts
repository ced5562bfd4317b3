import { setTimeout as delay } from 'node:timers/promises';
import { Interrupted, LaunchError } from './bare/launch-error.mjs';

const pollMs = 50;

export interface Awaited {
  /** Subject of messages, capitalized: `The worker`. */
  readonly subject: string;
  readonly isReady: () => Promise<boolean>;
  /** Resolves with the reason when it dies. */
  readonly died?: Promise<string> | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Place of its log, for messages. */
  readonly log: string;
}

/**
 * Waits until something that was started is ready.
 *
 * @throws LaunchError when it dies or takes longer than `timeoutMs`
 * @throws Interrupted when the person asks to stop
 */
export async function untilReady({ subject, isReady, died, signal, timeoutMs, log }: Awaited): Promise<void> {
  const inVain = (died ?? new Promise<never>(() => {})).then((reason) => {
    throw new LaunchError(reason);
  });
  const deadlineAt = performance.now() + timeoutMs;
  while (!(await Promise.race([isReady(), inVain]))) {
    if (signal.aborted) throw new Interrupted();
    if (performance.now() > deadlineAt) {
      throw new LaunchError(`${subject} was not ready within ${timeoutMs / 1000} s. See ${log}.`);
    }
    await Promise.race([delay(pollMs), inVain]);
  }
}
