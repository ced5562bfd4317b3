import type { ChatBody, UpstreamRequest } from '@sluice/protocol';
import type { CallListener } from '@sluice/upstream';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/run.ts';
import type { Target } from '../../src/targets/targets.ts';
import type { CallClient } from '../../src/targets/upstream-clients.ts';
import { isAskedToStream } from '../../src/attempt/asks-stream.ts';
import { delta } from '../fake-upstream.ts';
import { claimedRunWith, jobWith, makeAttemptWith, runNeedsWith, targetWith } from '../scene.ts';

type Answer = (listener: CallListener) => void;

const job = jobWith({ stream: false });
const collecting = (upstream: string, over: Partial<Target> = {}): Target =>
  targetWith({ upstream, baseUrl: `http://${upstream}`, wholeAnswers: 'collect', ...over });

const head = (listener: CallListener): void =>
  listener.onHead({ status: 200, headers: { 'content-type': 'text/event-stream' }, receivedAt: 0 });
const says =
  (...chunks: readonly string[]): Answer =>
  (listener) => {
    head(listener);
    for (const chunk of chunks) listener.onText(`data: ${chunk}\n\n`);
  };
const whole =
  (...chunks: readonly string[]): Answer =>
  (listener) => {
    says(...chunks, '[DONE]')(listener);
    listener.onEnd();
  };
const breaks =
  (...chunks: readonly string[]): Answer =>
  (listener) => {
    says(...chunks)(listener);
    listener.onFailure({ kind: 'network', message: 'reset' }, true);
  };

/** Serves one request for a whole answer; returns the text sent, the requests made and the outcome. */
async function serve(targets: readonly Target[], answers: readonly Answer[], body: ChatBody = { messages: [] }) {
  const requests: UpstreamRequest[] = [];
  const client: CallClient = {
    call(request, listener) {
      const answer = answers[requests.length];
      requests.push(request);
      queueMicrotask(() => answer?.(listener));
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
    tell: () => undefined,
  };
  let sent = '';
  const outcome = await run(
    runNeedsWith({ targetsOf: () => targets, makeAttempt: makeAttemptWith({ client }) }),
    claimedRunWith({ job, body, onData: (piece) => (sent += piece) }),
  );
  const asked = requests.map(({ body }) => JSON.parse(String(body)) as ChatBody);
  return { outcome, asked, answer: sent === '' ? undefined : (JSON.parse(sent) as unknown) };
}

const contentOf = (content: string): object => ({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
});

describe('a whole answer that is collected', () => {
  it('is asked for as a stream and given in one piece', async () => {
    const { outcome, asked, answer } = await serve([collecting('u')], [whole(delta('Hel'), delta('lo', 'stop'))]);
    expect(asked).toMatchObject([{ stream: true }]);
    expect(answer).toMatchObject(contentOf('Hello'));
    expect(outcome).toMatchObject({ kind: 'end', attempts: 1 });
  });

  it('is started again at another target when it breaks off', async () => {
    const { answer, outcome } = await serve(
      [collecting('u'), collecting('v', { priority: 2 })],
      [breaks(delta('Hel')), whole(delta('Good '), delta('day', 'stop'))],
    );
    expect(answer).toMatchObject(contentOf('Good day'));
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2, end: { burntTokens: 1 } });
  });

  it('is resumed by a target that can, at the point where it broke off', async () => {
    const { answer, asked } = await serve(
      [collecting('u'), collecting('v', { priority: 2, prefill: 'assistant' })],
      [breaks(delta('The answer ')), whole(delta('is '), delta('42.', 'stop'))],
    );
    expect(asked[1]).toMatchObject({ messages: [{ role: 'assistant', content: 'The answer ' }] });
    expect(answer).toMatchObject(contentOf('The answer is 42.'));
  });

  it('is resumed by a whole answer', async () => {
    const completion = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'is 42.' }, finish_reason: 'stop' }],
    };
    const { answer } = await serve(
      [collecting('u'), collecting('v', { priority: 2, prefill: 'assistant' })],
      [
        breaks(delta('The answer ')),
        (listener) => {
          listener.onHead({ status: 200, headers: { 'content-type': 'application/json' }, receivedAt: 0 });
          listener.onText(JSON.stringify(completion));
          listener.onEnd();
        },
      ],
    );
    expect(answer).toMatchObject(contentOf('The answer is 42.'));
  });

  it('keeps its probabilities and all its choices', async () => {
    const chunk = (index: number, content: string): string =>
      JSON.stringify({
        id: 'c',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [
          {
            index,
            delta: { role: 'assistant', content },
            logprobs: { content: [{ token: content, logprob: -1, bytes: null, top_logprobs: [] }] },
            finish_reason: 'stop',
          },
        ],
      });
    const { answer } = await serve([collecting('u')], [whole(chunk(0, 'a'), chunk(1, 'b'))], {
      messages: [],
      n: 2,
      logprobs: true,
    });
    expect(answer).toMatchObject({
      choices: [
        { index: 0, message: { content: 'a' }, logprobs: { content: [{ token: 'a' }] } },
        { index: 1, message: { content: 'b' }, logprobs: { content: [{ token: 'b' }] } },
      ],
    });
  });
});

describe('a provider is asked for a stream', () => {
  it.each<[string, Partial<Target>, ChatBody, boolean]>([
    ['where answers are collected', { wholeAnswers: 'collect' }, {}, true],
    ['not where they are asked for', { wholeAnswers: 'ask' }, {}, false],
    ['not for sound', { wholeAnswers: 'collect' }, { modalities: ['text', 'audio'] }, false],
    ['not for a voice', { wholeAnswers: 'collect' }, { audio: { voice: 'x', format: 'mp3' } }, false],
    ['not where it can not stream', { wholeAnswers: 'collect', isWholeOnly: true }, {}, false],
  ])('%s', (_what, over, body, expected) => {
    expect(isAskedToStream(job, targetWith(over), body)).toBe(expected);
  });

  it('not for embeddings', () => {
    const target = targetWith({ wholeAnswers: 'collect' });
    expect(isAskedToStream(jobWith({ stream: false, operation: 'embeddings' }), target, {})).toBe(false);
  });
});
