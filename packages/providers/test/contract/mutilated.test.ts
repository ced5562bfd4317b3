import { type CallPlan, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { joined, readChunk } from './openai-objects.ts';
import { readRecording } from './recording.ts';

/*
 * Servers leave out, rename and misplace fields of OpenAI. The tests mutilate recorded streams at random in ways known from
 * real servers; the result must be valid and have the same text.
 */

const adapter = providers.openai.create({});
const plan: CallPlan = {
  model: 'asked-for',
  baseUrl: 'http://upstream.example',
  apiKey: undefined,
  stream: true,
  reportStreamUsage: true,
  requestId: 'request',
  startedAtMs: 1_700_000_000_000,
  newId: () => '',
  keepsThinkingMarkup: false,
};

type Fields = Record<string, unknown>;
interface ToolPiece extends Fields {
  function?: Fields;
}
interface Delta extends Fields {
  tool_calls?: ToolPiece[];
}
interface RecordedChunk extends Fields {
  choices: { delta: Delta; finish_reason?: string | null; [extension: string]: unknown }[];
}

type Dice = () => boolean;

/** Throws true with this chance, the same for the same seed. */
function createDice(seed: number, chance: number): Dice {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 < chance;
  };
}

const otherWords: Readonly<Record<string, string>> = { stop: 'end_turn', tool_calls: 'tool_use', length: 'MAX_TOKENS' };

function mutilate(chunk: RecordedChunk, dice: Dice): void {
  for (const name of ['id', 'object', 'created', 'model']) if (dice()) delete chunk[name];
  for (const choice of chunk.choices) {
    const { delta, finish_reason: reason } = choice;
    if (dice()) delete choice['index'];
    if (reason == null && dice()) choice.finish_reason = '';
    if (reason == null && dice()) delete choice.finish_reason;
    if (typeof reason === 'string' && dice()) choice.finish_reason = otherWords[reason] ?? reason;
    if (dice()) delete delta['role'];
    if (dice()) delta['function_call'] = null;
    if (delta.tool_calls === undefined && dice()) delta['tool_calls'] = null as never;
    if (typeof delta['content'] === 'string' && dice()) delta['content'] = [{ type: 'text', text: delta['content'] }];
    if (typeof delta['reasoning_content'] === 'string' && dice()) {
      delta['reasoning'] = delta['reasoning_content'];
      delete delta['reasoning_content'];
    }
    for (const piece of delta.tool_calls ?? []) {
      if (dice()) delete piece['type'];
      if (dice()) delete piece['index'];
      if (piece.function?.['name'] === undefined && dice()) piece['id'] = '';
    }
  }
}

function said(events: readonly string[]): ReturnType<typeof joined> {
  const translator = adapter.translateStream({ stream_options: { include_usage: true } }, plan);
  const sse = [...events, '[DONE]'].map((data) => translator.push({ data })).join('') + translator.end();
  expect(translator.state).toMatchObject({ kind: 'complete' });
  const chunks = sse.split('\n\n').filter((event) => event !== '');
  return joined(chunks.map((event) => readChunk(event.slice('data: '.length))));
}

describe('a mutilated stream', () => {
  it.each([
    'openai/chat-completion-streaming.sse',
    'openai/chat-completion-multiple-tools-streaming-with-content.sse',
    'openai/run-stream-sync-streams-real-model.0.sse',
    'moonshot/moonshotai-stream.chunks.jsonl',
    'zai/zai-thinking-stream.sse',
  ])('%s keeps its text in valid chunks', (name) => {
    const lines =
      readRecording(name)
        .body.toString('utf8')
        .match(/^data: \{.*$/gm) ?? [];
    const texts = lines.map((line) => line.slice('data: '.length));
    const whole = said(texts);
    for (let seed = 1; seed <= 60; seed++) {
      const dice = createDice(seed, seed % 2 === 0 ? 0.05 : 0.5);
      const mutilated = texts.map((text) => {
        const chunk = JSON.parse(text) as RecordedChunk;
        mutilate(chunk, dice);
        return JSON.stringify(chunk);
      });
      expect(said(mutilated)).toEqual(whole);
    }
  });
});
