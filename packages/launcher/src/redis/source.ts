import { CommandFailed } from '../bare/launch-error.mjs';
import type { StartContext } from '../started.ts';

/** One way to get a Redis. */
export interface RedisSource {
  /**
   * Checks whether this source works on this machine. It may fetch an image or a package, but starts nothing.
   *
   * @throws LaunchError when the person chose this source and it does not work; then no other is tried
   */
  find(): Promise<RedisOffer | Unavailable>;
}

/** A Redis that is available and not yet started. */
export interface RedisOffer {
  /** Description for the terminal, as in `redis-server 7.0.15`. */
  readonly description: string;
  /**
   * @returns its URL, when it answers
   * @throws LaunchError when it does not become ready
   */
  start(context: StartContext): Promise<string>;
}

/** The reason why a source does not work on this machine. */
export interface Unavailable {
  readonly reason: string;
}

/**
 * Turns the error of a failed command into a reason. Any other error is thrown again.
 *
 * @param what as in `no Docker engine answers`; the command's last line follows it
 */
export function unavailable(what: string, error: unknown): Unavailable {
  if (!(error instanceof CommandFailed)) throw error;
  return { reason: `${what}: ${error.message.split('\n').at(-1)?.trim() ?? ''}` };
}
