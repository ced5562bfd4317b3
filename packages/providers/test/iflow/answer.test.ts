import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';

const adapter = providers.iflow.create({});
const plan = planOf({ stream: true });
const stated = (status: string | number): string => JSON.stringify({ status, msg: 'no', body: null });
const kinds: [string, string][] = [
  ['449', 'rate_limit'],
  ['429', 'rate_limit'],
  ['434', 'permission'],
  ['438', 'permission'],
  ['439', 'authentication'],
  ['401', 'authentication'],
  ['406', 'permission'],
  ['514', 'server'],
  ['500', 'server'],
];

describe('an error with status 200', () => {
  it.each(kinds)('%s is %s', (status, kind) => {
    const rest = ['434', '438'].includes(status) ? { retryAfterMs: 3_600_000 } : {};
    const failure = { kind, message: 'no', code: status, ...rest };
    expect(adapter.translateWhole(stated(status), {}, plan)).toEqual({ kind: 'failed', failure });
    const stream = adapter.translateStream({}, plan);
    expect(stream.push({ data: stated(Number(status)) })).toBe('');
    expect(stream.state).toEqual({ kind: 'failed', failure });
    expect([stream.push({ data: '[DONE]' }), stream.end()]).toEqual(['', '']);
  });
});

describe('an error with a special status', () => {
  const head = (status: number) => ({ status, headers: {}, receivedAt: 0 });

  it.each(kinds)('%s is %s', (status, kind) => {
    const body = JSON.stringify({ error: { message: 'Invalid API key provided' } });
    expect(adapter.toFailure(head(Number(status)), body)).toMatchObject({
      kind,
      message: 'Invalid API key provided',
      status: Number(status),
    });
  });

  it('has lower precedence than the number in its body', () => {
    expect(adapter.toFailure(head(403), stated('434'))).toMatchObject({
      kind: 'permission',
      code: '434',
      message: 'no',
    });
    expect(adapter.toFailure(head(400), stated('449'))).toMatchObject({ kind: 'rate_limit', status: 400 });
  });
});

describe('an answer', () => {
  const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
    JSON.stringify({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'glm-4.7',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    });

  it('streams reasoning and text, with usage on its last chunk', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
    const stream = adapter.translateStream({}, plan);
    const events = [
      chunk({ role: 'assistant', content: '', reasoning_content: 'Hm "choices"' }),
      chunk({ content: 'Hi' }),
      chunk({}, 'stop', { usage }),
      '[DONE]',
    ];
    const text = events.map((data) => stream.push({ data })).join('');
    expect(text).toContain('"reasoning_content":"Hm \\"choices\\""');
    expect(stream.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop', usage } });
  });

  it('has no usage if iFlow sends none', () => {
    const stream = adapter.translateStream({}, plan);
    for (const data of [chunk({ content: 'Hi' }), chunk({}, 'stop'), '[DONE]']) stream.push({ data });
    expect(stream.state).toMatchObject({ kind: 'complete', summary: { usage: undefined } });
  });

  it('that was cut off fails', () => {
    const stream = adapter.translateStream({}, plan);
    stream.push({ data: chunk({ content: 'Hi' }) });
    stream.end();
    expect(stream.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it('that consists of reasoning has an empty text', () => {
    const message = { role: 'assistant', content: null, reasoning_content: 'Hm' };
    const text = JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    });
    const whole = adapter.translateWhole(text, {}, plan);
    expect(whole.kind === 'complete' && JSON.parse(whole.text)).toMatchObject({ choices: [{ message }] });
  });
});
