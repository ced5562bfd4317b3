import { CommandFailed } from '../bare/launch-error.mjs';
import type { StartContext } from '../started.ts';

/** One way to come by Redis. */
export interface RedisSource {
  /**
   * Looks whether this way works here, bringing what it needs (an image, a package) but leaving nothing running.
   *
   * @throws LaunchError when the person chose this way and it doesn't work, so that no other may be tried
   */
  find(): Promise<RedisOffer | Unavailable>;
}

/** A Redis that can be had; nothing runs yet that did not run before. */
export interface RedisOffer {
  /** For the terminal, as in `redis-server 7.0.15`. */
  readonly description: string;
  /**
   * @returns its URL, once it answers
   * @throws LaunchError when it does not come up
   */
  start(context: StartContext): Promise<string>;
}

/** The reason why a source is of no use on this machine. */
export interface Unavailable {
  readonly reason: string;
}

/**
 * Turns a command that failed into a reason; anything else that was thrown goes on.
 *
 * @param what as in `no Docker engine answers`; the command's last line follows it
 */
export function unavailable(what: string, error: unknown): Unavailable {
  if (!(error instanceof CommandFailed)) throw error;
  return { reason: `${what}: ${error.message.split('\n').at(-1)?.trim() ?? ''}` };
}
