import { type Preparation, type PreparationStep, providers, type StepAnswer } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.coze.create({ delivery: 'poll' });
const botPlan = plan({ model: 'bot-1', baseUrl: 'http://u' });

const ids = { id: '7382159487131697202', conversation_id: '7381473525342978089' };
const query = `conversation_id=${ids.conversation_id}&chat_id=${ids.id}`;
const usage = { input_count: 7, output_count: 2, token_count: 9 };
const answer = (body: object | string, status = 200): StepAnswer => ({
  head: { status, headers: { 'x-tt-logid': 'L1' }, receivedAt: 0 },
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const chat = (status: string, more: object = {}): StepAnswer =>
  answer({ code: 0, msg: '', data: { ...ids, status, ...more } });
const waited = answer('', 0);

function begin(): Preparation {
  const steps = adapter.prepare?.({ messages: [{ role: 'user', content: 'hi' }] }, botPlan);
  if (steps === undefined) throw new Error('the adapter has no preparation');
  return steps;
}

/** Returns the requested steps in short form, and the final result. */
function run(answers: readonly StepAnswer[]): { wanted: readonly string[]; outcome: unknown } {
  const steps = begin();
  const wanted: string[] = [];
  let next = steps.next();
  for (const given of answers) {
    if (next.done === true) break;
    wanted.push(inShort(next.value));
    next = steps.next(given);
  }
  if (next.done !== true) throw new Error(`requests more: ${inShort(next.value)}`);
  return { wanted, outcome: next.value };
}

const inShort = (step: PreparationStep): string =>
  step.kind === 'wait' ? `wait ${step.ms}` : `${step.request.method} ${step.request.url.replace('http://u', '')}`;

const start = 'POST /v3/chat';
const get = `GET /v3/chat/retrieve?${query}`;
const post = `POST /v3/chat/retrieve?${query}`;
const cancel = 'POST /v3/chat/cancel';

describe('a chat of Coze that is polled', () => {
  it('is started with storage of its answer', () => {
    const { value } = begin().next();
    const request = 'kind' in value && value.kind === 'call' ? value.request : undefined;
    expect(request?.headers).toMatchObject({ accept: 'application/json' });
    expect(JSON.parse(String(request?.body))).toMatchObject({ bot_id: '1', stream: false, auto_save_history: true });
  });

  it('is polled each second until it is complete', () => {
    const answers = [chat('created'), waited, chat('in_progress'), waited, chat('completed', { usage })];
    expect(run(answers)).toEqual({
      wanted: [start, 'wait 1000', get, 'wait 1000', get],
      outcome: {
        kind: 'ready',
        notes: { conversationId: ids.conversation_id, chatId: ids.id, usage: JSON.stringify(usage) },
      },
    });
  });

  it.each([404, 405])('is polled by POST after GET is answered with %i', (status) => {
    const answers = [
      chat('in_progress'),
      waited,
      answer('404 page not found', status),
      chat('in_progress'),
      waited,
      chat('completed'),
    ];
    expect(run(answers).wanted).toEqual([start, 'wait 1000', get, post, 'wait 1000', post]);
  });

  it.each<[string, StepAnswer, object]>([
    ['failed', chat('failed', { last_error: { code: 5000, msg: 'oh' } }), { kind: 'server', message: 'oh' }],
    ['canceled', chat('canceled'), { kind: 'unexpected', code: 'canceled' }],
    ['cancelled', chat('cancelled'), { kind: 'unexpected', code: 'cancelled' }],
    ['expired', chat('expired'), { kind: 'unexpected', code: 'expired' }],
  ])('fails when it is %s', (_what, last, failure) => {
    expect(run([chat('in_progress'), waited, last])).toMatchObject({
      wanted: [start, 'wait 1000', get],
      outcome: { kind: 'failed', failure },
    });
  });

  it.each<[string, StepAnswer, object]>([
    ['waits for its caller', chat('requires_action'), { kind: 'unexpected', code: 'requires_action' }],
    ['waits for its caller in a Studio', chat('required_action'), { kind: 'unexpected' }],
    ['can not be polled', answer({ code: 4013, msg: 'slow' }), { kind: 'rate_limit' }],
    ['does not exist', answer({ code: 4200, msg: 'no chat' }, 404), { kind: 'not_found' }],
  ])('is cancelled when it %s', (_what, last, failure) => {
    expect(run([chat('in_progress'), waited, last, answer({ code: 0 })])).toMatchObject({
      wanted: [start, 'wait 1000', get, cancel],
      outcome: { kind: 'failed', failure },
    });
  });

  it('is polled again after server errors, and cancelled after too many', () => {
    const stumble = answer('oops', 502);
    const again = Array.from({ length: 4 }, () => [waited, stumble]).flat();
    expect(run([chat('in_progress'), ...again, answer({ code: 0 })])).toMatchObject({
      wanted: [start, ...Array.from({ length: 4 }, () => ['wait 1000', get]).flat(), cancel],
      outcome: { kind: 'failed', failure: { kind: 'server', status: 502 } },
    });
  });

  it('is cancelled when its request is abandoned', () => {
    const steps = begin();
    steps.next();
    steps.next(chat('in_progress'));
    const last = steps.return({ kind: 'failed', failure: { kind: 'timeout', message: '' } });
    expect(last).toMatchObject({
      done: false,
      value: {
        kind: 'tell',
        request: { body: JSON.stringify({ conversation_id: ids.conversation_id, chat_id: ids.id }) },
      },
    });
  });

  it.each<[string, StepAnswer, object]>([
    ['an error with its own status', answer({ code: 4100, msg: 'no' }, 401), { kind: 'authentication', status: 401 }],
    ['an error with status 200', answer({ code: 700012006, msg: 'no' }), { kind: 'authentication', code: '700012006' }],
    ['an error beside odd data', answer({ code: 4016, msg: 'no', data: '' }), { kind: 'busy', code: '4016' }],
    ['a page', answer('<html>'), { kind: 'malformed' }],
    ['a chat without an id', answer({ code: 0, data: { status: 'created' } }), { kind: 'malformed' }],
    ['a chat whose id is a number', answer({ code: 0, data: { id: 1, conversation_id: 2 } }), { kind: 'malformed' }],
  ])('fails when its start is answered with %s', (_what, first, failure) => {
    expect(run([first])).toMatchObject({ wanted: [start], outcome: { kind: 'failed', failure } });
  });
});

describe('the messages of a chat of Coze that was polled', () => {
  const notes = { conversationId: ids.conversation_id, chatId: ids.id, usage: JSON.stringify(usage) };
  const list = (data: readonly object[]): string => JSON.stringify({ code: 0, msg: '', data });

  it('are requested with the ids of conversation and chat', () => {
    expect(adapter.toUpstream({}, { ...botPlan, notes })).toMatchObject({
      method: 'GET',
      url: `http://u/v3/chat/message/list?${query}`,
      body: undefined,
    });
  });

  it('become one answer', () => {
    const text = list([
      { id: 'a', type: 'verbose', content: '{}' },
      { id: 'b', type: 'answer', content: 'Hello', reasoning_content: 'Hm' },
      { id: 'c', type: 'follow_up', content: 'What else?' },
      { id: 'd', type: 'answer', content: 'again' },
    ]);
    const whole = adapter.translateWhole(text, {}, { ...botPlan, notes });
    expect(whole).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    expect(JSON.parse(whole.kind === 'complete' ? whole.text : '')).toMatchObject({
      id: `chatcmpl-${ids.id}`,
      object: 'chat.completion',
      model: 'bot-1',
      choices: [{ message: { role: 'assistant', content: 'Hello\n\nagain', reasoning_content: 'Hm' } }],
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    });
  });

  it('may lack usage', () => {
    const whole = adapter.translateWhole(list([]), {}, { ...botPlan, notes: { ...notes, usage: '' } });
    expect(whole).toMatchObject({ kind: 'complete', summary: { usage: undefined } });
  });

  it.each([
    ['an error', '{"code":4013,"msg":"slow"}', notes, 'rate_limit'],
    ['a page', '<html>', notes, 'malformed'],
    ['no list', '{"code":0,"data":{}}', notes, 'malformed'],
    ['an unrequested list', list([]), undefined, 'malformed'],
  ])('are missing in %s', (_what, text, given, kind) => {
    const asked = given === undefined ? botPlan : { ...botPlan, notes: given };
    expect(adapter.translateWhole(text, {}, asked)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});
