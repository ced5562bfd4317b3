import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, recordingNames } from './recording.ts';
import { randomCuts, replay, type Replayed } from './replay.ts';

const adapter = providers.gemini.create({});

interface Expected {
  /** The whole text, or its beginning, end and length in UTF-16 units. */
  readonly content: string | Excerpt;
  readonly reasoning?: Excerpt;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReason: string;
  readonly usage?: object;
  readonly model?: string;
  readonly id?: string;
}

interface Excerpt {
  readonly begins: string;
  readonly ends: string;
  readonly length: number;
}

const usage = (prompt: number, completion: number, reasoning?: number): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
});

const streams: Readonly<Record<string, Expected>> = {
  'google-model-stream.sse': {
    content: 'The capital of France is Paris.\n',
    finishReason: 'stop',
    // The last event corrects the 15 tokens of those before it.
    usage: usage(13, 8),
    model: 'gemini-2.0-flash-exp',
    id: 'w1peaMz6INOvnvgPgYfPiQY',
  },
  'google-reasoning.chunks.jsonl': {
    content: 'There are **3** "r"s in strawberry.\n\nHere is the breakdown: st**r**awbe**rr**y.',
    finishReason: 'stop',
    usage: usage(9, 285, 256),
    model: 'gemini-3-pro-preview',
    id: 'dX6LadKVC7SZ28oPr9yJoQs',
  },
  'google-tool-call.chunks.jsonl': {
    content: '',
    toolCalls: [{ id: 'call_request_0', name: 'weather', arguments: '{"location":"San Francisco"}' }],
    finishReason: 'tool_calls',
    usage: usage(29, 60, 45),
    model: 'gemini-3-pro-preview',
    id: 'b36LacjwM668nsEP2tbsgQQ',
  },
  'streaming-failure-finish-reason-safety.sse': {
    content: '<redacted>',
    finishReason: 'content_filter',
    usage: usage(10, 66),
    model: 'gemini-1.5-flash',
  },
  'streaming-failure-recitation-no-content.sse': {
    content: 'text1text2text3text4text5text6text7text8',
    finishReason: 'content_filter',
    usage: usage(9, 261),
    model: 'gemini-2.0-flash',
  },
  'streaming-success-basic-reply-long.sse': {
    content: {
      begins: "Okay, let's dive into the world of cats and dogs! This is a broad topic, so I'll break it down",
      ends: 'For example, you could ask about specific breeds, training techniques, or health conditions.\n',
      length: 8845,
    },
    finishReason: 'stop',
    usage: usage(10, 1996),
    model: 'gemini-2.0-flash',
  },
  'streaming-success-basic-reply-parts.sse': {
    content: '1 2 3 4 5 6 7 8',
    finishReason: 'stop',
    usage: usage(6, 326),
  },
  'streaming-success-basic-reply-short.sse': {
    content: 'The capital of Wyoming is **Cheyenne**.\n',
    finishReason: 'stop',
    usage: usage(7, 10),
    model: 'gemini-2.0-flash',
  },
  'streaming-success-empty-parts.sse': {
    content: "Here's a cute cartoon kitten playing with a ball of yarn for you! ",
    finishReason: 'stop',
    usage: usage(16, 1307),
    model: 'gemini-2.5-flash-image-preview',
    id: 'kLewaKa5ONqI-8YP-c_NuAQ',
  },
  'streaming-success-function-call-short.sse': {
    content: '',
    toolCalls: [{ id: 'call_request_0', name: 'getTemperature', arguments: '{"city":"San Jose"}' }],
    finishReason: 'tool_calls',
  },
  'streaming-success-thinking-function-call-thought-summary-signature.sse': {
    content: '',
    reasoning: {
      begins: "**Calculating the Days**\n\nI've determined the user's request",
      ends: "I'll calculate this myself after getting today's date.\n\n\n",
      length: 765,
    },
    toolCalls: [{ id: 'call_request_0', name: 'now', arguments: '{}' }],
    finishReason: 'tool_calls',
    usage: usage(38, 174, 168),
    model: 'gemini-2.5-flash',
    id: '48SHaPHpHKbG-8YPtZCawAk',
  },
  // Each of its events has the finish reason STOP.
  'streaming-success-utf8.sse': {
    content: {
      begins: '秋风瑟瑟，叶落纷纷，\n西风残照，寒霜渐浓。\n',
      ends: '让我们一起欣赏秋天的美景，\n感受秋天的气息，领悟秋天的哲理。',
      length: 225,
    },
    finishReason: 'stop',
  },
};

