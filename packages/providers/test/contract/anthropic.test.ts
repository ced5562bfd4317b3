import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, recordingNames } from './recording.ts';
import { randomCuts, replay, type Replayed } from './replay.ts';

const adapter = providers.anthropic.create({});
const seeds = [7, 21, 99];

/** The content of a recording, copied by hand. A long text is described by its length, beginning and end. */
interface Said {
  readonly content?: string | Excerpt;
  readonly reasoning?: Excerpt;
  readonly signature?: Excerpt;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReason: string;
  readonly prompt: number;
  readonly completion: number;
  readonly model: string;
}
type Excerpt = readonly [length: number, beginning: string, end: string];

const streams: Readonly<Record<string, Said>> = {
  // The framing was dropped by the recording project: `readRecording` gives it back, here and for the other two lists.
  'anthropic/anthropic-message-delta-input-tokens.chunks.jsonl': {
    content: 'pong',
    finishReason: 'stop',
    // The final count comes at the end: 43 were announced first.
    prompt: 61,
    completion: 2,
    model: 'claude-opus-4-5-20251101',
  },
  'anthropic/anthropic-text.chunks.jsonl': {
    content:
      "Hello! I'm doing well, thank you for asking. How are you doing today? Is there anything I can help you with?",
    finishReason: 'stop',
    prompt: 12,
    completion: 30,
    model: 'claude-sonnet-4-5-20250929',
  },
  'anthropic/anthropic-tool-no-args.chunks.jsonl': {
    content: "I'll update the issue list for you.",
    toolCalls: [{ id: 'toolu_01QE1WLsSVp5hy5Q3GmGTmjP', name: 'updateIssueList', arguments: '{}' }],
    finishReason: 'tool_calls',
    prompt: 565,
    completion: 48,
    model: 'claude-sonnet-4-5-20250929',
  },
  'anthropic/anthropic-message-streaming-legacy.sse': {
    content: [689, "Here's an OpenTelemetry-themed", 'r any other tech-themed jokes!'],
    finishReason: 'stop',
    prompt: 17,
    completion: 171,
    model: 'claude-3-haiku-20240307',
  },
  'anthropic/anthropic-thinking-streaming-legacy.sse': {
    content: `The letter 'r' appears 3 times in the word "strawberry".`,
    reasoning: [422, 'Let me count the occurrences o', 'imes in the word "strawberry".'],
    signature: [248, 'ErUBCkYIARgCIkCepoF8CXqdCGI7O1', 'LuaWUDdtxyL9V0IJKnul7nuNx8Yg=='],
    finishReason: 'stop',
    prompt: 52,
    completion: 216,
    model: 'claude-3-7-sonnet-20250219',
  },
  'anthropic/anthropic-model-thinking-part-stream.sse': {
    content: [1021, 'Here are the basic steps for s', 'r speed when crossing streets.'],
    reasoning: [202, 'This is a straightforward ques', ' could help prevent accidents.'],
    signature: [504, 'EvMCCkYICxgCKkCHP2cSuEdcJK/0rF', 'xb7XsYeb1vgb7wwzDvP/UhjfQYAQ=='],
    finishReason: 'stop',
    prompt: 43,
    completion: 282,
    model: 'claude-sonnet-4-20250514',
  },
  'anthropic/anthropic-tools-streaming-legacy.sse': {
    content: [175, 'Certainly! I can help you with', 'et me fetch that data for you.'],
    toolCalls: [
      {
        id: 'toolu_014x5X91kx3fvdhpLvwXZWE2',
        name: 'get_weather',
        arguments: '{"location": "San Francisco, CA", "unit": "celsius"}',
      },
      { id: 'toolu_0121kXsENLvoDZ72LCuAnCCz', name: 'get_time', arguments: '{"timezone": "America/Los_Angeles"}' },
    ],
    finishReason: 'tool_calls',
    prompt: 506,
    completion: 153,
    model: 'claude-3-5-sonnet-20240620',
  },
  // These two are the SDK's own test data, edited by its authors: the last event lacks the blank line that would end it.
  'anthropic/basic-response.sse': {
    content: 'Hello there!',
    finishReason: 'stop',
    prompt: 11,
    completion: 6,
    model: 'claude-3-opus-latest',
  },
  'anthropic/tool-use-response.sse': {
    content: "I'll check the current weather in Paris for you.",
    toolCalls: [{ id: 'toolu_01NRLabsLyVHZPKxbKvkfSMn', name: 'get_weather', arguments: '{"location": "Paris"}' }],
    finishReason: 'tool_calls',
    prompt: 377,
    completion: 65,
    model: 'claude-sonnet-4-20250514',
  },
};

