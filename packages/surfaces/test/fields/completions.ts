import type { JsonObject } from '@sluice/protocol';
import { completionsToChat, parseCompletionsRequest, toCompletionsField } from '@sluice/surfaces';
import type { OpenAI } from 'openai';
import type { Dialect } from './dialect.ts';

type Parameter = keyof OpenAI.CompletionCreateParams;

const plain: JsonObject = { model: 'm', prompt: 'hello' };

/** A value of each parameter; the compiler compares the list with OpenAI's own. */
const values = {
  best_of: 2,
  echo: true,
  frequency_penalty: 0.5,
  logit_bias: { 42: -1 },
  logprobs: 2,
  max_tokens: 100,
  n: 2,
  presence_penalty: 0.5,
  seed: 7,
  stop: ['x'],
  stream: true,
  stream_options: { include_usage: true },
  suffix: 'x',
  temperature: 0.5,
  top_p: 0.5,
  user: 'u',
} satisfies Record<Exclude<Parameter, 'model' | 'prompt'>, unknown>;

export const completions: Dialect = {
  title: 'OpenAI’s older API for texts',
  native: [],
  probes: [
    { at: 'model', value: 'm', other: 'n', in: plain },
    { at: 'prompt', value: 'hello', other: 'bye', in: plain },
    { at: 'prompt', value: ['hello', 'bye'], other: 'bye', in: plain, name: 'prompt: several' },
    ...Object.entries(values).map(([at, value]) => ({ at, value, in: plain })),
    { at: 'a_field_of_tomorrow', value: true, in: plain },
  ],
  translate: (request) => completionsToChat(parseCompletionsRequest(request)),
  fieldName: toCompletionsField,
  unsent: {
    model: 'it chooses the upstream, which gets its own name of the model',
    echo: 'Sluice puts the prompt before the answer',
    stream: 'Coze and chat.z.ai always stream; Sluice collects the answer for a client that wants it whole',
    stream_options: 'Sluice writes the events of the client',
  },
};
