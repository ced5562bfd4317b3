import { resolve } from 'node:path';
import { createLogger, type Logger, type LogLevel } from '@sluice/telemetry';
import { LogFileError, openRollingFile, type RollingFile } from '@sluice/telemetry/log-file';

export interface ServiceLoggerOptions {
  /** Name of the service, such as `sluice-ingress`; part of every line. */
  readonly service: string;
  readonly log: {
    readonly level: LogLevel;
    /** File that gets the lines as well. */
    readonly file?: string | undefined;
    /** Days for which older parts of the file are kept. */
    readonly retentionDays: number;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory for relative paths. */
  readonly cwd: string;
}

/**
 * Creates the logger of a service: its lines go to stdout, and to `log.file` if that is set. Under `npm start` the launcher
 * writes the file, for all services.
 *
 * @throws LogFileError if the file can't be written. Under a profile that is a warning: the file system of our containers is
 * read-only, and the example of the profile's README names the file.
 */
export function createServiceLogger({ service, log, env, cwd }: ServiceLoggerOptions): Logger {
  const { level, file: name, retentionDays } = log;
  if (name === undefined || env['SLUICE_LOG_FILE_BY_LAUNCHER'] === '1') return createLogger({ service, level });
  const path = resolve(cwd, name);
  // Of the profiles only one has a log file, under this name.
  const isOfProfile = Boolean(env['SLUICE_COMPAT']);
  const setting = isOfProfile ? 'LOG_FILE_PATH' : 'log.file';
  let file: RollingFile;
  try {
    const onFailure = (text: string): void => logger.error(text);
    file = openRollingFile({ path, setting, keep: { days: retentionDays }, onFailure });
  } catch (error) {
    if (!(error instanceof LogFileError) || !isOfProfile) throw error;
    const plain = createLogger({ service, level });
    plain.warn(`${error.message} It is left out; LOG_FILE_PATH names another path.`);
    return plain;
  }
  const logger = createLogger({ service, level, file });
  return logger;
}
