import { providers } from '@sluice/providers';
import { createResumedAnswer, type ResumedAnswer } from '@sluice/answers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollection, resumeFrom, streamSink, wholeSink } from '../src/answer/answer-sink.ts';
import type { AttemptResult } from '../src/attempt/attempt-result.ts';
import { callUpstream, type UpstreamCallOptions } from '../src/upstream.ts';
import { createFakeUpstream, delta, laterDelta, type FakeUpstream, names } from './fake-upstream.ts';
import { planWith } from './scene.ts';

const plan = planWith();
const adapter = providers.openai.create({});

interface Start extends Partial<UpstreamCallOptions> {
  /** The client wants a stream. */
  readonly stream?: boolean;
  /** Fits the stream to the delivered part of the answer. */
  readonly resumed?: ResumedAnswer;
}

function start({ stream = true, resumed, ...over }: Start = {}) {
  const upstream = createFakeUpstream();
  const controller = new AbortController();
  const sent: string[] = [];
  const answers = vi.fn<() => void>();
  let hold: (isHeld: boolean) => void = () => undefined;
  let isCongested = false;
  let drain: () => void = () => undefined;
  const gaps: number[] = [];
  const thrown: unknown[] = [];
  const way = {
    onAnswer: answers,
    data: (text: string) => void sent.push(text),
    isCongested: () => isCongested,
    onceWritable: (callback: () => void) => void (drain = callback),
  };
  const sink = stream ? streamSink(way, {}) : wholeSink(way, {}, createCollection());
  const promise = callUpstream({
    client: upstream,
    adapter,
    request: { method: 'POST', url: 'http://u/', headers: {}, body: '' },
    body: {},
    plan,
    sink: resumed === undefined ? sink : resumeFrom(resumed, sink),
    signal: controller.signal,
    onHold: (listener) => (hold = listener),
    firstTokenMs: 1000,
    idleMs: 500,
    wholeMs: Number.POSITIVE_INFINITY,
    remainingMs: 10_000,
    maxEventBytes: 1000,
    maxBodyBytes: 1000,
    onGap: (gapMs) => gaps.push(gapMs),
    onHead: () => undefined,
    onThrow: (error) => void thrown.push(error),
    now: () => performance.now(),
    ...over,
  });
  let result: AttemptResult | undefined;
  void promise.then((settled) => (result = settled));
  return {
    upstream,
    controller,
    sent,
    answers,
    gaps,
    thrown,
    promise,
    hold: (isHeld: boolean) => hold(isHeld),
    congest: () => (isCongested = true),
    drain() {
      isCongested = false;
      drain();
    },
    async settled() {
      await vi.advanceTimersByTimeAsync(0);
      return result;
    },
  };
}

const whole = (content: string): string =>
  JSON.stringify({
    ...names,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
  });

