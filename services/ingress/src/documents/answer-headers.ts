import type { Json } from './route-description.ts';

const integer = { type: 'integer', minimum: 0 } as const;
const text = { type: 'string' } as const;
const duration = { ...text, examples: ['450ms', '1.2s', '6m0s'] } as const;

const rate = (unit: 'requests' | 'tokens'): Readonly<Record<string, Json>> => ({
  [`x-ratelimit-limit-${unit}`]: { description: `The limit of the key: ${unit} per minute.`, schema: integer },
  [`x-ratelimit-remaining-${unit}`]: { description: `The ${unit} that are left now.`, schema: integer },
  [`x-ratelimit-reset-${unit}`]: { description: `The time until all ${unit} are there again.`, schema: duration },
});

/** Headers of answers, for `components/headers`. A test compares the names with those that `cors.ts` exposes. */
export const answerHeaders: Readonly<Record<string, Json>> = {
  'x-request-id': {
    description: "The client's own id if it sent a valid one, else one of ours. It leads to log lines and traces.",
    schema: text,
  },
  'request-id': { description: "The same id, under Anthropic's name.", schema: text },
  'openai-processing-ms': { description: 'Time until the answer began, in ms.', schema: integer },
  ...rate('requests'),
  ...rate('tokens'),
  'x-sluice-upstream': { description: 'Id of the upstream that answered.', schema: text },
  'x-sluice-attempts': { description: 'Number of attempts, the successful one included.', schema: integer },
  'x-sluice-cost-usd': {
    description: 'Cost of all calls that a whole answer took, in US dollars with six decimals.',
    schema: text,
  },
  'x-sluice-continuations': {
    description: 'Number of times that a whole answer was extended after its token limit (`auto_continue`).',
    schema: integer,
  },
  'x-sluice-auto-continue': {
    description: 'Largest number of times that this stream may be extended after its token limit.',
    schema: integer,
  },
  'x-sluice-compressed-messages': {
    description: 'Number of old messages that were left out (`compress_context`).',
    schema: integer,
  },
  'x-sluice-dropped': {
    description:
      'Names of the fields of the request that the upstream did not get: at most 40, of 100 characters each, then `...`.',
    schema: { ...text, examples: ['context_management, tools.defer_loading'] },
  },
  'x-sluice-answer-id': {
    description: 'Name of an answer that clients can attach to again.',
    schema: text,
  },
  'x-sluice-replayed': {
    description: '`true` for an answer that another request has got before.',
    schema: { ...text, enum: ['true'] },
  },
  'retry-after': { description: 'Time after which a retry makes sense, in seconds; at most 60.', schema: integer },
  'retry-after-ms': { description: 'The same in ms.', schema: integer },
  'x-should-retry': {
    description: 'Whether another try of the same request can succeed. The official SDKs obey it.',
    schema: { ...text, enum: ['true', 'false'] },
  },
  allow: { description: 'The methods of this path.', schema: text },
};

export const rateHeaders: readonly string[] = [...Object.keys(rate('requests')), ...Object.keys(rate('tokens'))];

/** Headers that the answer of an error may have. */
export const errorHeaders = ['x-should-retry', 'retry-after', 'retry-after-ms'] as const;
