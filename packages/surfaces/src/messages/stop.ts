/** The reason for which a message ended. */
export interface Stop {
  readonly stop_reason: 'end_turn' | 'max_tokens' | 'tool_use' | 'refusal';
  /** OpenAI's protocol does not tell which sequence has matched, or that one has. */
  readonly stop_sequence: null;
  readonly stop_details: RefusalDetails | null;
}

interface RefusalDetails {
  readonly type: 'refusal';
  readonly category: null;
  readonly explanation: string | null;
}

export interface Ending {
  /** The finish reason of the chat answer. */
  readonly finish: string;
  /** Text of `refusal`; '' if there is none. */
  readonly refusal: string;
  readonly hasCalls: boolean;
}

/** Converts the end of a chat answer. A reason that OpenAI's protocol lacks counts as an ordinary end. */
export function toStop({ finish, refusal, hasCalls }: Ending): Stop {
  if (finish === 'content_filter' || refusal !== '') {
    const details: RefusalDetails = { type: 'refusal', category: null, explanation: refusal === '' ? null : refusal };
    return { stop_reason: 'refusal', stop_sequence: null, stop_details: details };
  }
  return { stop_reason: reasonOf(finish, hasCalls), stop_sequence: null, stop_details: null };
}

function reasonOf(finish: string, hasCalls: boolean): Stop['stop_reason'] {
  if (finish === 'length') return 'max_tokens';
  if (finish === 'tool_calls' || finish === 'function_call') return hasCalls ? 'tool_use' : 'end_turn';
  // A model that has called tools waits for their results, whatever reason its server gives.
  return hasCalls ? 'tool_use' : 'end_turn';
}
