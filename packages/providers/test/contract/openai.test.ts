import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined } from './openai-objects.ts';
import { readRecording, type Recording, recordingNames } from './recording.ts';
import { randomCuts, replay } from './replay.ts';

const adapter = providers.openai.create({});

const weather = '{"location":"San Francisco"}';
const spacedWeather = '{"location": "San Francisco"}';

/** Tokens of prompt, completion, in total, and of reasoning. */
type Counted = readonly [prompt: number, completion: number, total: number, reasoning?: number];
type Called = readonly [id: string, name: string, argumentsText: string];

interface Expected {
  readonly model: string;
  readonly ends: string;
  readonly usage?: Counted;
  readonly calls?: readonly Called[];
}

/** The expected data of each stream. {@link spokenIn} reads its texts from the recording. */
const streams: Readonly<Record<string, Expected>> = {
  'openai/chat-completion-streaming.sse': { model: 'gpt-4-0613', ends: 'stop', usage: [12, 5, 17, 0] },
  'openai/chat-completion-multiple-tools-streaming-with-content.sse': {
    model: 'gpt-4o-mini-2024-07-18',
    ends: 'tool_calls',
    usage: [75, 51, 126, 0],
    calls: [
      ['call_fHCjJqt9Pysde6vcJcvbXGBx', 'get_current_weather', '{"location": "Seattle, WA"}'],
      ['call_3J9foSw3CUb48lrqIXoTky6U', 'get_current_weather', '{"location": "San Francisco, CA"}'],
    ],
  },
  'openai/chat-tools-streaming.sse': {
    model: 'gpt-3.5-turbo-0125',
    ends: 'tool_calls',
    calls: [['call_P9Ayqu3UQNYuTBVAg2sLimh9', 'get_current_weather', weather]],
  },
  'openai/chat-streaming-with-events-with-content.0.sse': { model: 'gpt-3.5-turbo-0125', ends: 'stop' },
  'openai/openai-text.chunks.jsonl': { model: 'gpt-4.1-nano-2025-04-14', ends: 'stop', usage: [16, 300, 316, 0] },
  'openai/run-stream-sync-streams-real-model.0.sse': {
    model: 'gpt-4o-mini-2024-07-18',
    ends: 'tool_calls',
    usage: [53, 15, 68, 0],
    calls: [['call_ZR5UUuTt3pf61kjwAJIYdVMj', 'get_capital', '{"country":"UK"}']],
  },
  'openai/run-stream-sync-streams-real-model.1.sse': {
    model: 'gpt-4o-mini-2024-07-18',
    ends: 'stop',
    usage: [78, 9, 87, 0],
  },
  'deepseek/deepseek-model-thinking-stream.sse': {
    model: 'deepseek-reasoner',
    ends: 'stop',
    usage: [6, 212, 218, 198],
  },
  'deepseek/deepseek-reasoning.chunks.jsonl': { model: 'deepseek-reasoner', ends: 'stop', usage: [18, 219, 237, 205] },
  'qwen/alibaba-reasoning.chunks.jsonl': { model: 'qwen3-max', ends: 'stop', usage: [24, 1355, 1379, 1084] },
  'moonshot/moonshotai-stream.chunks.jsonl': { model: 'kimi-k3', ends: 'stop', usage: [9, 12, 21, 7] },
  'groq/groq-tool-call.chunks.jsonl': {
    model: 'llama-3.3-70b-versatile',
    ends: 'tool_calls',
    usage: [210, 15, 225],
    calls: [['tk85n1k4m', 'weather', '{}']],
  },
  'mistral/mistral-text.chunks.jsonl': { model: 'mistral-small-latest', ends: 'stop', usage: [13, 8, 21] },
  // Its tool-call delta has neither index nor type.
  'mistral/mistral-tool-call.chunks.jsonl': {
    model: 'mistral-small-latest',
    ends: 'tool_calls',
    usage: [124, 22, 146],
    calls: [['gSIMJiOkT', 'weather', spacedWeather]],
  },
  // xAI counts reasoning in the total alone.
  'xai/xai-text.chunks.jsonl': { model: 'grok-3-mini', ends: 'stop', usage: [12, 2, 354, 340] },
  'xai/xai-tool-call.chunks.jsonl': {
    model: 'grok-3-mini',
    ends: 'tool_calls',
    usage: [291, 26, 513, 196],
    calls: [['call_55117580', 'weather', weather]],
  },
  'openrouter/openrouter-stream-with-reasoning.sse': { model: 'openai/o3', ends: 'stop', usage: [9, 104, 113, 0] },
  // Usage on each chunk; the last one is a `chat.completion.done`.
  'perplexity/perplexity-citations.chunks.jsonl': { model: 'sonar', ends: 'stop', usage: [10, 336, 346] },
  // Its only call has the index 1.
  'compat/anthropic-fallback-tool-call.sse': {
    model: 'claude-haiku-4-5-20251001',
    ends: 'tool_calls',
    calls: [['toolu_sanitized', 'read_file', '{"path": "a.txt"}']],
  },
};

