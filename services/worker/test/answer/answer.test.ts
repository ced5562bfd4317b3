import type { ChatBody, Delivered, RetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createAnswer } from '../../src/answer/answer.ts';
import { delta, laterDelta } from '../fake-upstream.ts';
import { candidateWith, progressWith } from '../run/progress-scene.ts';
import { targetWith } from '../scene.ts';

const body: ChatBody = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 };
const delivered: Delivered = { content: 'Hello', reasoning: '', chunks: 3 };
const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
const continues = targetWith({ prefill: 'assistant' });
const repeats = targetWith();
const sse = (...chunks: readonly string[]): string => chunks.map((chunk) => `data: ${chunk}\n\n`).join('');
const hello = sse(delta('Hel'), laterDelta('lo'));

interface Scene {
  readonly target?: typeof continues;
  readonly delivered?: Delivered;
  readonly stream?: boolean;
  readonly state?: Partial<RetryState>;
  readonly body?: ChatBody;
}

/** The answer of a run at one target. */
function answerWith({ target = repeats, ...given }: Scene = {}) {
  const scene = progressWith({ targets: [target], body, ...given });
  const { answer, state, tally } = scene.progress;
  const candidate = candidateWith({ target, fitted: given.body ?? body });
  const begin = () => {
    tally.begin();
    return answer.begin(candidate, state, () => undefined);
  };
  const extend = () => {
    tally.extend();
    return answer.extend(candidate, state, () => undefined);
  };
  return { ...scene, answer, candidate, begin, extend, target };
}

const lastOf = ({ messages = [] }: ChatBody) => messages.at(-1);

describe('the first attempt', () => {
  it('sends the request as it is, and announces the target when the answer begins', () => {
    const { begin, frames } = answerWith();
    const { body: asked, sink, isPrefilled } = begin();
    expect(asked).toBe(body);
    expect(isPrefilled).toBe(false);
    expect(frames).toEqual([]);
    sink.onAnswer();
    expect(frames).toEqual([
      { kind: 'answered', payload: { upstream: 'u', model: 'm', credential: 'a', attempts: 1 } },
    ]);
  });
});

describe('an attempt that resumes an answer', () => {
  it.each<[string, Scene, boolean]>([
    ['of a target that continues a text', { target: continues, delivered }, true],
    ['of a target that does not', { target: repeats, delivered }, false],
    [
      'of a target that refused a prefill before',
      { target: continues, delivered, state: { withoutPrefill: ['u/m'] } },
      false,
    ],
    ['without any text', { target: continues, delivered: { ...delivered, content: '', reasoning: 'Hm' } }, false],
    [
      'that was extended, at a target that takes no prefill',
      { target: repeats, delivered: { ...delivered, continuations: 1 } },
      false,
    ],
  ])('asks by prefill: %s', (_what, scene, isPrefilled) => {
    const opening = answerWith(scene).begin();
    expect(opening.isPrefilled).toBe(isPrefilled);
    const last = { role: 'assistant', content: 'Hello' };
    expect(JSON.stringify(lastOf(opening.body)) === JSON.stringify(last)).toBe(isPrefilled);
  });

  it('may use only the tokens that are left', () => {
    expect(answerWith({ target: continues, delivered }).begin().body['max_tokens']).toBe(7);
  });

  it('asks for the rest of an extended answer by an instruction, since one answer can not repeat it', () => {
    const opening = answerWith({ delivered: { ...delivered, continuations: 1 } }).begin();
    expect(opening.body.messages?.slice(-2)).toMatchObject([
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: expect.stringMatching(/^Continue your last message/) },
    ]);
  });

  it.each<[string, typeof continues, string]>([
    ['a target that continues', continues, sse(delta(' there'))],
    ['a target that begins anew', repeats, sse(delta('Hello'), laterDelta(' there'))],
  ])('gives the client the rest alone: %s', (_what, target, events) => {
    const text = answerWith({ target, delivered }).begin().sink.take(events);
    expect(text).toContain('" there"');
    expect(text).not.toContain('Hello');
  });
});

