/** The log file can't be opened. The message names the setting, if there is one, and the path. */
export class LogFileError extends Error {
  override name = 'LogFileError';
}