const wholes: Readonly<Record<string, Expected>> = {
  'openai/chat-completion-multiple-choices.json': {
    model: 'gpt-4o-mini-2024-07-18',
    ends: 'stop',
    usage: [12, 24, 36, 0],
  },
  'openai/chat-tools.json': {
    model: 'gpt-3.5-turbo-0125',
    ends: 'tool_calls',
    usage: [68, 16, 84],
    calls: [['call_NnblzAO7oa78mQTzjUYLcouN', 'get_current_weather', weather]],
  },
  'openai/chat-response-format.0.json': { model: 'gpt-4.1-nano-2025-04-14', ends: 'stop', usage: [83, 32, 115, 0] },
  'openai/chat-reasoning.0.json': { model: 'gpt-5-nano-2025-08-07', ends: 'stop', usage: [11, 228, 239, 192] },
  'openai/reasoning-model-with-temperature.json': {
    model: 'o3-mini-2025-01-31',
    ends: 'stop',
    usage: [13, 238, 251, 192],
  },
  'openai/openai-text-ai.json': { model: 'gpt-4.1-nano-2025-04-14', ends: 'stop', usage: [16, 363, 379, 0] },
  'openai/compatible-api-with-tool-calls-without-id.0.json': {
    model: 'gemini-2.5-pro-preview-05-06',
    ends: 'tool_calls',
    usage: [35, 12, 109],
    calls: [['call_request_0', 'get_current_time', '{}']],
  },
  'openai/compatible-api-with-tool-calls-without-id.1.json': {
    model: 'gemini-2.5-pro-preview-05-06',
    ends: 'stop',
    usage: [66, 6, 100],
  },
  'deepseek/deepseek-reasoning-ai.json': { model: 'deepseek-reasoner', ends: 'stop', usage: [18, 345, 363, 315] },
  'qwen/alibaba-tool-call.json': {
    model: 'qwen3-max',
    ends: 'tool_calls',
    usage: [295, 22, 317],
    calls: [['call_962bfd2ab8f54b89a1161356', 'weather', spacedWeather]],
  },
  'moonshot/moonshotai-tool-call.json': {
    model: 'kimi-k3',
    ends: 'tool_calls',
    usage: [30, 12, 42],
    calls: [['call_abc123', 'get_weather', '{"city":"Paris"}']],
  },
  'groq/tool-use-failed-error.1.json': {
    model: 'openai/gpt-oss-120b',
    ends: 'tool_calls',
    usage: [301, 52, 353, 22],
    calls: [['fc_311ba17b-89f9-48d3-8fd9-7e74a1264855', 'get_something_by_name', '{"name":"test"}']],
  },
  'groq/tool-use-failed-error.2.json': { model: 'openai/gpt-oss-120b', ends: 'stop', usage: [336, 96, 432, 59] },
  // Cerebras. The folder's other recordings are Z.ai's own.
  'zai/cerebras-zai-reasoning-replayed-as-think-tags.0.json': {
    model: 'zai-glm-4.7',
    ends: 'stop',
    usage: [17, 415, 432, 406],
  },
  'zai/cerebras-zai-reasoning-replayed-as-think-tags.1.json': {
    model: 'zai-glm-4.7',
    ends: 'stop',
    usage: [35, 106, 141, 97],
  },
  // Ollama under its /v1.
  'ollama/ollama-local-native-output-uses-json-schema.json': {
    model: 'qwen3:0.6b',
    ends: 'stop',
    usage: [136, 15, 151],
  },
};

const errors: Readonly<Record<string, object>> = {
  'openai/chat-completion-404.json': { kind: 'not_found', status: 404, code: 'model_not_found' },
  'groq/tool-use-failed-error.0.json': { kind: 'invalid_request', status: 400, code: 'tool_use_failed' },
  'groq/tool-regular-error.json': { kind: 'not_found', status: 404, code: 'model_not_found' },
  // In the middle of a stream; both answers before it have the finish reason `length`.
  'openrouter/openrouter-stream-error.sse': { kind: 'invalid_request', message: 'Token limit reached' },
  // Cohere's v2 protocol has nothing of OpenAI's. Its own compatible endpoint, under /compatibility/v1, is what `openai` is for.
  'cohere/cohere-tool-call.chunks.jsonl': { kind: 'malformed' },
};

const folders = ['openai', 'deepseek', 'qwen', 'moonshot', 'groq', 'mistral', 'xai', 'openrouter', 'perplexity'];

