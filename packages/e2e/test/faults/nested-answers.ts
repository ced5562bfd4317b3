import { type RawAnswer, type RawCall, sse } from './raw-provider.ts';

/** Types of provider whose answers are told apart by their adapters. */
export const types = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type ProviderType = (typeof types)[number];

/** All text of an answer; a stream brings it in this order. */
export const pieces = ['alpha ', 'beta ', 'gamma'] as const;
export const wholeText = pieces.join('');

/** So deep that a value of it can be parsed, but neither walked through nor written again. */
export const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

interface Place {
  /** JSON of a member that the provider's own format does not have. */
  readonly stranger?: string;
  /** JSON of an argument of a call. */
  readonly argument?: string;
}

const member = (value: string | undefined): string => (value === undefined ? '' : `,"x_extra":${value}`);

/** A whole answer, with something nested in it. */
export function wholeAnswer(type: ProviderType, { stranger, argument }: Place = {}): string {
  const text = JSON.stringify(wholeText);
  const args = argument === undefined ? undefined : `{"a":${argument}}`;
  switch (type) {
    case 'openai': {
      const call = args === undefined ? '' : `,"tool_calls":[${openaiCall(args)}]`;
      return `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":${text}${call}${member(stranger)}},"finish_reason":"stop"}]}`;
    }
    case 'anthropic': {
      const call = args === undefined ? '' : `,{"type":"tool_use","id":"t1","name":"f","input":${args}}`;
      return `{"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":${text}${member(stranger)}}${call}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`;
    }
    case 'gemini': {
      const call = args === undefined ? '' : `,{"functionCall":{"name":"f","args":${args}}}`;
      return `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":${text}${member(stranger)}}${call}]},"finishReason":"STOP"}]}`;
    }
    case 'ollama': {
      const call = args === undefined ? '' : `,"tool_calls":[{"function":{"name":"f","arguments":${args}}}]`;
      return `{"model":"m","created_at":"2024-05-24T20:26:46Z","message":{"role":"assistant","content":${text}${call}${member(stranger)}},"done":true,"done_reason":"stop"}`;
    }
  }
}

const openaiCall = (args: string): string =>
  `{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":${JSON.stringify(args)}}}`;

interface StreamPlace {
  readonly stranger?: string;
  /** Number of the piece that the stranger stands in. */
  readonly at: number;
}

/** A stream of {@link pieces}, with something nested in one of its events; the last one ends the answer. */
export function streamAnswer(type: ProviderType, { body }: RawCall, { stranger = '', at }: StreamPlace): RawAnswer {
  const extra = (index: number): string => (index === at ? member(stranger) : '');
  const last = pieces.length - 1;
  const all = pieces.map((piece, index) => {
    const text = JSON.stringify(piece);
    switch (type) {
      case 'openai':
        return `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":${text}${extra(index)}},"finish_reason":${index === last ? '"stop"' : 'null'}}]}`;
      case 'anthropic':
        return `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${text}${extra(index)}}}`;
      case 'gemini':
        return `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":${text}${extra(index)}}]}${index === last ? ',"finishReason":"STOP"' : ''}}]}`;
      case 'ollama':
        return `{"model":"m","created_at":"2024-05-24T20:26:46Z","message":{"role":"assistant","content":${text}${extra(index)}},"done":${index === last}${index === last ? ',"done_reason":"stop"' : ''}}`;
    }
  });
  // Anthropic writes on where the last message of the assistant ends.
  const events = type === 'anthropic' ? all.slice(pieces.filter((piece) => body.includes(piece.trim())).length) : all;
  switch (type) {
    case 'openai':
      return sse([...events, '[DONE]']);
    case 'anthropic':
      return sse([
        '{"type":"message_start","message":{"id":"m1","model":"m","usage":{"input_tokens":1}}}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        ...events,
        '{"type":"content_block_stop","index":0}',
        '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}',
        '{"type":"message_stop"}',
      ]);
    case 'gemini':
      return sse(events);
    case 'ollama':
      return { type: 'application/x-ndjson', body: events.map((line) => `${line}\n`).join('') };
  }
}
