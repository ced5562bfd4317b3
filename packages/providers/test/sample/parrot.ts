import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import { section, wholeNumber } from '@sluice/setting-types';
import { z } from 'zod';
import type { ProviderAdapter } from '../../src/adapter.ts';
import { writeCompletion } from '../../src/answer/completion.ts';
import { createStreamTranslator } from '../../src/answer/stream-translator.ts';
import { toUsage } from '../../src/answer/usage.ts';
import { describeFailure } from '../../src/http/describe-failure.ts';
import { parseText } from '../../src/parse-text.ts';
import { defineProvider } from '../../src/provider.ts';

// Parrot's protocol: POST /talk {"say", "loud"?} → a line of JSON for each word, then {"done":true,"heard":3,"said":3};
// with "whole": true one object {"said": "…"}; errors as {"squawk": "…"} with a status, or as a line of the stream.

const lineSchema = z.object({
  word: z.string().optional(),
  done: z.boolean().optional(),
  heard: z.number().default(0),
  said: z.number().default(0),
  squawk: z.string().optional(),
});
const wholeSchema = z.object({ said: z.string() });
const malformed: UpstreamFailure = { kind: 'malformed', message: 'The parrot did not answer in JSON.' };

const options = section({ volume: wholeNumber(0, 11).default(5).describe('How loud it speaks.') });

const lastText = ({ messages }: ChatBody): string =>
  z
    .array(z.object({ content: z.string() }))
    .parse(messages)
    .at(-1)?.content ?? '';

const adapter = (volume: number): ProviderAdapter => ({
  type: 'parrot',
  // The temperature is the only supported parameter. A request for anything else is refused with a 400 by the shared
  // code.
  capabilities: {
    parameters: new Set(['temperature']),
    images: [],
    media: [],
    prefill: 'none',
    reasoning: false,
    streamUsage: true,
  },
  framing: 'ndjson',
  toUpstream: (body, { baseUrl, apiKey, stream }) => ({
    method: 'POST',
    url: `${baseUrl}/talk`,
    headers: { 'content-type': 'application/json', 'x-cracker': apiKey ?? '' },
    body: JSON.stringify({ say: lastText(body), wild: body['temperature'], loud: volume, whole: !stream }),
  }),
  translateStream: (body, plan) =>
    createStreamTranslator(body, plan, {
      onEvent({ data }, answer) {
        const line = parseText(lineSchema, data);
        if (line === undefined) return answer.fail(malformed);
        if (line.squawk !== undefined) return answer.fail({ kind: 'server', message: line.squawk });
        if (line.word !== undefined) answer.delta({ content: line.word });
        if (line.done !== true) return;
        answer.usage(toUsage({ prompt: line.heard, completion: line.said }));
        answer.finish('stop');
        answer.complete();
      },
    }),
  translateWhole(text, _body, { requestId, startedAtMs, model }) {
    const whole = parseText(wholeSchema, text);
    if (whole === undefined) return { kind: 'failed', failure: malformed };
    const created = Math.floor(startedAtMs / 1000);
    const message = { content: whole.said };
    return writeCompletion({
      id: `chatcmpl-${requestId}`,
      created,
      model,
      message,
      finishReason: 'stop',
      usage: undefined,
    });
  },
  // `describeFailure` reads status, headers and the usual shapes of errors; only `squawk` is specific to this protocol.
  toFailure(head, text) {
    const failure = describeFailure(head, text);
    return { ...failure, message: parseText(lineSchema, text)?.squawk ?? failure.message };
  },
});

export const parrot = defineProvider({ options, create: ({ volume }) => adapter(volume) });