const wholes: Readonly<Record<string, Said>> = {
  'anthropic/anthropic-message-create-legacy.json': {
    content: [978, "Sure, here's a joke about Open", 'r their progress in real life.'],
    finishReason: 'stop',
    prompt: 17,
    completion: 220,
    model: 'claude-3-opus-20240229',
  },
  'anthropic/anthropic-thinking-legacy.json': {
    content: `The letter 'r' appears 3 times in the word "strawberry".`,
    reasoning: [429, 'Let me count the number of tim', 'imes in the word "strawberry".'],
    signature: [248, 'ErUBCkYIARgCIkBSkP4zKeRwAJMzBd', '2MvyTPQKhC+VMKFCm46n8cQi6fSA=='],
    finishReason: 'stop',
    prompt: 52,
    completion: 215,
    model: 'claude-3-7-sonnet-20250219',
  },
  'anthropic/anthropic-tools-legacy.json': {
    content: [168, "Certainly! I'd be happy to hel", ' get this information for you.'],
    toolCalls: [
      {
        id: 'toolu_012r6TBCWjRHG71j6zruYyUL',
        name: 'get_weather',
        arguments: '{"location":"New York, NY","unit":"fahrenheit"}',
      },
      { id: 'toolu_01SkeBKkLCNYWNuivqFerGDd', name: 'get_time', arguments: '{"timezone":"America/New_York"}' },
    ],
    finishReason: 'tool_calls',
    prompt: 514,
    completion: 152,
    model: 'claude-3-5-sonnet-20240620',
  },
};

const refusal = 'anthropic/anthropic-refusal.json';
const redacted = [
  'anthropic/anthropic-model-thinking-part-redacted.0.json',
  'anthropic/anthropic-model-thinking-part-redacted.1.json',
] as const;
const notFound = 'anthropic/anthropic-count-tokens-error.json';

function expectText(text: unknown, expected: string | Excerpt | undefined): void {
  if (typeof expected !== 'object') return expect(text ?? '').toBe(expected ?? '');
  const [length, beginning, end] = expected;
  const shown = typeof text === 'string' ? [text.length, text.slice(0, 30), text.slice(-30)] : text;
  expect(shown).toEqual([length, beginning, end]);
}

/** Expects the one signed block of reasoning of an answer, if it has any. */
function expectReasoning(details: unknown, { reasoning, signature }: Said): void {
  const [detail, ...more] = Array.isArray(details) ? (details as Record<string, unknown>[]) : [];
  expect(more).toEqual([]);
  expectText(detail?.['text'], reasoning);
  expectText(detail?.['signature'], signature);
}

function expectSummary({ result }: Replayed, { finishReason, prompt, completion, model }: Said): void {
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  expect(result).toMatchObject({ kind: 'complete', summary: { finishReason, usage, responseModel: model } });
}

it('has an expectation for each recording of Anthropic', () => {
  const known = [...Object.keys(streams), ...Object.keys(wholes), refusal, ...redacted, notFound];
  expect(known.sort()).toEqual(recordingNames('anthropic'));
});