describe('a whole answer that broke off while it was collected', () => {
  const stream = false;

  it('is continued by a target that can', () => {
    const { begin } = answerWith({ target: continues, stream });
    begin().sink.take(hello);
    const { sink, body: asked, isPrefilled } = begin();
    expect(isPrefilled).toBe(true);
    expect(lastOf(asked)).toMatchObject({ role: 'assistant', content: 'Hello' });
    sink.take(sse(delta(' there', 'stop')));
    expect(JSON.parse(sink.finish(undefined))).toMatchObject({ choices: [{ message: { content: 'Hello there' } }] });
  });

  it.each<[string, Scene]>([
    ['by a target that can not continue it', { target: repeats }],
    ['if the request has several choices', { target: continues, body: { ...body, n: 2 } }],
  ])('begins anew %s', (_what, scene) => {
    const { begin } = answerWith({ stream, ...scene });
    begin().sink.take(hello);
    const { sink, isPrefilled } = begin();
    expect(isPrefilled).toBe(false);
    sink.take(sse(delta('Good morning', 'stop')));
    expect(JSON.parse(sink.finish(undefined))).toMatchObject({ choices: [{ message: { content: 'Good morning' } }] });
  });
});

describe('the text so far', () => {
  it.each<[string, Scene, boolean, boolean]>([
    ['is continued by a target with prefill', { target: continues, delivered }, true, true],
    ['is not continued by one without', { target: repeats, delivered }, true, false],
    ['is not there', { target: continues }, false, false],
    [
      'is reasoning alone, which no target continues',
      { target: continues, delivered: { ...delivered, content: '', reasoning: 'Hm' } },
      true,
      false,
    ],
    ['is empty', { target: continues, delivered: { ...delivered, content: '' } }, false, false],
  ])('%s', (_what, scene, hasDelivered, canContinue) => {
    const { answer, progress, target } = answerWith(scene);
    expect(answer.hasDelivered()).toBe(hasDelivered);
    expect(answer.canContinue(target, progress.state)).toBe(canContinue);
  });
});

describe('an answer that met its length limit', () => {
  const target = targetWith({ prefill: 'assistant', maxContinuations: 1 });
  const say = ({ sink }: ReturnType<ReturnType<typeof answerWith>['begin']>, content: string): void =>
    sink.data(sink.take(sse(delta(content), laterDelta('', 'length'))));

  it('is extended by an attempt that gets its text, and announced before the call', () => {
    const { answer, begin, extend, frames } = answerWith({ target });
    say(begin(), 'Hello');
    expect(answer.endAttempt(usage)).toBe(true);
    const { body: asked, isPrefilled } = extend();
    expect(isPrefilled).toBe(true);
    expect(lastOf(asked)).toEqual({ role: 'assistant', content: 'Hello' });
    // The extension has the full length that the client allows.
    expect(asked['max_tokens']).toBe(10);
    expect(frames.at(-1)?.payload).toMatchObject({ attempts: 2, continuations: 1 });
  });

  it('has its end held back until it is closed', () => {
    const { answer, begin, sent } = answerWith({ target });
    say(begin(), 'Hello');
    answer.endAttempt(usage);
    expect(sent.join('')).toContain('"Hello"');
    expect(sent.join('')).not.toContain('"length"');
    answer.close();
    expect(sent.join('')).toContain('"length"');
  });

  it('has the usage of all its attempts', () => {
    const { answer, begin, extend } = answerWith({ target });
    say(begin(), 'Hello');
    answer.endAttempt(usage);
    say(extend(), ' there');
    answer.endAttempt(usage);
    expect(answer.usage()?.completion_tokens).toBe(6);
  });

  it.each<[string, Scene]>([
    ['for a model without extensions', { target: continues }],
    ['as JSON', { target, body: { ...body, response_format: { type: 'json_object' } } }],
  ])('is not extended %s', (_what, scene) => {
    const { answer, begin } = answerWith(scene);
    say(begin(), 'Hello');
    expect(answer.endAttempt(usage)).toBe(false);
    expect(answer.usage()).toBeUndefined();
  });

  it('is not extended for embeddings', () => {
    const { progress, candidate } = answerWith({ target });
    const { claimedRun, state, tally } = progress;
    const job = { ...claimedRun.job, operation: 'embeddings' } as const;
    const answer = createAnswer({ ...claimedRun, job }, tally, true);
    tally.begin();
    answer.begin(candidate, state, () => undefined);
    expect(answer.endAttempt(usage)).toBe(false);
  });
});
