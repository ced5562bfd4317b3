import type { Outcome } from './label-values.ts';
import type { Logger } from './logger.ts';

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
  logger[levelOf(fields)](
    {
      type: 'request',
      ...fields,
      model: fields.model?.slice(0, longestText),
      user_agent: fields.user_agent?.slice(0, longestText),
    },
    'request',
  );
}

function levelOf({ outcome, status }: RequestLogFields): 'info' | 'warn' | 'error' {
  if (outcome === 'complete' || outcome === 'cancelled') return 'info';
  return outcome === 'refused' || (status >= 400 && status < 500) ? 'warn' : 'error';
}
