import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import type { Recording } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

// There is no recording of this provider: these are the frames that its
// documentation and captures of its users show, with invented texts and names.

const adapter = providers.bailian.create({});

type Models = readonly (readonly [modelId: string, input: number, output: number])[];

function answerOf(output: object, models: Models): string {
  const usage = {
    models: models.map(([modelId, input, outputTokens]) => ({
      input_tokens: input,
      output_tokens: outputTokens,
      model_id: modelId,
    })),
  };
  return JSON.stringify({ output: { session_id: '0123abcd', ...output }, usage, request_id: '1111-2222' });
}

/** One frame without the blank line after it. */
const frame = (id: number, output: object, models: Models = [['qwen-plus', 23, id]]): string =>
  `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${answerOf({ finish_reason: 'null', ...output }, models)}\n`;

const errorFrame = (status: number, code: string, message: string): string =>
  `id:1\nevent:error\n:HTTP_STATUS/${status}\ndata:${JSON.stringify({ request_id: '1111', code, message })}\n`;

function stream(frames: readonly string[], over: Partial<Recording> & { readonly between?: string } = {}): Recording {
  const { between = '\n', ...rest } = over;
  const body = Buffer.from(frames.map((text) => text + between).join(''));
  return { name: 'bailian/stream.sse', body, contentType: 'text/event-stream;charset=UTF-8', status: 200, ...rest };
}

const whole = (body: string, over: Partial<Recording> = {}): Recording => ({
  name: 'bailian/whole.json',
  body: Buffer.from(body),
  contentType: 'application/json',
  status: 200,
  ...over,
});

const hello = [
  frame(1, { text: '', reject_status: false }),
  frame(2, { text: 'Hél' }),
  frame(3, { text: 'lo 世界 🌍', finish_reason: 'stop' }),
];
const withoutLastLines = (recording: Recording): Recording => ({
  ...recording,
  body: Buffer.from(recording.body.toString('utf8').trimEnd()),
});
const quiet = Array.from({ length: 50 }, (_, at) => frame(at + 1, { text: '' }));
const reasoning = (text: string, more: object = {}) => ({
  thoughts: [
    { action: 'reasoning', action_type: 'reasoning', action_name: '思考过程', thought: text, response: text, ...more },
  ],
});

interface Expected {
  readonly content: string;
  readonly reasoning?: string;
  readonly tokens: readonly [prompt: number, completion: number];
}