/** The failures and their place: inside a stream, or in the status, which these recordings do not contain. */
const failures: Readonly<Record<string, { readonly status?: number; readonly failure: object }>> = {
  'streaming-failure-error-mid-stream.sse': { failure: { kind: 'server', message: 'The operation was cancelled.' } },
  'streaming-failure-prompt-blocked-safety.sse': {
    failure: { kind: 'content_policy', message: 'The provider refuses the prompt: SAFETY.' },
  },
  'google-429-retry-info.json': {
    status: 429,
    failure: { kind: 'rate_limit', retryAfterMs: 34_400 },
  },
  'unary-failure-api-key.json': {
    status: 400,
    failure: {
      kind: 'authentication',
      message: 'API key not valid. Please pass a valid API key.',
    },
  },
  'unary-failure-quota-exceeded.json': { status: 429, failure: { kind: 'rate_limit' } },
  'unary-failure-unknown-model.json': { status: 404, failure: { kind: 'not_found' } },
};

const wholes: Readonly<
  Record<string, { readonly message: object; readonly finishReason: string; readonly usage?: object }>
> = {
  'unary-failure-finish-reason-safety.json': {
    message: { role: 'assistant', content: 'Safety error incoming in 5, 4, 3, 2...', refusal: null },
    finishReason: 'content_filter',
    usage: usage(7, 20),
  },
  'unary-success-basic-reply-short.json': {
    message: {
      role: 'assistant',
      content: "Google's headquarters, also known as the Googleplex, is located in **Mountain View, California**.\n",
      refusal: null,
    },
    finishReason: 'stop',
    usage: usage(7, 22),
  },
  'unary-success-function-call-no-arguments.json': {
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 'call_request_0', type: 'function', function: { name: 'current_time', arguments: '{}' } }],
    },
    finishReason: 'tool_calls',
  },
  'unary-success-function-call-parallel-calls.json': {
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: ['{"y":1,"x":2}', '{"y":3,"x":4}', '{"y":5,"x":6}'].map((text, at) => ({
        id: `call_request_${at}`,
        type: 'function',
        function: { name: 'sum', arguments: text },
      })),
    },
    finishReason: 'tool_calls',
  },
  'unary-success-thinking-reply-thought-summary.json': {
    message: {
      role: 'assistant',
      content: 'Mountain View',
      reasoning_content:
        "**Thinking About Google's Headquarters**\n\nWell, this one's straightforward. The user wants to know the city where Google's headquarters is located.  Of course, that would be Mountain View. It's almost second nature at this point, especially given my background.  Simple question, simple answer.  Let's get that information to them quickly and move on.\n",
      refusal: null,
    },
    finishReason: 'stop',
    usage: usage(14, 26, 24),
  },
};

const load = (name: string, status = 200) => ({ ...readRecording(`gemini/${name}`), status });

/** Replays a recording unchanged, and in pieces: the result must be the same. */
function replayed(name: string, status?: number): Replayed {
  const recording = load(name, status);
  const inOne = replay({ adapter, recording });
  for (const seed of [1, 2, 3]) {
    const cuts = randomCuts(recording.body.length, seed);
    const { chunks, completion, result } = replay({ adapter, recording, cuts });
    expect({ chunks, completion, kind: result.kind }).toEqual({
      chunks: inOne.chunks,
      completion: inOne.completion,
      kind: inOne.result.kind,
    });
  }
  return inOne;
}

