import { isReshaped, reshapeCompletion, thinkingModes } from '@sluice/answers';
import { describe, expect, it } from 'vitest';

const answer = (...messages: readonly object[]): string =>
  JSON.stringify({
    id: 'a',
    choices: messages.map((message, index) => ({ index, message, finish_reason: 'stop' })),
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, future: 1 },
  });
const calls = { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] };

describe('a whole answer', () => {
  it.each([
    [
      'with reasoning',
      { role: 'assistant', content: 'Hello', reasoning_content: 'hm' },
      { role: 'assistant', content: '<think>hm</think>Hello' },
      { role: 'assistant', content: 'Hello' },
    ],
    [
      'with a tool call',
      { content: null, reasoning_content: 'hm', ...calls },
      { content: '<think>hm</think>', ...calls },
      { content: null, ...calls },
    ],
    [
      'with reasoning under two names',
      { content: 'Hello', reasoning: 'hm', reasoning_details: [{ text: 'hm' }] },
      { content: '<think>hm</think>Hello' },
      { content: 'Hello' },
    ],
    [
      'with encrypted reasoning',
      { content: 'A', reasoning_details: [{ data: 'x' }] },
      { content: 'A' },
      { content: 'A' },
    ],
    ['without reasoning', { content: 'A' }, { content: 'A' }, { content: 'A' }],
  ])('%s', (_name, message, tagged, stripped) => {
    const other = { content: 'B', reasoning_content: 'b' };
    const before = answer(message, other);
    const read = (text: string): unknown => JSON.parse(text);
    expect(read(reshapeCompletion(before, 'think'))).toEqual(read(answer(tagged, { content: '<think>b</think>B' })));
    expect(read(reshapeCompletion(before, 'strip'))).toEqual(read(answer(stripped, { content: 'B' })));
  });

  it('without reasoning stays unchanged, byte for byte', () => {
    const text = '{ "choices": [ {"message":{"content":"\\"reasoning\\": 1","reasoning_content":""}} ] }';
    expect(reshapeCompletion(text, 'think')).toBe(text);
  });

  it('that is not an answer stays unchanged', () => {
    expect(reshapeCompletion('{"reasoning":"x"}', 'think')).toBe('{"reasoning":"x"}');
  });
});

it('two of the modes change an answer', () => {
  expect(thinkingModes.filter(isReshaped)).toEqual(['think', 'strip']);
});

describe('the remaining part of an answer', () => {
  it.each(['strip', 'think'] as const)('keeps its digits and its order (%s)', (mode) => {
    const own = '{"2":9223372036854775807,"1":1.0}';
    const text = `{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"hm","x_own":${own}}}]}`;
    expect(reshapeCompletion(text, mode)).toContain(`"x_own":${own}`);
  });

  it('stays unchanged if it is not JSON', () => {
    expect(reshapeCompletion('{"reasoning_content":"hm"', 'strip')).toBe('{"reasoning_content":"hm"');
  });
});
