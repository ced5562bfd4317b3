import { type RawAnswer, type RawCall, sse } from './raw-provider.ts';

/** Types of provider whose answers need an adapter each. */
export const types = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type ProviderType = (typeof types)[number];

/** All text of an answer; a stream sends it in this order. */
export const pieces = ['alpha ', 'beta ', 'gamma'] as const;
export const wholeText = pieces.join('');

/** So deep that such a value can be parsed, but neither traversed nor written again. */
export const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

interface Place {
  /** JSON of a member that the provider's own format does not have. */
  readonly unknownMember?: string;
  /** JSON of an argument of a tool call. */
  readonly argument?: string;
}

const member = (value: string | undefined): string => (value === undefined ? '' : `,"x_extra":${value}`);

/** Returns a whole answer with a nested value. */
export function wholeAnswer(type: ProviderType, { unknownMember, argument }: Place = {}): string {
  const text = JSON.stringify(wholeText);
  const args = argument === undefined ? undefined : `{"a":${argument}}`;
  switch (type) {
    case 'openai': {
      const call = args === undefined ? '' : `,"tool_calls":[${openaiCall(args)}]`;
      return `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":${text}${call}${member(unknownMember)}},"finish_reason":"stop"}]}`;
    }
    case 'anthropic': {
      const call = args === undefined ? '' : `,{"type":"tool_use","id":"t1","name":"f","input":${args}}`;
      return `{"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":${text}${member(unknownMember)}}${call}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`;
    }
    case 'gemini': {
      const call = args === undefined ? '' : `,{"functionCall":{"name":"f","args":${args}}}`;
      return `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":${text}${member(unknownMember)}}${call}]},"finishReason":"STOP"}]}`;
    }
    case 'ollama': {
      const call = args === undefined ? '' : `,"tool_calls":[{"function":{"name":"f","arguments":${args}}}]`;
      return `{"model":"m","created_at":"2024-05-24T20:26:46Z","message":{"role":"assistant","content":${text}${call}${member(unknownMember)}},"done":true,"done_reason":"stop"}`;
    }
  }
}

const openaiCall = (args: string): string =>
  `{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":${JSON.stringify(args)}}}`;

interface StreamPlace {
  readonly unknownMember?: string;
  /** Index of the piece with the unknown member. */
  readonly at: number;
}

/** Returns a stream of {@link pieces} with a nested value in one of its events; the last event ends the answer. */
export function streamAnswer(
  type: ProviderType,
  { body }: RawCall,
  { unknownMember = '', at }: StreamPlace,
): RawAnswer {
  const extra = (index: number): string => (index === at ? member(unknownMember) : '');
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
  // Anthropic continues a last message of the assistant at its end.
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
