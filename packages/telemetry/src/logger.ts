import { createRequire } from 'node:module';
import { type DestinationStream, type LevelWithSilent, pino, type Logger as PinoLogger } from 'pino';
import type pinoPretty from 'pino-pretty';
import { errorFields } from './error-fields.ts';
import { maskKey, redactedMark, redactSecrets } from './redact.ts';

/** pino's logger: `logger.info({ field }, 'message')`. An error goes under `err`. */
export type Logger = PinoLogger;

/** From `trace` to `fatal`; `silent` writes nothing. */
export type LogLevel = LevelWithSilent;

/** The logging options of a process. */
export interface LoggerOptions {
  /** `sluice-ingress`; stands in every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** For people instead of machines. Default: whether stdout is a terminal. */
  readonly pretty?: boolean | undefined;
  /** Default stdout. */
  readonly destination?: DestinationStream | undefined;
}

const secretFields = [
  'authorization',
  'Authorization',
  'x-api-key',
  'api_key',
  'apiKey',
  'access_token',
  'refresh_token',
  'key',
  'password',
  'secret',
  'token',
];
/** The places of such fields in what we log: at the top, in headers and in parts of the configuration. */
const places = ['', 'headers', 'req.headers', 'credential', 'upstream', 'redis', 'principal'];

/**
 * A logger that writes a JSON object per line: `level` as a word, `time` in ISO 8601, `service`, `msg` and the fields.
 * No secret gets past it: known fields are masked by their path, errors are reduced to what `errorFields` keeps, and
 * each finished line goes through `redactSecrets` (5 µs for a request's line; there is one a request).
 */
export function createLogger({ service, level, pretty, destination }: LoggerOptions): Logger {
  const isPretty = pretty ?? process.stdout.isTTY;
  const logger: Logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: places.flatMap((place) => secretFields.map((field) => pathOf(place, field))), censor },
      serializers: {
        err: (error: unknown) => errorFields(error, { withStack: logger.isLevelEnabled('debug') }),
      },
      hooks: { streamWrite: (line) => redactSecrets(line) },
    },
    isPretty ? prettyStream(destination) : (destination ?? pino.destination({ dest: 1, sync: false })),
  );
  return logger;
}

function pathOf(place: string, field: string): string {
  const last = field.includes('-') ? `["${field}"]` : field;
  if (place === '') return last;
  return last.startsWith('[') ? `${place}${last}` : `${place}.${last}`;
}

/** `key` is shown as the hint that people know their key by; all else disappears. */
function censor(value: unknown, path: readonly string[]): string {
  if (path.at(-1) !== 'key' || typeof value !== 'string') return redactedMark;
  return isMasked(value) ? value : maskKey(value);
}

function isMasked(value: string): boolean {
  return value === '…' || (value.length === 9 && value[4] === '…');
}

/** Loaded only where somebody watches: 27 ms and 9 MB that a container need not spend. */
function prettyStream(destination: DestinationStream | undefined): DestinationStream {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty;
  const toPretty = prettyFactory({
    colorize: destination === undefined,
    ignore: 'service',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  const output = destination ?? pino.destination({ dest: 1, sync: true });
  return { write: (line) => output.write(toPretty(line)) };
}
