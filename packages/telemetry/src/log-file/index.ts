export { LogFileError } from './log-file-error.ts';
export { openRollingFile, type RollingFile, type RollingFileOptions } from './rolling-file.ts';
