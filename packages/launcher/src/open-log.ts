import { LogFileError, openRollingFile, type RollingFile, type RollingFileOptions } from '@sluice/telemetry/log-file';
import { LaunchError } from './bare/launch-error.mjs';

/**
 * Opens a log of the launcher.
 *
 * @throws LaunchError when the file can't be opened; its cause is the error of the system
 */
export function openLog(options: RollingFileOptions): RollingFile {
  try {
    return openRollingFile(options);
  } catch (error) {
    throw error instanceof LogFileError ? new LaunchError(error.message, { cause: error.cause }) : error;
  }
}
