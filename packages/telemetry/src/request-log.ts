import type { Outcome } from './label-values.ts';
import type { Logger } from './logger.ts';

/** The one line of a request. Times in milliseconds; what is not known is left out. */
export interface RequestLogFields {
  /** As the client knows it. */
  readonly request_id: string;
  /** Ours, which the worker's lines have too: a client's own id could be another's as well. */
  readonly internal_id: string;
  readonly trace_id?: string | undefined;
  /** Masked: first four and last four characters. */
  readonly key?: string | undefined;
  readonly key_name?: string | undefined;
  /** As the client named it. */
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  /** Messages of a chat. */
  readonly message_count?: number | undefined;
  /** As the client set it. */
  readonly temperature?: number | undefined;
  /** The client's limit for the answer, by either of its names. */
  readonly max_tokens?: number | undefined;
  readonly status: number;
  readonly outcome: Outcome;
  /** The error told to the client. */
  readonly code?: string | undefined;
  readonly upstream?: string | undefined;
  /** Status of the last call that failed, where the request did. */
  readonly upstream_status?: number | undefined;
  /** Kind of that failure. */
  readonly failure_kind?: string | undefined;
  readonly attempts?: number | undefined;
  /** Calls that wrote on where the answer had met its limit. */
  readonly continuations?: number | undefined;
  readonly duration_ms: number;
  readonly ttft_ms?: number | undefined;
  readonly queue_wait_ms?: number | undefined;
  /** Number of times the answer broke off and was continued. */
  readonly resumptions?: number | undefined;
  /** Tokens, about, of calls that failed in the middle of their answer. */
  readonly burnt_tokens?: number | undefined;
  readonly prompt_tokens?: number | undefined;
  readonly completion_tokens?: number | undefined;
  readonly client_ip?: string | undefined;
  readonly user_agent?: string | undefined;
}

const longestText = 200;

/** Writes it: `info` for complete and cancelled requests, `warn` for refused ones and those told a 4xx, else `error`. */
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
