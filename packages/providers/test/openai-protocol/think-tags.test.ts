import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.openai.create({ think_tags: true });

interface Said {
  readonly content?: string | null;
  readonly reasoning_content?: string;
}

const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: finish }],
  });

function stream(pieces: readonly string[], over: Parameters<typeof plan>[0] = {}): { text: string; thought: string } {
  const translator = adapter.translateStream({}, plan(over));
  const events = [...pieces.map((piece) => chunk(piece)), chunk('', 'stop'), '[DONE]'];
  const sse = events.map((data) => translator.push({ data })).join('');
  const deltas = sse.split('\n\n').flatMap((event) => {
    if (event === '') return [];
    return (JSON.parse(event.slice('data: '.length)) as { choices: { delta: Said }[] }).choices.map(
      ({ delta }) => delta,
    );
  });
  expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  return {
    text: deltas.map(({ content }) => content ?? '').join(''),
    thought: deltas.map(({ reasoning_content: thought }) => thought ?? '').join(''),
  };
}

const answers: readonly (readonly [answer: string, text: string, thought: string])[] = [
  ['<think>\nhm, a < b </thin\n</think>\n\nIt is so.', 'It is so.', 'hm, a < b </thin\n'],
  ['\n<think></think>x', 'x', ''],
  ['plain text with a <think>tag</think> in it', 'plain text with a <think>tag</think> in it', ''],
  ['<thin ice', '<thin ice', ''],
  ['<think>never said', '', 'never said'],
  ['<think>a</think>b <think>c</think>', 'b <think>c</think>', 'a'],
  ['<think>a</', '', 'a</'],
  ['<thi', '<thi', ''],
];

describe('reasoning between tags', () => {
  it.each(answers)('is removed from %j, wherever it is cut', (answer, text, thought) => {
    for (let first = 0; first <= answer.length; first++) {
      for (let second = first; second <= answer.length; second++) {
        const pieces = [answer.slice(0, first), answer.slice(first, second), answer.slice(second)];
        expect(stream(pieces)).toEqual({ text, thought });
      }
    }
  });

  it.each(answers)('is removed from the whole answer %j', (answer, text, thought) => {
    const whole = JSON.stringify({ choices: [{ message: { content: answer } }] });
    const result = adapter.translateWhole(whole, {}, plan({ stream: false }));
    const { choices } = JSON.parse(result.kind === 'complete' ? result.text : '{}') as { choices: { message: Said }[] };
    expect(choices[0]?.message.content).toBe(text);
    expect(choices[0]?.message.reasoning_content ?? '').toBe(thought);
  });

  it('remains if markup is kept', () => {
    expect(stream(['<think>a</think>b'], { keepsThinkingMarkup: true })).toEqual({
      text: '<think>a</think>b',
      thought: '',
    });
  });
});
