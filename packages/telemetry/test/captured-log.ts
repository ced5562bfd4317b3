import { createLogger, type Logger, type LoggerOptions } from '@sluice/telemetry';

/** A logger whose lines a test can read. */
export interface CapturedLog {
  readonly logger: Logger;
  /** Returns everything written. */
  text(): string;
  /** Returns each line parsed; throws if one is not JSON. */
  lines(): Readonly<Record<string, unknown>>[];
}

export function captureLog(options: Partial<LoggerOptions> = {}): CapturedLog {
  let text = '';
  const destination = { write: (line: string) => void (text += line) };
  return {
    logger: createLogger({ service: 'sluice-test', level: 'info', pretty: false, destination, ...options }),
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
