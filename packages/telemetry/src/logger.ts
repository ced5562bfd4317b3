import { createRequire } from 'node:module';
import { type DestinationStream, type LevelWithSilent, pino, type Logger as PinoLogger } from 'pino';
import type pinoPretty from 'pino-pretty';
import { batchLines } from './batch-lines.ts';
import { errorFields } from './error-fields.ts';
import type { RollingFile } from './log-file/rolling-file.ts';
import { maskOnce, redactedMark, redactSecrets } from './redact.ts';

/** Name of {@link WriteMembers} on a logger. */
export const writeMembers = Symbol('write members');

/**
 * Writes a line whose members are JSON text already: `"type":"request",…`. Nothing in them is masked or redacted.
 */
export type WriteMembers = (level: 'info' | 'warn' | 'error', members: string) => void;

/** pino's logger: `logger.info({ field }, 'message')`. An error belongs under `err`. */
export type Logger = PinoLogger & { readonly [writeMembers]?: WriteMembers };

/** Log levels from `trace` to `fatal`; `silent` writes nothing. */
export type LogLevel = LevelWithSilent;

/** Logging options of a process. */
export interface LoggerOptions {
  /** Name of the service, such as `sluice-ingress`; part of every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** True formats for people instead of machines. Default: whether stdout is a terminal. */
  readonly pretty?: boolean | undefined;
  /** Default: stdout. */
  readonly destination?: DestinationStream | undefined;
  /** Gets the lines as well, for machines. */
  readonly file?: Pick<RollingFile, 'write' | 'flushSync'> | undefined;
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
/** Locations of such fields in log lines: top level, headers and parts of the configuration. */
const places = ['', 'headers', 'req.headers', 'credential', 'upstream', 'redis', 'principal'];

/**
 * Creates a logger that writes a JSON object per line: `level` as a word, `time` in ISO 8601, `service`, `msg` and the
 * fields. It removes all secrets: it masks known fields by their path, reduces errors to the fields of `errorFields`,
 * and passes each finished line through `redactSecrets`. The line of a request is built by `logRequest`, which does so
 * for the texts in it alone.
 */
export function createLogger({ service, level, pretty, destination, file }: LoggerOptions): Logger {
  const isPretty = pretty ?? process.stdout.isTTY;
  const shown = isPretty ? prettyStream(destination) : (destination ?? machineStream());
  const output = file === undefined ? shown : both(shown, fileStream(file));
  const logger: PinoLogger = pino(
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
    output,
  );
  const own = `,"service":${JSON.stringify(service)},`;
  const write: WriteMembers = (level, members) => {
    if (!logger.isLevelEnabled(level)) return;
    output.write(`{"level":"${level}"${pino.stdTimeFunctions.isoTime()}${own}${members}}\n`);
  };
  return Object.assign(logger, { [writeMembers]: write });
}

/** Creates the stream of a process whose lines a machine reads. The text that is left at the exit is written then. */
function machineStream(): DestinationStream {
  const stream = batchLines(pino.destination({ dest: 1, sync: false }));
  process.once('exit', () => stream.flushSync());
  return stream;
}

/** Creates the stream of a file, which ends each text with a line feed itself. */
function fileStream(file: Pick<RollingFile, 'write' | 'flushSync'>): DestinationStream {
  const stream = batchLines({ write: (text) => file.write(text.slice(0, -1)), flushSync: file.flushSync });
  process.once('exit', () => stream.flushSync());
  return stream;
}

const both = (one: DestinationStream, other: DestinationStream): DestinationStream => ({
  write(line) {
    one.write(line);
    other.write(line);
  },
});

function pathOf(place: string, field: string): string {
  const last = field.includes('-') ? `["${field}"]` : field;
  if (place === '') return last;
  return last.startsWith('[') ? `${place}${last}` : `${place}.${last}`;
}

/** Masks a value: `key` becomes a hint that identifies it to people; any other value is removed. */
function censor(value: unknown, path: readonly string[]): string {
  return path.at(-1) === 'key' && typeof value === 'string' ? maskOnce(value) : redactedMark;
}

/**
 * Creates the stream for a terminal. Loads pino-pretty only then: it costs 27 ms and 9 MB that a container can save.
 */
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
