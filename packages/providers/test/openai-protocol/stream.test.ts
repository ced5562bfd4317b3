import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.openai.create({});

const chunk = (fields: object): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-x', ...fields });
const delta = (content: string, finish_reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason }] });
const first = chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] });
const usageOnly = chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });

function translate(events: readonly string[], body: object = {}): { text: string; translator: StreamTranslator } {
  const translator = adapter.translateStream(body as Record<string, unknown>, plan());
  const text = events.map((data) => translator.push({ data })).join('');
  return { text, translator };
}
const sse = (...data: string[]): string => data.map((each) => `data: ${each}\n\n`).join('');

describe('an OpenAI stream', () => {
  it('passes every chunk on unchanged, and ends with [DONE]', () => {
    const chunks = [first, delta('a'), delta('b "finish_reason":"stop" "error":{}'), delta('', 'stop')];
    const { text, translator } = translate([...chunks, '[DONE]']);
    expect(text).toBe(sse(...chunks));
    expect(translator.state).toEqual({
      kind: 'complete',
      summary: { usage: undefined, finishReason: 'stop', responseModel: 'gpt-x' },
    });
  });

  it('passes the clean events at the start of a text as they are', () => {
    const { translator } = translate([first]);
    const text = sse(delta('a'), delta('b'), delta('', 'stop'));
    expect(translator.pass?.(text)).toEqual({ length: sse(delta('a'), delta('b')).length, events: 2 });
    translator.push({ data: delta('', 'stop') });
    translator.push({ data: '[DONE]' });
    expect(translator.pass?.(text).events).toBe(0);
  });

  it('does not pass the usage chunk on unless the client requested it', () => {
    const events = [delta('a'), delta('', 'stop'), usageOnly, '[DONE]'];
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const unasked = translate(events);
    expect(unasked.text).not.toContain('prompt_tokens');
    expect(unasked.translator.state).toMatchObject({ kind: 'complete', summary: { usage } });
    const asked = translate(events, { stream_options: { include_usage: true } });
    expect(asked.text).toContain('prompt_tokens');
  });

  it('frames JSON with several lines', () => {
    const { text } = translate([first.replace(',', ',\n')]);
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(2);
    expect(text.split('\n').every((line) => line === '' || line.startsWith('data: '))).toBe(true);
  });

  it('frames a usage with several lines', () => {
    const asked = { stream_options: { include_usage: true } };
    const { text } = translate([first, delta('a', 'stop'), usageOnly.replace(',', ',\n'), '[DONE]'], asked);
    expect(text.endsWith(`data: ${usageOnly.replace(',', ',\ndata: ')}\n\n`)).toBe(true);
  });

  it('ignores events that are not chunks', () => {
    const { text, translator } = translate(['{"type":"ping"}', first, delta('a'), '{"type":"ping"}']);
    expect(text).toBe(sse(first, delta('a')));
    expect(translator.state.kind).toBe('open');
  });

  it('is complete without [DONE] when it has a finish reason', () => {
    const { translator } = translate([delta('a'), delta('', 'length')]);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'length' } });
  });

  it('is truncated without [DONE] while one of its choices is open, or has not even begun', () => {
    const { translator } = translate([delta('a'), delta('', 'stop')], { n: 2 });
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it('is truncated without either', () => {
    const { translator } = translate([delta('a'), delta('b')]);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it.each([
    ['an empty stream', [], 'truncated'],
    ['[DONE] without an answer', ['[DONE]'], 'malformed'],
    ['truncated JSON', [delta('a'), delta('b').slice(0, 40)], 'malformed'],
    ['JSON truncated at the very start', ['{"id":'], 'malformed'],
    ['an error as an event', [delta('a'), '{"error":{"message":"boom","code":"server_error"}}'], 'server'],
    ['an error as plain text', ['{"error":"overloaded"}'], 'server'],
    [
      'an error beside a chunk',
      [chunk({ choices: [{ delta: {}, finish_reason: null }], error: { code: 429 } })],
      'rate_limit',
    ],
    ['a rate limit as an event', ['{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'], 'rate_limit'],
  ])('fails on %s', (_what, events, kind) => {
    const { translator } = translate(events);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('sends nothing after its end', () => {
    const { translator } = translate([delta('a', 'stop'), '[DONE]']);
    expect(translator.push({ data: delta('late') })).toBe('');
    translator.end();
    expect(translator.state.kind).toBe('complete');
  });

  it('reports the last usage', () => {
    const early = chunk({
      choices: [{ delta: {}, finish_reason: null }],
      usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 },
    });
    const { translator } = translate([early, delta('', 'stop'), usageOnly, '[DONE]']);
    expect(translator.state).toMatchObject({ summary: { usage: { total_tokens: 5 } } });
  });
});