function expectText(text: string, expected: string | Excerpt): void {
  if (typeof expected === 'string') return expect(text).toBe(expected);
  expect(text.startsWith(expected.begins) && text.endsWith(expected.ends)).toBe(true);
  expect(text).toHaveLength(expected.length);
}

describe('a recorded answer of Gemini', () => {
  it('has an expectation here', () => {
    const named = Object.keys({ ...streams, ...failures, ...wholes }).map((name) => `gemini/${name}`);
    expect(named.toSorted()).toEqual(recordingNames('gemini'));
  });

  it.each(Object.entries(streams))('%s comes out as chunks, wherever it is cut', (name, expected) => {
    const { chunks, result } = replayed(name);
    const answer = joined(chunks);
    expectText(answer.content, expected.content);
    expectText(answer.reasoning, expected.reasoning ?? '');
    expect(answer).toMatchObject({ toolCalls: expected.toolCalls ?? [], finishReason: expected.finishReason });
    expect(answer.usage).toEqual(expected.usage);
    const heads = chunks.map(({ id, model }) => `${id} ${model}`);
    expect(new Set(heads)).toEqual(new Set([`${expected.id ?? 'chatcmpl-request'} ${expected.model ?? 'asked-for'}`]));
    expect(result).toMatchObject({
      kind: 'complete',
      summary: { finishReason: expected.finishReason, usage: expected.usage, responseModel: expected.model },
    });
  });

  it.each(Object.entries(failures))('%s is a failure, wherever it is cut', (name, { status, failure }) => {
    const { result } = replayed(name, status);
    expect(result).toMatchObject({ kind: 'failed', failure });
  });

  it.each(Object.entries(wholes))('%s comes out as a completion', (name, { message, finishReason, usage: counts }) => {
    const { completion } = replayed(name);
    expect(completion?.choices).toEqual([{ index: 0, message, logprobs: null, finish_reason: finishReason }]);
    expect(completion?.usage).toEqual(counts);
  });

  it('has passed on the text before its error', () => {
    const { chunks } = replay({ adapter, recording: load('streaming-failure-error-mid-stream.sse') });
    expect(joined(chunks)).toMatchObject({ content: 'First Second ', finishReason: undefined });
  });

  it.each([
    ['google-tool-call.chunks.jsonl', 'EqUCCqICAb4', 396],
    ['streaming-success-thinking-function-call-thought-summary-signature.sse', 'CiIBVKhc7vB', 1140],
  ])('%s gives the signature of its call with the call', (name, begins, length) => {
    const { chunks } = replay({ adapter, recording: load(name) });
    const [call] = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect(call).toMatchObject(signed(begins, length));
  });

  it('gives the signature of a text that has ended with the message', () => {
    const { chunks } = replay({ adapter, recording: load('google-reasoning.chunks.jsonl') });
    const deltas = chunks.map(({ choices }) => choices[0]?.delta);
    expect(deltas).toContainEqual(expect.objectContaining(signed('Eo0HCooHAb4', 1216)));
  });

  it('gives images that the model generated', () => {
    const { chunks } = replay({ adapter, recording: load('streaming-success-empty-parts.sse') });
    const images = chunks.flatMap(({ choices }) => choices[0]?.delta['images'] ?? []);
    expect(images).toEqual([
      {
        type: 'image_url',
        image_url: { url: expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo.*ElFTkSuQmCC$/) },
      },
    ]);
  });
});

/** Matches an object with a signature that begins with these eleven characters and has so many in all. */
const signed = (begins: string, length: number): object => ({
  extra_content: { google: { thought_signature: expect.stringMatching(new RegExp(`^${begins}.{${length - 11}}$`)) } },
});
