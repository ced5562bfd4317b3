import type { Outcome } from './label-values.ts';
import { type Logger, writeMembers } from './logger.ts';
import { maskOnce, redactSecrets } from './redact.ts';

/** The single log line of a request. Times in milliseconds; unknown fields are omitted. */
export interface RequestLogFields {
  /** Request id that the client receives. */
  readonly request_id: string;
  /** Sluice's own id, also in the worker's lines: a client's id may not be unique. */
  readonly internal_id: string;
  readonly trace_id?: string | undefined;
  /** Masked key: first four and last four characters. */
  readonly key?: string | undefined;
  readonly key_name?: string | undefined;
  /** Model name from the client. */
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  /** Number of messages of a chat. */
  readonly message_count?: number | undefined;
  /** Value from the client. */
  readonly temperature?: number | undefined;
  /** The client's limit for the answer, by either of its names. */
  readonly max_tokens?: number | undefined;
  readonly status: number;
  readonly outcome: Outcome;
  /** Error code that the client received. */
  readonly code?: string | undefined;
  readonly upstream?: string | undefined;
  /** Status of the last failed attempt, if the request failed. */
  readonly upstream_status?: number | undefined;
  /** Kind of that failure. */
  readonly failure_kind?: string | undefined;
  readonly attempts?: number | undefined;
  /** Number of extension attempts after the answer reached its limit. */
  readonly continuations?: number | undefined;
  readonly duration_ms: number;
  readonly ttft_ms?: number | undefined;
  readonly queue_wait_ms?: number | undefined;
  /** Number of times the answer broke off and was resumed. */
  readonly resumptions?: number | undefined;
  /** Approximate tokens of attempts that failed in the middle of their answer. */
  readonly burnt_tokens?: number | undefined;
  readonly prompt_tokens?: number | undefined;
  readonly completion_tokens?: number | undefined;
  readonly client_ip?: string | undefined;
  readonly user_agent?: string | undefined;
}

const longestText = 200;

/** Writes the line: `info` for complete and cancelled requests, `warn` for refused ones and 4xx, else `error`. */
export function logRequest(logger: Logger, fields: RequestLogFields): void {
  const level = levelOf(fields);
  // A child has fields of its own, which only pino can write.
  const write = Object.hasOwn(logger, writeMembers) ? logger[writeMembers] : undefined;
  if (write === undefined) logger[level]({ type: 'request', ...fields, ...cut(fields) }, 'request');
  else write(level, membersOf(fields));
}

const cut = ({ model, user_agent }: RequestLogFields): Pick<RequestLogFields, 'model' | 'user_agent'> => ({
  model: model?.slice(0, longestText),
  user_agent: user_agent?.slice(0, longestText),
});

/**
 * Returns the members of a line as JSON, redacted. pino would write the same text for five times the memory: it copies
 * and masks the object, and every pattern of a secret reads the whole line.
 */
function membersOf(fields: RequestLogFields): string {
  let text = '"type":"request"';
  let name: keyof RequestLogFields;
  for (name in fields) {
    const value = fields[name];
    if (value !== undefined)
      text += `,"${name}":${typeof value === 'string' ? stringOf(name, value) : numberOf(value)}`;
  }
  return `${text},"msg":"request"`;
}

function stringOf(name: keyof RequestLogFields, value: string): string {
  switch (name) {
    // Each request has its own, so there is no use in keeping them.
    case 'request_id':
    case 'internal_id':
    case 'trace_id':
      return harmless.test(value) ? `"${value}"` : redactSecrets(JSON.stringify(value));
    case 'key':
      return cleanOf(maskOnce(value));
    case 'model':
    case 'user_agent':
      return cleanOf(value.slice(0, longestText));
    default:
      return cleanOf(value);
  }
}

const numberOf = (value: number | boolean): string =>
  typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);

/** The characters of ids and digests: no secret that has a form consists of them, and JSON does not escape them. */
const harmless = /^[0-9a-f-]*$/;

/** Texts that are free of secrets, each with its JSON: few models, keys and user agents make up most lines. */
const cleanTexts = new Map<string, string>();
const mostCleanTexts = 1000;

function cleanOf(text: string): string {
  const known = cleanTexts.get(text);
  if (known !== undefined) return known;
  const json = JSON.stringify(text);
  const clean = redactSecrets(json);
  // A secret must not stay in memory.
  if (clean !== json) return clean;
  if (cleanTexts.size >= mostCleanTexts) cleanTexts.clear();
  // A text that was cut out of a long header would keep the whole header in memory.
  cleanTexts.set(String(JSON.parse(json)), json);
  return json;
}

function levelOf({ outcome, status }: RequestLogFields): 'info' | 'warn' | 'error' {
  if (outcome === 'complete' || outcome === 'cancelled') return 'info';
  return outcome === 'refused' || (status >= 400 && status < 500) ? 'warn' : 'error';
}