describe('a stream of an application', () => {
  it.each<[string, Recording, Expected, object?]>([
    ['text in the last frame', stream(hello), { content: 'Héllo 世界 🌍', tokens: [23, 3] }],
    [
      'an empty last frame',
      stream([frame(1, { text: 'Hi' }), frame(2, { text: '', finish_reason: 'stop' })]),
      { content: 'Hi', tokens: [23, 2] },
    ],
    ['no blank lines', stream(hello, { between: '' }), { content: 'Héllo 世界 🌍', tokens: [23, 3] }],
    ['nothing behind the last frame', withoutLastLines(stream(hello)), { content: 'Héllo 世界 🌍', tokens: [23, 3] }],
    [
      'fifty empty frames first',
      stream([...quiet, frame(51, { text: 'Hi' }), frame(52, { text: '', finish_reason: 'stop' })]),
      { content: 'Hi', tokens: [23, 52] },
    ],
    [
      'two models at work',
      stream([
        frame(1, { text: 'Hi' }, [['planner', 10, 1]]),
        frame(2, { text: '', finish_reason: 'stop' }, [
          ['planner', 10, 4],
          ['qwen-plus', 20, 5],
        ]),
      ]),
      { content: 'Hi', tokens: [30, 9] },
    ],
    [
      'frames that repeat the text so far',
      stream([
        frame(1, { text: '' }),
        frame(2, { text: 'Hel', ...reasoning('Hm') }),
        frame(3, { text: 'Hello', ...reasoning('Hm, so') }),
        frame(4, { text: 'Hello', finish_reason: 'stop', ...reasoning('Hm, so') }),
      ]),
      { content: 'Hello', reasoning: 'Hm, so', tokens: [23, 4] },
      { incremental: false },
    ],
    [
      'reasoning, with calls of its own tools in it',
      stream([
        frame(1, { text: '', ...reasoning('Hm') }),
        frame(2, { text: '', ...reasoning('', { action_type: 'mcp', arguments: '{}', observation: '{"a":1}' }) }),
        frame(3, { text: '', ...reasoning(', so') }),
        frame(4, { text: 'Hi', ...reasoning('') }),
        frame(5, { text: '', finish_reason: 'stop' }),
      ]),
      { content: 'Hi', reasoning: 'Hm, so', tokens: [23, 5] },
      { thoughts: true },
    ],
  ])('with %s comes out the same, wherever it is cut', verifies('002-04'), (_what, recording, expected, options) => {
    const own = providers.bailian.create(options ?? {});
    const inOne = replay({ adapter: own, recording });
    const [prompt, completion] = expected.tokens;
    expect(joined(inOne.chunks)).toEqual({
      content: expected.content,
      reasoning: expected.reasoning ?? '',
      toolCalls: [],
      finishReason: 'stop',
      usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    });
    expect(inOne.chunks[0]).toMatchObject({ id: 'chatcmpl-1111-2222' });
    expect(inOne.result).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    for (const seed of [3, 7, 11]) {
      const inPieces = replay({ adapter: own, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.chunks).toEqual(inOne.chunks);
    }
  });

  it('that ends inside a character is not valid text', () => {
    const recording = stream(hello);
    const body = recording.body.subarray(0, recording.body.indexOf('🌍') + 2);
    const { result, chunks } = replay({ adapter, recording: { ...recording, body } });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
    expect(joined(chunks)).toMatchObject({ content: 'Hél', finishReason: undefined });
  });

  it('that breaks off is not a complete answer', () => {
    const { result, chunks } = replay({ adapter, recording: stream(hello.slice(0, 2)) });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
    expect(joined(chunks)).toMatchObject({ content: 'Hél', finishReason: undefined });
  });

  it.each<[string, readonly string[], number]>([
    ['at its beginning', [], 0],
    ['in its middle', hello.slice(0, 2), 1],
  ])('that fails %s does so with the status of its frame', verifies('002-08'), (_what, before, events) => {
    const error = errorFrame(429, 'Throttling.AllocationQuota', 'Allocated quota exceeded.');
    const recording = stream([...before, error]);
    for (const seed of [3, 7, 11]) {
      const { result } = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      const failure = { kind: 'quota', status: 429, code: 'Throttling.AllocationQuota' };
      expect(result).toMatchObject({ kind: 'failed', events, failure });
    }
  });

  it('that was rejected is a failure', () => {
    const recording = stream([frame(1, { text: 'No.', finish_reason: 'stop', reject_status: true })]);
    const { chunks } = replay({ adapter, recording });
    expect(joined(chunks)).toMatchObject({ content: 'No.', finishReason: 'content_filter' });
  });

  it('that comes as one JSON is made into a stream', () => {
    const body = answerOf({ text: 'Hello', finish_reason: 'stop', ...reasoning('Hm') }, [['qwen-plus', 121, 37]]);
    const { chunks, result } = replay({ adapter, recording: whole(body), stream: true });
    expect(joined(chunks)).toMatchObject({
      content: 'Hello',
      reasoning: 'Hm',
      finishReason: 'stop',
      usage: { prompt_tokens: 121, completion_tokens: 37 },
    });
    expect(result).toMatchObject({ kind: 'complete' });
  });
});

describe('a whole answer of an application', () => {
  it('becomes a completion, with the session it belongs to', verifies('002-02'), () => {
    const body = answerOf({ text: 'Hello', finish_reason: 'stop', reject_status: false }, [['qwen-plus', 121, 37]]);
    const { completion } = replay({ adapter, recording: whole(body) });
    expect(completion).toMatchObject({
      id: 'chatcmpl-1111-2222',
      model: 'qwen-plus',
      choices: [{ message: { role: 'assistant', content: 'Hello', session_id: '0123abcd' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 121, completion_tokens: 37, total_tokens: 158 },
    });
  });

  it.each<[string, Recording, object]>([
    [
      'with status 200',
      whole('{"code":"InvalidParameter","message":"prompt","request_id":"1"}'),
      { kind: 'invalid_request', message: 'prompt' },
    ],
    [
      'framed as an event and called JSON',
      whole(errorFrame(400, 'DataInspectionFailed', 'inappropriate'), { status: 400 }),
      { kind: 'content_policy', status: 400, message: 'inappropriate' },
    ],
    [
      'without a known key',
      whole('{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"1"}', { status: 401 }),
      { kind: 'authentication', status: 401, code: 'InvalidApiKey' },
    ],
  ])('may be an error %s', (_what, recording, failure) => {
    for (const isStream of [false, true]) {
      const { result } = replay({ adapter, recording, stream: isStream });
      expect(result).toMatchObject({ kind: 'failed', failure });
    }
  });
});
