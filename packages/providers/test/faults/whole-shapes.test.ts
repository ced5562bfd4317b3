import { type ProviderAdapter } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { openAiShaped } from '../shared.ts';

interface Whole {
  readonly id: string;
  readonly choices: readonly { readonly message: Record<string, unknown>; readonly finish_reason: string }[];
  readonly usage?: unknown;
}

function read(adapter: ProviderAdapter, text: string): Whole | string {
  const whole = adapter.translateWhole(text, {}, plan({ stream: false }));
  return whole.kind === 'complete' ? (JSON.parse(whole.text) as Whole) : whole.failure.kind;
}

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const clean = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage,
};

describe.each(openAiShaped)('a whole answer of %s', (_type, adapter) => {
  it.each<[string, unknown]>([
    ['a text instead of a message', { choices: [{ text: 'Hi', finish_reason: 'stop' }] }],
    ['a delta instead of a message', { choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] }],
    ['a text as the message', { choices: [{ message: 'Hi' }] }],
    ['content instead of a message', { choices: [{ content: 'Hi', message: null }] }],
    ['no finish reason', { choices: [{ message: { content: 'Hi' }, finish_reason: null }] }],
    ['a finish reason of its own', { choices: [{ message: { content: 'Hi' }, finish_reason: 'COMPLETE' }] }],
    ['a list of parts', { choices: [{ message: { content: [{ type: 'text', text: 'H' }, 'i'] } }] }],
    ['one choice instead of a list', { choices: { message: { content: 'Hi' } } }],
    ['a message without choices', { message: { role: 'assistant', content: 'Hi' } }],
    [
      'content without choices',
      { choices: [], role: 'assistant', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn' },
    ],
    ['an output text', { output_text: 'Hi' }],
    ['a response', { response: 'Hi' }],
    ['a wrapper', { code: 0, data: { ...clean, usage: undefined } }],
    ['two wrappers', { result: { output: clean } }],
  ])('is read with %s', (_what, answer) => {
    const whole = read(adapter, JSON.stringify({ usage, ...(answer as object) }));
    expect(whole).toMatchObject({
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage,
    });
    expect(typeof whole === 'string' ? {} : whole.choices[0]).not.toHaveProperty('text');
  });

  it.each<[string, string]>([
    ['an end mark', `${JSON.stringify(clean)}\n\ndata: [DONE]\n\n`],
    ['a bare end mark', `${JSON.stringify(clean)}[DONE]`],
    [
      'words',
      `${JSON.stringify({ ...clean, choices: [{ ...clean.choices[0], message: { role: 'assistant', content: 'Hi', x: '}{"]' } }] })} -- served by A}`,
    ],
    ['a byte order mark', `\uFEFF\n ${JSON.stringify(clean)}`],
    ['another object', `${JSON.stringify(clean)}{"usage":{}}`],
  ])('is read with %s around it', (_what, text) => {
    expect(read(adapter, text)).toMatchObject({ id: 'c', choices: [{ message: { content: 'Hi' } }], usage });
  });

  it.each<[string, string]>([
    ['nothing', '{}'],
    ['only a finish reason', '{"choices":[{"finish_reason":"stop"}]}'],
    ['a message that is not an answer', '{"message":"Not found"}'],
    ['half an answer', JSON.stringify(clean).slice(0, -10)],
    ['text before it', `served by A: ${JSON.stringify(clean)}`],
    ['too deep nesting', `{"choices":[{"message":{"content":"Hi","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}]}`],
    ['unclosed nesting', `{"choices":${'['.repeat(200_000)}`],
  ])('is malformed with %s', (_what, text) => {
    expect(read(adapter, text)).toBe('malformed');
  });

  it('completes calls without id, type, name or list, and with arguments that are not a text', () => {
    const given = { function: { name: 'f', arguments: { a: 1 } } };
    const whole = read(adapter, JSON.stringify({ choices: [{ message: { tool_calls: given } }] }));
    expect(whole).toMatchObject({
      choices: [
        {
          message: { content: null, tool_calls: [{ type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });
});

describe.each(openAiShaped)('a whole answer of %s', (_type, adapter) => {
  it('that is nested too deeply is malformed', () => {
    const nested = '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000);
    expect(read(adapter, `{"choices":[{"message":{"content":"Hi","x":${nested}}}]}`)).toBe('malformed');
  });

  it.each([
    { prompt_tokens: 1e12, completion_tokens: 1e12, total_tokens: 2e12 },
    { prompt_tokens: 1e30, completion_tokens: -1, total_tokens: null },
  ])('has no implausible usage: %j', (counts) => {
    expect(read(adapter, JSON.stringify({ ...clean, usage: counts }))).not.toHaveProperty('usage');
  });
});