describe('callUpstream', () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      }),
  );
  afterEach(() => void vi.useRealTimers());

  it.each([
    [204, true],
    [205, true],
    [204, false],
  ])('fails as malformed on status %i (stream: %s)', async (status, stream) => {
    const { upstream, settled } = start({ stream, plan: planWith({ stream }) });
    upstream.head(status);
    upstream.end();
    expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });

  it('passes a stream on, the pieces of one read as one piece', async () => {
    const { upstream, sent, answers, promise } = start();
    upstream.head();
    upstream.text(`data: ${delta('a')}\n\ndata: ${laterDelta('b')}\n\nda`);
    upstream.text(`ta: ${laterDelta('', 'stop')}\n\n`);
    upstream.event('[DONE]');
    expect(await promise).toMatchObject({
      kind: 'complete',
      events: 3,
      summary: { usage: undefined, finishReason: 'stop', responseModel: 'm' },
    });
    expect(sent).toEqual([
      `data: ${delta('a')}\n\ndata: ${laterDelta('b')}\n\n`,
      `data: ${laterDelta('', 'stop')}\n\n`,
    ]);
    expect(answers).toHaveBeenCalledOnce();
  });

  it.each([true, false])('counts each event of a piece (stream: %s)', async (stream) => {
    const texts = ['b', 'c"\\', 'd'];
    const events = [delta('a'), ...texts.map((text) => laterDelta(text)), laterDelta('', 'stop'), '[DONE]'];
    const pieces = events.map((data) => `data: ${data}\n\n`);
    // Every way to divide the stream into two reads.
    for (const [at] of pieces.entries()) {
      const { upstream, sent, promise } = start({ stream });
      upstream.head();
      upstream.text(pieces.slice(0, at).join(''));
      upstream.text(pieces.slice(at).join(''));
      // A whole answer goes out as one.
      expect(await promise).toMatchObject({ kind: 'complete', events: stream ? 5 : 1, received: 5 });
      if (stream) expect(sent.join('')).toBe(pieces.slice(0, -1).join(''));
      else expect(JSON.parse(sent.join(''))).toMatchObject({ choices: [{ message: { content: 'abc"\\d' } }] });
    }
  });

  it('waits for the idle limit after a finish that may not be the last', async () => {
    const gemini = providers.gemini.create({});
    const { upstream, sent, settled } = start({ adapter: gemini, idleMs: 5000 });
    const piece = (text: string): string =>
      JSON.stringify({
        candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
      });
    upstream.head();
    upstream.event(piece('one'));
    await vi.advanceTimersByTimeAsync(4000);
    upstream.event(piece('two'));
    await vi.advanceTimersByTimeAsync(4000);
    expect(await settled()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await settled()).toMatchObject({ kind: 'complete' });
    expect(sent.join('')).toContain('two');
  });

  it('does not wait for the upstream to close, and closes the connection itself', async () => {
    const { upstream, promise } = start();
    upstream.head();
    upstream.event(delta('a', 'stop'));
    upstream.event('[DONE]');
    expect(await promise).toMatchObject({ kind: 'complete' });
    expect(upstream.isAborted).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(upstream.isAborted).toBe(true);
  });

  it.each<[string, (upstream: FakeUpstream) => void]>([
    ['the upstream hangs up', (upstream) => upstream.end()],
    ['the connection breaks', (upstream) => upstream.fail({ kind: 'network', message: 'reset' })],
    ['nothing follows', () => vi.advanceTimersByTime(500)],
  ])('is complete once the answer is finished, though [DONE] is missing and %s', async (_what, end) => {
    const { upstream, settled } = start({ idleMs: 5000 });
    upstream.head();
    upstream.event(delta('a', 'stop'));
    expect(await settled()).toBeUndefined();
    end(upstream);
    expect(await settled()).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  });

  it('is complete with the usage of a finished answer, without waiting for [DONE]', async () => {
    const { upstream, settled } = start();
    upstream.head();
    upstream.event(delta('a', 'stop'));
    upstream.event('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}');
    expect(await settled()).toMatchObject({ kind: 'complete', summary: { usage: { total_tokens: 3 } } });
  });

  it('holds back the delivered part of an answer that broke off, and does not count that as silence', async () => {
    const { upstream, sent, answers, settled } = start({
      resumed: createResumedAnswer({ content: 'abc', reasoning: '', chunks: 3 }, 'restart'),
    });
    upstream.head();
    for (const text of ['a', 'b', 'c']) {
      upstream.event(delta(text));
      vi.advanceTimersByTime(400);
    }
    expect([await settled(), sent, answers.mock.calls]).toEqual([undefined, [], []]);
    upstream.event(delta('d'));
    expect(sent).toHaveLength(1);
    upstream.fail({ kind: 'network', message: 'reset' });
    expect(await settled()).toMatchObject({ kind: 'failed', events: 1, received: 4 });
  });

  it('fails when the answer differs from the one that broke off', async () => {
    const { upstream, sent, settled } = start({
      resumed: createResumedAnswer({ content: 'abc', reasoning: '', chunks: 3 }, 'restart'),
    });
    upstream.head();
    upstream.event(delta('axe'));
    expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'diverged' }, events: 0 });
    expect([sent, upstream.isAborted]).toEqual([[], true]);
  });

  it.each([
    ['no head', 0, 1000],
    ['a head alone', 1, 1000],
    ['comments alone', 2, 1000],
    ['a first token, then nothing', 3, 500],
  ])('gives up on silence: %s', async (_what, signs, ms) => {
    const { upstream, settled } = start();
    if (signs > 0) upstream.head();
    if (signs > 1) upstream.text(': ping\n\n');
    if (signs > 2) upstream.event(delta('a'));
    vi.advanceTimersByTime(ms - 1);
    expect(await settled()).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' }, events: signs > 2 ? 1 : 0 });
    expect(upstream.isAborted).toBe(true);
  });

  it("does not count a provider's heartbeat as silence", async () => {
    const { upstream, sent, settled } = start({ adapter: providers.bailian.create({}) });
    const frame = (text: string): void => upstream.text(`data:${JSON.stringify({ output: { text } })}\n`);
    upstream.head();
    for (let at = 0; at < 5; at++) {
      vi.advanceTimersByTime(900);
      frame('');
    }
    expect([await settled(), sent]).toEqual([undefined, []]);
    frame('a');
    for (let at = 0; at < 5; at++) {
      vi.advanceTimersByTime(400);
      frame('');
    }
    expect([await settled(), sent.length]).toEqual([undefined, 1]);
    vi.advanceTimersByTime(500);
    expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' }, received: 1 });
  });

  it('ends at the deadline, even in the middle of a steady stream', async () => {
    const { upstream, settled } = start({ remainingMs: 2000 });
    upstream.head();
    for (let at = 0; at < 21; at++) {
      upstream.event(delta('a'));
      vi.advanceTimersByTime(100);
    }
    expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
  });

  it('closes the upstream when the run is cancelled, once what has arrived is read', async () => {
    const { upstream, controller, promise } = start();
    upstream.head();
    upstream.event(delta('a'));
    controller.abort('cancelled');
    upstream.event(delta('b'));
    expect(await promise).toMatchObject({ kind: 'aborted', events: 2 });
    expect(upstream.isAborted).toBe(true);
  });

  it('makes no call for a run that was cancelled before', async () => {
    const { upstream, promise } = start({ signal: AbortSignal.abort() });
    expect(await promise).toMatchObject({ kind: 'aborted', events: 0 });
    expect(upstream.requests).toEqual([]);
  });

  it('holds the upstream back while client or mailbox is behind, and does not count that as silence', async () => {
    const { upstream, hold, congest, drain, settled } = start();
    upstream.head();
    upstream.event(delta('a'));
    hold(true);
    expect(upstream.isPaused).toBe(true);
    vi.advanceTimersByTime(5000);
    congest();
    upstream.event(delta('b'));
    hold(false);
    expect(upstream.isPaused).toBe(true);
    drain();
    expect(upstream.isPaused).toBe(false);
    expect(await settled()).toBeUndefined();
  });

  it('holds the upstream back where the client is behind before it begins', async () => {
    const { upstream, settled } = start({ onHold: (listener) => listener(true) });
    upstream.head();
    expect(upstream.isPaused).toBe(true);
    vi.advanceTimersByTime(5000);
    expect(await settled()).toBeUndefined();
  });

  it('reports the gaps between two pieces', async () => {
    const { upstream, gaps } = start();
    upstream.head();
    upstream.event(delta('a'));
    vi.advanceTimersByTime(40);
    upstream.event(delta('b'));
    expect(gaps).toEqual([40]);
  });

  it.each([
    ['an event that is too large', (text: (t: string) => void) => text(`data: ${'x'.repeat(2000)}`), 'malformed'],
    ['an event that is not JSON', (text: (t: string) => void) => text('data: {"a\n\n'), 'malformed'],
    ['an error as an event', (text: (t: string) => void) => text('data: {"error":{"code":503}}\n\n'), 'server'],
  ])('fails on %s and hangs up', async (_what, speak, kind) => {
    const { upstream, promise } = start();
    upstream.head();
    upstream.event(delta('a'));
    speak((text) => upstream.text(text));
    expect(await promise).toMatchObject({ kind: 'failed', failure: { kind }, events: 1 });
    expect(upstream.isAborted).toBe(true);
  });

  it('fails when the stream ends unfinished, and does not forward the incomplete last event', async () => {
    const { upstream, sent, promise } = start();
    upstream.head();
    upstream.event(delta('a'));
    upstream.text('data: {"half":');
    upstream.end();
    expect(await promise).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' }, events: 1 });
    expect(sent.join('')).not.toContain('half');
  });

  it.each([
    ['a page', 'text/html', '<html>', 'malformed'],
    ['an error in disguise', 'application/json', '{"error":{"code":"rate_limit_exceeded"}}', 'rate_limit'],
  ])('fails when it gets %s instead of a stream', async (_what, contentType, text, kind) => {
    const { upstream, promise, sent } = start();
    upstream.head(200, contentType);
    upstream.text(text);
    upstream.end();
    expect(await promise).toMatchObject({ kind: 'failed', failure: { kind }, events: 0 });
    expect(sent).toEqual([]);
  });

  it('makes a stream of a whole answer', async () => {
    const { upstream, promise, sent } = start();
    upstream.head(200, 'application/json');
    upstream.text(whole('hi'));
    upstream.end();
    expect(await promise).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    expect(sent.join('').match(/"delta":\{[^}]*\}|"finish_reason":"stop"/g)).toEqual([
      '"delta":{"role":"assistant","content":"hi","refusal":null}',
      '"delta":{}',
      '"finish_reason":"stop"',
    ]);
  });

  it('makes a stream of a whole answer from a server that was not asked for a stream', async () => {
    const { upstream, promise, sent } = start({ plan: { ...plan, stream: false } });
    upstream.head(200, 'application/json');
    upstream.text(whole('hi'));
    upstream.end();
    expect(await promise).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    expect(sent.join('').match(/"object":"[a-z.]+"/g)).toEqual([
      '"object":"chat.completion.chunk"',
      '"object":"chat.completion.chunk"',
    ]);
  });

  it('makes a whole answer of a stream, for a provider that only streams', async () => {
    const { upstream, promise, sent, answers } = start({ stream: false });
    upstream.head();
    upstream.event(delta('a'));
    upstream.event(delta('b', 'stop'));
    upstream.event('[DONE]');
    expect(await promise).toMatchObject({ kind: 'complete', events: 1, received: 2 });
    expect(JSON.parse(sent.join(''))).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'ab' }, finish_reason: 'stop' }],
    });
    expect(answers).toHaveBeenCalledOnce();
  });

  it.each<[string, (s: ReturnType<typeof start>) => unknown, string]>([
    ['the run is cancelled', ({ controller }) => controller.abort('cancelled'), 'aborted'],
    ['it is too slow', () => vi.advanceTimersByTime(1000), 'failed'],
    ['its connection broke', ({ upstream }) => upstream.fail({ kind: 'network', message: 'reset' }), 'failed'],
  ])('asks a provider that continues after the socket closes to stop when %s', async (_what, happen, kind) => {
    const toCancel = { method: 'POST', url: 'http://u/cancel', headers: {}, body: '{}' } as const;
    const translateStream: typeof adapter.translateStream = (...args) => ({
      ...adapter.translateStream(...args),
      toCancel: () => toCancel,
    });
    const scene = start({ adapter: { ...adapter, translateStream } });
    scene.upstream.head();
    happen(scene);
    expect(await scene.promise).toMatchObject({ kind });
    expect(scene.upstream.requests.at(-1)).toBe(toCancel);
  });

  it('reads the body of an error up to its limit', async () => {
    const short = start();
    short.upstream.head(503, 'application/json');
    short.upstream.text('{"error":{"message":"busy"}}');
    short.upstream.end();
    expect(await short.promise).toMatchObject({ failure: { kind: 'server', status: 503, message: 'busy' } });

    const long = start();
    long.upstream.head(503, 'text/html');
    long.upstream.text('x'.repeat(70_000));
    expect(await long.promise).toMatchObject({ failure: { kind: 'server' } });
    expect(long.upstream.isAborted).toBe(true);
  });

  it('reports a broken connection with the number of events before it', async () => {
    const { upstream, promise } = start();
    upstream.head();
    upstream.event(delta('a'));
    upstream.fail({ kind: 'network', message: 'reset' });
    expect(await promise).toMatchObject({ kind: 'failed', failure: { kind: 'network', message: 'reset' }, events: 1 });
  });

  it('passes a whole answer on unchanged', async () => {
    const { upstream, sent, promise, answers } = start({ stream: false, plan: { ...plan, stream: false } });
    upstream.head(200, 'application/json');
    upstream.text(whole('hi').slice(0, 10));
    vi.advanceTimersByTime(5000);
    upstream.text(whole('hi').slice(10));
    upstream.end();
    expect(await promise).toMatchObject({ kind: 'complete', events: 1, summary: { finishReason: 'stop' } });
    expect(sent).toEqual([whole('hi')]);
    expect(answers).toHaveBeenCalledOnce();
  });

  it('refuses a whole answer that is too large', async () => {
    const { upstream, promise } = start({ stream: false, plan: { ...plan, stream: false } });
    upstream.head(200, 'application/json');
    upstream.text('x'.repeat(1001));
    expect(await promise).toMatchObject({ failure: { kind: 'malformed' } });
    expect(upstream.isAborted).toBe(true);
  });

  describe('of an adapter that throws', () => {
    const bug = (): never => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const translating = (over: object): typeof adapter => ({
      ...adapter,
      translateStream: (...args) => {
        const { push, end, ...rest } = adapter.translateStream(...args);
        return Object.defineProperties({ push, end, ...over }, Object.getOwnPropertyDescriptors(rest)) as never;
      },
    });

    it.each<[string, typeof adapter, (upstream: FakeUpstream) => void]>([
      ['when it opens a stream', { ...adapter, translateStream: bug }, () => undefined],
      ['at an event', translating({ push: bug }), (upstream) => upstream.event(delta('a'))],
      ['at the end of a stream', translating({ end: bug }), (upstream) => (upstream.event(delta('a')), upstream.end())],
      [
        'at the end of a stream that is finished',
        translating({ end: bug }),
        (upstream) => (upstream.event(delta('a', 'stop')), upstream.end()),
      ],
      [
        'at a whole answer',
        { ...adapter, translateWhole: bug },
        (upstream) => (upstream.text(whole('a')), upstream.end()),
      ],
    ])('fails as malformed %s, once, and hangs up', async (_what, broken, speak) => {
      const { upstream, settled, thrown } = start({ adapter: broken });
      if (upstream.requests.length > 0) {
        upstream.head();
        speak(upstream);
      }
      const result = await settled();
      expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' }, hasThrown: true });
      expect(thrown).toEqual([expect.any(RangeError)]);
    });

    it('classifies an error by status and headers when its body makes it throw', async () => {
      const { upstream, promise, thrown } = start({
        adapter: { ...adapter, toFailure: (head, text) => (text === '' ? adapter.toFailure(head, text) : bug()) },
      });
      upstream.head(429);
      upstream.text('{"error":');
      upstream.end();
      expect(await promise).toMatchObject({ failure: { kind: 'rate_limit', status: 429 } });
      expect(thrown).toHaveLength(1);
    });

    it('fails when a filter of its answer throws', async () => {
      const { upstream, promise } = start({ resumed: { push: bug, isDiverged: false } });
      upstream.head();
      upstream.event(delta('a'));
      expect(await promise).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
      expect(upstream.isAborted).toBe(true);
    });

    it('is aborted even if it throws during the stop', async () => {
      const { upstream, controller, promise } = start({ adapter: translating({ toCancel: bug }) });
      upstream.head();
      controller.abort('cancelled');
      expect(await promise).toMatchObject({ kind: 'aborted' });
      expect(upstream.isAborted).toBe(true);
    });
  });

  describe('reads the answer by its bytes, whatever was requested', () => {
    const types = ['application/json', 'text/plain; charset=utf-8', 'Text/Event-Stream;charset=UTF-8'];

    it.each(types)('a stream under %s, cut anywhere', async (type) => {
      const sse = `data: ${delta('a')}\n\ndata: ${laterDelta('b', 'stop')}\n\ndata: [DONE]\n\n`;
      for (const at of [1, 3, 5, 40]) {
        const { upstream, promise, sent } = start();
        upstream.head(200, type);
        upstream.text(sse.slice(0, at));
        upstream.text(sse.slice(at));
        expect(await promise).toMatchObject({ kind: 'complete', events: 2 });
        expect(sent.join('')).toBe(`data: ${delta('a')}\n\ndata: ${laterDelta('b', 'stop')}\n\n`);
      }
    });

    it.each(types)('a stream under %s where a whole answer was asked for', async (type) => {
      const { upstream, promise, sent } = start({ stream: false, plan: { ...plan, stream: false } });
      upstream.head(200, type);
      upstream.event(delta('a'));
      upstream.event(delta('b', 'stop'));
      upstream.event('[DONE]');
      expect(await promise).toMatchObject({ kind: 'complete', events: 1, received: 2 });
      expect(JSON.parse(sent.join(''))).toMatchObject({ choices: [{ message: { content: 'ab' } }] });
    });

    it.each([...types, 'text/event-stream'])('a whole answer under %s where a stream was asked for', async (type) => {
      const { upstream, promise, sent } = start();
      upstream.head(200, type);
      upstream.text(whole('hi'));
      upstream.end();
      expect(await promise).toMatchObject({ kind: 'complete' });
      expect(sent.join('')).toContain('"content":"hi"');
      expect(sent.join('')).toContain('chat.completion.chunk');
    });

    it.each(['\n', '\n\ndata: [DONE]\n\n', '[DONE]', '\0'])('a whole answer with %j behind it', async (end) => {
      const { upstream, promise, sent } = start({ stream: false, plan: { ...plan, stream: false } });
      upstream.head(200, 'application/json');
      upstream.text(whole('hi') + end);
      upstream.end();
      expect(await promise).toMatchObject({ kind: 'complete' });
      expect(JSON.parse(sent.join(''))).toMatchObject({ choices: [{ message: { content: 'hi' } }] });
    });

    it.each(['application/json', 'text/plain', 'application/x-ndjson'])('JSON lines under %s', async (type) => {
      const ollama = providers.ollama.create({});
      const line = (content: string, done: boolean): string =>
        `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done, ...(done ? { done_reason: 'stop' } : {}) })}\n`;
      for (const stream of [true, false]) {
        const { upstream, promise, sent } = start({ adapter: ollama, stream, plan: { ...plan, stream } });
        upstream.head(200, type);
        upstream.text(line('a', false));
        upstream.text(line('b', true));
        upstream.end();
        expect(await promise).toMatchObject({ kind: 'complete' });
        expect([...sent.join('').matchAll(/"content":"(\w*)"/g)].map(([, text]) => text).join('')).toBe('ab');
      }
    });
  });

  describe('has a limit', () => {
    it('for a whole answer, even if pieces of it arrive', async () => {
      const { upstream, settled } = start({ stream: false, plan: { ...plan, stream: false }, wholeMs: 3000 });
      upstream.head(200, 'application/json');
      for (let at = 0; at < 29; at++) {
        vi.advanceTimersByTime(100);
        upstream.text(' ');
      }
      expect(await settled()).toBeUndefined();
      vi.advanceTimersByTime(100);
      expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
      expect(upstream.isAborted).toBe(true);
    });

    it('for the body of an error, which then is classified by status and headers', async () => {
      const { upstream, settled } = start({ stream: false, plan: { ...plan, stream: false } });
      upstream.head(503, 'application/json');
      upstream.text('{"error":{"mess');
      vi.advanceTimersByTime(5000);
      expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'server', status: 503 } });
    });

    it('half a second after the finish, even if more arrives', async () => {
      const { upstream, settled } = start({ idleMs: 5000 });
      upstream.head();
      upstream.event(delta('a', 'stop'));
      for (let at = 0; at < 4; at++) {
        vi.advanceTimersByTime(100);
        upstream.event(delta('more'));
      }
      expect(await settled()).toBeUndefined();
      vi.advanceTimersByTime(100);
      expect(await settled()).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
    });

    it.each([
      ['a role', { role: 'assistant' }],
      ['an empty text', { content: '' }],
      ['nothing', {}],
      ['no calls', { tool_calls: [] }],
    ])('for a stream without content: %s', async (_what, empty) => {
      const { upstream, settled } = start();
      const event = JSON.stringify({
        ...names,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: empty, finish_reason: null }],
      });
      upstream.head();
      for (let at = 0; at < 9; at++) {
        upstream.event(event);
        vi.advanceTimersByTime(100);
      }
      expect(await settled()).toBeUndefined();
      vi.advanceTimersByTime(100);
      expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
    });

    it('for a provider that sends heartbeats without end', async () => {
      const { upstream, settled } = start({ adapter: providers.bailian.create({}) });
      upstream.head();
      for (let at = 0; at < 50; at++) {
        upstream.text(`data:${JSON.stringify({ output: { text: '' } })}\n`);
        vi.advanceTimersByTime(100);
      }
      expect(await settled()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
    });
  });

  it('keeps the status of an error whose body can not be read', async () => {
    const { upstream, promise } = start();
    upstream.head(429, 'application/json');
    upstream.fail({ kind: 'malformed', message: 'not UTF-8' });
    expect(await promise).toMatchObject({ failure: { kind: 'rate_limit', status: 429 } });
  });
});
