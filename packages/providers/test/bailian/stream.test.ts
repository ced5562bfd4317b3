import type { UpstreamEvent } from '@sluice/protocol';
import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const ok = 'HTTP_STATUS/200';

function frame(output: object, models: readonly object[] = []): UpstreamEvent {
  const data = JSON.stringify({ output: { finish_reason: 'null', ...output }, usage: { models }, request_id: 'r1' });
  return { event: 'result', comment: ok, data };
}

const thought = (text: string | undefined, more: object = {}) => ({
  thoughts: [{ action_type: 'reasoning', thought: text, response: text, ...more }],
});

function start(options: object = {}): StreamTranslator {
  const body = { stream_options: { include_usage: true } };
  return providers.bailian.create(options).translateStream(body, plan());
}

interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly { readonly delta: object; readonly finish_reason: string | null }[];
  readonly usage?: object;
}

const chunksOf = (sse: string): Chunk[] =>
  sse.split('\n\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event.slice('data: '.length)) as Chunk]));
const deltasOf = (sse: string): object[] => chunksOf(sse).flatMap(({ choices }) => choices.map(({ delta }) => delta));
const run = (translator: StreamTranslator, frames: readonly UpstreamEvent[]): string =>
  frames.map((event) => translator.push(event)).join('');

describe('a stream of an application', () => {
  it('is complete with the frame that has the finish reason, whose text counts', () => {
    const translator = start();
    const sse = run(translator, [
      frame({ text: 'Hel' }, [{ model_id: 'qwen', input_tokens: 3, output_tokens: 1 }]),
      frame({ text: 'lo', finish_reason: 'stop', session_id: 's1' }, [
        { model_id: 'planner', input_tokens: 3, output_tokens: 2 },
        { model_id: 'qwen', input_tokens: 4, output_tokens: 5 },
      ]),
    ]);
    expect(chunksOf(sse)).toMatchObject([
      { id: 'chatcmpl-r1', model: 'qwen', choices: [{ delta: { role: 'assistant', content: 'Hel' } }] },
      { choices: [{ delta: { content: 'lo', session_id: 's1' }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: 'stop' }] },
      {
        id: 'chatcmpl-r1',
        model: 'qwen',
        choices: [],
        usage: { prompt_tokens: 7, completion_tokens: 7, total_tokens: 14 },
      },
    ]);
    expect(translator.state).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'stop', responseModel: 'qwen', usage: { total_tokens: 14 } },
    });
  });

  it('counts empty frames as heartbeats and sends nothing for them', () => {
    const translator = start();
    const quiet = Array.from({ length: 50 }, () => frame({ text: '' }));
    expect([run(translator, quiet), translator.heartbeats, translator.state.kind]).toEqual(['', 50, 'open']);
    run(translator, [frame({ text: 'a' })]);
    expect(translator.heartbeats).toBe(50);
  });

  it('may repeat the earlier text in each frame', () => {
    const texts = ['', 'He', 'Hello', '', 'Hello', 'Jello, all', 'Jello, all'];
    const frames = texts.map((text) => frame({ text, ...thought(text.toUpperCase()) }));
    const deltas = deltasOf(run(start({ incremental: false }), frames));
    expect(deltas).toEqual([
      { role: 'assistant', reasoning_content: 'HE', content: 'He' },
      { reasoning_content: 'LLO', content: 'llo' },
      { reasoning_content: ', ALL', content: ', all' },
    ]);
  });

  it('contains reasoning, among other items that are not reasoning', () => {
    const deltas = deltasOf(
      run(start({ thoughts: true }), [
        frame({ text: '', ...thought('Hm') }),
        frame({ text: '', ...thought(undefined, { response: ' so' }) }),
        frame({ text: '', ...thought('found', { action_type: 'agentRag' }) }),
        frame({ text: 'Hi', ...thought('') }),
      ]),
    );
    expect(deltas).toEqual([
      { role: 'assistant', reasoning_content: 'Hm' },
      { reasoning_content: ' so' },
      { content: 'Hi' },
    ]);
  });

  it.each([
    ['stop', false, 'stop'],
    ['length', false, 'length'],
    ['whatever', false, 'stop'],
    ['stop', true, 'content_filter'],
  ])('that ends with %s, rejected: %s, ends with %s', (reason, isRejected, finishReason) => {
    const translator = start();
    run(translator, [frame({ text: '', finish_reason: reason, reject_status: isRejected })]);
    expect(translator.isFinished).toBe(true);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason } });
  });

  it('that ends without a finish reason is truncated', () => {
    const translator = start();
    run(translator, [frame({ text: 'a' })]);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it.each<[string, UpstreamEvent, object]>([
    [
      'an error with its status',
      { event: 'error', comment: 'HTTP_STATUS/429', data: '{"code":"Throttling.AllocationQuota","message":"full"}' },
      { kind: 'quota', status: 429, code: 'Throttling.AllocationQuota', message: 'full' },
    ],
    ['a status alone', { comment: 'HTTP_STATUS/503', data: '<html>' }, { kind: 'server', status: 503 }],
    ['a name alone', { event: 'error', data: '{"code":"InvalidParameter"}' }, { kind: 'invalid_request' }],
    ['a code alone', { data: '{"code":"InternalError","message":"broken"}' }, { kind: 'server', message: 'broken' }],
    ['invalid JSON', { event: 'result', comment: ok, data: '{"output":' }, { kind: 'malformed' }],
  ])('fails in the middle: %s', (_what, event, failure) => {
    const translator = start();
    run(translator, [frame({ text: 'a' }), event]);
    expect(translator.state).toMatchObject({ kind: 'failed', failure });
    expect(translator.push(frame({ text: 'b', finish_reason: 'stop' }))).toBe('');
  });

  it('ignores unknown frames', () => {
    const translator = start();
    run(translator, [{ data: '{"news":1}' }, frame({ text: 'a', thoughts: 'none', session_id: 7 })]);
    expect(translator.state.kind).toBe('open');
  });
});
