/** Pino's numbers for levels, least first, and the colours of terminals: grey, cyan, green, yellow, red, magenta. */
const levels = [
  { value: 10, label: 'trace', colour: 90 },
  { value: 20, label: 'debug', colour: 36 },
  { value: 30, label: 'info', colour: 32 },
  { value: 40, label: 'warn', colour: 33 },
  { value: 50, label: 'error', colour: 31 },
  { value: 60, label: 'fatal', colour: 35 },
] as const;

const warnValue = 40;

/** Fields that every line has, or that the readable line shows in another form. */
const hiddenFields = new Set([
  'level',
  'time',
  'pid',
  'hostname',
  'name',
  'service',
  'msg',
  'err',
  'trace_id',
  'span_id',
  'trace_flags',
]);

export interface ReadableLine {
  readonly text: string;
  /** True for warnings, errors and output that is not JSON, such as a stack trace. Shown even during the start. */
  readonly isUrgent: boolean;
  /** `msg` of the log line. */
  readonly message: string | undefined;
}

/** Turns a JSON log line of a service into a readable one. Other output is prefixed with the service's name. */
export function readableLine(service: string, line: string, isColoured: boolean): ReadableLine {
  const record = parseRecord(line);
  if (record === undefined) return { text: `${service}: ${line}`, isUrgent: true, message: undefined };
  const level = levelOf(record['level']);
  const fields = Object.entries(record)
    .filter(([name]) => !hiddenFields.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const label = isColoured ? `\u001B[${level.colour}m${level.label}\u001B[39m` : level.label;
  const { msg: message, err, time } = record;
  const parts = [clockTime(time), service, label, message, errorText(err), ...fields];
  return {
    text: parts.filter((part) => typeof part === 'string' && part !== '').join(' '),
    isUrgent: level.value >= warnValue,
    message: typeof message === 'string' ? message : undefined,
  };
}

/** Returns the line as JSON. Other output, such as the stack trace of a crash, becomes the message of an error. */
export function asRecord(service: string, line: string): string {
  if (parseRecord(line) !== undefined) return line;
  const record = { level: 'error', time: new Date().toISOString(), service: `sluice-${service}`, msg: line };
  return JSON.stringify(record);
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Reads a level as Pino writes it: a number, or a label if so configured. */
function levelOf(written: unknown): (typeof levels)[number] {
  return levels.find(({ value, label }) => value === written || label === written) ?? levels[2];
}

/** Returns the local time of day, from milliseconds since 1970 or an ISO date. */
function clockTime(written: unknown): string {
  if (typeof written !== 'number' && typeof written !== 'string') return '';
  const date = new Date(written);
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
}

/** Returns the text of a serialized error: its stack if it has one, else its message. */
function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error === 'string' ? error : '';
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  if (typeof stack === 'string') return `\n${stack}`;
  return typeof message === 'string' ? message : '';
}