interface Spoken {
  readonly content: string;
  readonly reasoning: string;
}

interface RecordedMessage {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
}

/** Reads the texts of the first choice from the recording, in the simplest way. */
function spokenIn({ body, name }: Recording): Spoken {
  const text = body.toString('utf8');
  const objects = name.endsWith('.json')
    ? [text]
    : text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice('data: '.length)] : []));
  const messages = objects.flatMap((object) => {
    const { choices } = JSON.parse(object) as {
      choices: readonly { index: number; delta?: RecordedMessage; message?: RecordedMessage }[];
    };
    return choices.filter(({ index }) => index === 0).map(({ delta, message }) => delta ?? message ?? {});
  });
  return {
    content: messages.map(({ content }) => content ?? '').join(''),
    reasoning: messages.map(({ reasoning_content: named, reasoning }) => named ?? reasoning ?? '').join(''),
  };
}

function counted(usage: Readonly<Record<string, unknown>> | null | undefined): Counted | undefined {
  if (usage == null) return undefined;
  const { prompt_tokens, completion_tokens, total_tokens, completion_tokens_details: details } = usage;
  const tokens = [prompt_tokens, completion_tokens, total_tokens] as [number, number, number];
  const reasoning = (details as { reasoning_tokens?: number } | undefined)?.reasoning_tokens;
  return reasoning === undefined ? tokens : [...tokens, reasoning];
}

describe('a recorded stream', () => {
  it.each(Object.entries(streams))("%s says the same in OpenAI's words, wherever it is cut", (name, expected) => {
    const recording = readRecording(name);
    const inOne = replay({ adapter, recording });
    const { content, reasoning, finishReason, toolCalls, usage } = joined(inOne.chunks);
    expect({ content, reasoning }).toEqual(spokenIn(recording));
    expect(content.length + reasoning.length + toolCalls.length).toBeGreaterThan(0);
    expect(finishReason).toBe(expected.ends);
    expect(toolCalls.map((call) => [call.id, call.name, call.arguments])).toEqual(expected.calls ?? []);
    expect(counted(usage)).toEqual(expected.usage);
    expect(inOne.chunks.filter((chunk) => chunk.usage != null)).toHaveLength(expected.usage === undefined ? 0 : 1);
    expect(inOne.result).toMatchObject({
      kind: 'complete',
      summary: { finishReason: expected.ends, responseModel: expected.model },
    });
    for (const seed of [1, 2, 3]) {
      const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, seed) });
      expect(inPieces.chunks).toEqual(inOne.chunks);
    }
  });

  it('of OpenAI passes unchanged', () => {
    for (const name of recordingNames('openai').filter((each) => Object.hasOwn(streams, each))) {
      const recording = readRecording(name);
      const { chunks } = replay({ adapter, recording });
      const lines = recording.body.toString('utf8').match(/^data: \{.*$/gm) ?? [];
      expect(chunks).toEqual(lines.map((line) => JSON.parse(line.slice('data: '.length)) as unknown));
    }
  });
});

describe('a recorded whole answer', () => {
  it.each(Object.entries(wholes))("%s says the same in OpenAI's words", (name, expected) => {
    const recording = readRecording(name);
    const inOne = replay({ adapter, recording });
    const [choice] = inOne.completion?.choices ?? [];
    expect({
      content: choice?.message.content ?? '',
      reasoning: choice?.message.reasoning_content ?? '',
    }).toEqual(spokenIn(recording));
    expect(choice?.finish_reason).toBe(expected.ends);
    const calls = choice?.message.tool_calls ?? [];
    expect(calls.map(({ id, function: called }) => [id, called?.name, called?.arguments])).toEqual(
      expected.calls ?? [],
    );
    expect(counted(inOne.completion?.usage)).toEqual(expected.usage);
    expect(inOne.result).toMatchObject({ kind: 'complete', summary: { responseModel: expected.model } });
    const inPieces = replay({ adapter, recording, cuts: randomCuts(recording.body.length, 5) });
    expect(inPieces.completion).toEqual(inOne.completion);
  });
});

describe('a recorded error', () => {
  it.each(Object.entries(errors))('%s is a failure, wherever it is cut', (name, failure) => {
    const recording = readRecording(name);
    for (const cuts of [[], ...[1, 2, 3].map((seed) => randomCuts(recording.body.length, seed))]) {
      const { result } = replay({ adapter, recording, cuts });
      expect(result).toMatchObject({ kind: 'failed', failure });
    }
  });
});

it('leaves out no recording of an OpenAI-compatible provider', () => {
  const names = [...folders, 'compat', 'cohere'].flatMap((folder) => recordingNames(folder));
  const told = [streams, wholes, errors].flatMap((table) => Object.keys(table));
  expect(names.filter((name) => !told.includes(name))).toEqual([]);
});