describe('a recorded stream of Anthropic', () => {
  it.each(Object.entries(streams))('%s comes out as chunks, wherever it is cut', (name, said) => {
    const recording = readRecording(name);
    const inOne = replay({ adapter, recording });
    const answer = joined(inOne.chunks);
    expectText(answer.content, said.content);
    expectText(answer.reasoning, said.reasoning);
    expect(answer.toolCalls).toEqual(said.toolCalls ?? []);
    expect(answer.finishReason).toBe(said.finishReason);
    expect(answer.usage).toMatchObject({ prompt_tokens: said.prompt, completion_tokens: said.completion });
    expectSummary(inOne, said);
    const deltas = inOne.chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expectReasoning(
      deltas.flatMap(({ reasoning_details: details }) => details ?? []),
      said,
    );
    expect(inOne.chunks.every(({ id, model }) => id.startsWith('msg_') && model === said.model)).toBe(true);
    for (const seed of seeds) {
      const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.chunks).toEqual(inOne.chunks);
    }
  });

  it.each(Object.keys(streams))('%s is truncated, not complete, when its end is missing', (name) => {
    const recording = readRecording(name);
    const body = recording.body.subarray(0, recording.body.indexOf('"message_delta"') - 10);
    const { result } = replay({ adapter, recording: { ...recording, body } });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });
});

describe('a recorded whole answer of Anthropic', () => {
  it.each(Object.entries(wholes))('%s comes out as a completion, wherever it is cut', (name, said) => {
    const recording = readRecording(name);
    const inOne = replay({ adapter, recording });
    const { message, finish_reason: finishReason } = inOne.completion?.choices[0] ?? {};
    expectText(message?.content, said.content);
    expectText(message?.reasoning_content, said.reasoning);
    expectReasoning(message?.['reasoning_details'], said);
    const calls = (message?.tool_calls ?? []).map(({ id, function: called }) => ({ id, ...called }));
    expect(calls).toEqual(said.toolCalls ?? []);
    expect(finishReason).toBe(said.finishReason);
    expectSummary(inOne, said);
    for (const seed of seeds) {
      const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.completion).toEqual(inOne.completion);
    }
  });

  it("that is a refusal has OpenAI's finish reason for it", () => {
    const { completion, result } = replay({ adapter, recording: readRecording(refusal) });
    expect(completion?.choices[0]).toMatchObject({
      message: { content: null, refusal: expect.stringMatching(/^This request triggered restrictions .* Policy\.$/) },
      finish_reason: 'content_filter',
    });
    expect(result).toMatchObject({ summary: { usage: { prompt_tokens: 18, completion_tokens: 5 } } });
  });

  it.each([
    [redacted[0], [1020, 'EvgFCkYIBxgCKkBmxKtCnM3xlr1zpw', '3/NyJXEjDLMdB6OosO0nmiVWAgZhgB'], 341, 92, 196],
    [redacted[1], [976, 'EtUFCkYIBxgCKkAE46qlfUcG4eBdm3', 'V3kFUSBBGPwtw3kct4D3I1a/UYAQ=='], 500, 168, 232],
  ] as const)('%s keeps reasoning that is encrypted', (name, data, length, prompt, completion) => {
    const replayed = replay({ adapter, recording: readRecording(name) });
    const message = replayed.completion?.choices[0]?.message;
    expect(message?.content).toHaveLength(length);
    expect(message).not.toHaveProperty('reasoning_content');
    const details = message?.['reasoning_details'];
    expect(details).toMatchObject([{ type: 'reasoning.encrypted', format: 'anthropic-claude-v1', index: 0 }]);
    expectText((details as { readonly data: string }[])[0]?.data, data);
    expectSummary(replayed, { finishReason: 'stop', prompt, completion, model: 'claude-sonnet-4-5-20250929' });
  });

  it('that is an error is a failure', () => {
    // Of another endpoint; the body is the same everywhere.
    const { result } = replay({ adapter, recording: readRecording(notFound) });
    expect(result).toMatchObject({
      kind: 'failed',
      failure: { kind: 'not_found', status: 404, message: 'model: claude-does-not-exist' },
    });
  });
});
