/** A reason not to go on that the person who typed the command can act on: the message alone is shown, no stack. */
export class LaunchError extends Error {
  /** @override */
  name = 'LaunchError';
}

/** A command that could not be run or ended badly. The message holds the last lines that it printed. */
export class CommandFailed extends LaunchError {
  /** @override */
  name = 'CommandFailed';
}

/** The person asked to stop while something was being set up. */
export class Interrupted extends Error {
  /** @override */
  name = 'Interrupted';
}

/**
 * Says how a command of ours went wrong.
 *
 * @param {unknown} error
 * @param {(text: string) => void} say
 * @returns {number} the exit code that tells it to the caller
 */
export function reportFailure(error, say) {
  if (error instanceof Interrupted) return 130;
  if (error instanceof LaunchError) say(`\n${error.message}`);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
