/** An error that the person at the terminal can act on. Only its message is shown, not its stack. */
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
 * Prints why a command failed.
 *
 * @param {unknown} error
 * @param {(text: string) => void} say
 * @returns {number} exit code: 130 after an interruption, else 1
 */
export function reportFailure(error, say) {
  if (error instanceof Interrupted) return 130;
  if (error instanceof LaunchError) say(`\n${error.message}`);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
