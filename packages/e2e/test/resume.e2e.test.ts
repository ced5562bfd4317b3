import { until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, upstream } from './sluice.ts';
import { freshPage, metricOf, openStream, readAnswer, tokensOf, untilBusy } from './traffic.ts';

/** `rid=x` makes the tokens `x.0 x.1 …`, the same from every model of the simulator. */
const tokens = 12;
const whole = tokensOf('x', tokens);

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    workers: 2,
    config: (simulatorUrl) => ({
      timeouts: { first_token_ms: 800, idle_ms: 800, whole_attempt_ms: 800, total_ms: 20_000 },
      upstreams: [
        upstream('sim', simulatorUrl),
        { ...upstream('writer', simulatorUrl), prefill: 'assistant' },
        { ...upstream('prefixed', simulatorUrl), prefill: 'prefix' },
      ],
      models: [
        { id: 'write-*', targets: [{ upstream: 'writer' }] },
        { id: 'prefix-*', targets: [{ upstream: 'prefixed' }] },
        {
          id: 'silent-*',
          targets: [
            { upstream: 'sim', model: 'demo-hang', priority: 1 },
            { upstream: 'writer', model: 'demo-t12-e503-n1', priority: 2 },
          ],
        },
        {
          id: 'stalling',
          targets: [
            { upstream: 'sim', model: 'demo-t12-i5-stall-k5', priority: 1 },
            { upstream: 'writer', model: 'demo-t12', priority: 2 },
          ],
        },
        {
          id: 'collected',
          whole_answers: 'collect',
          targets: [
            { upstream: 'sim', model: 'demo-t12-i5-reset-k5', priority: 1 },
            { upstream: 'writer', model: 'demo-t12', priority: 2 },
          ],
        },
        {
          id: 'next',
          targets: [
            { upstream: 'sim', model: 'demo-t12-reset-k4', priority: 1 },
            { upstream: 'writer', model: 'demo-t12', priority: 2 },
          ],
        },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const bodies = async (): Promise<{ messages: readonly { role: string; content: string; prefix?: boolean }[] }[]> =>
  (await sluice.simulator.calls()).map(({ body }) => JSON.parse(body));

describe('an answer that breaks off before its first token', () => {
  it.each(['resetearly', 'resethead', 'hang', 'html', 'half-k0', 'cut-k0', 'badjson-k0', 'errev-k0', 'stall-k0'])(
    'is made again, unseen by the client: %s',
    async (fault) => {
      const answer = await openStream(sluice, { model: `demo-t12-${fault}-n1`, content: 'rid=x' });
      await answer.finish();
      expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
      expect(await sluice.simulator.calls()).toHaveLength(2);
    },
  );
});

describe('an answer that breaks off in its middle', () => {
  it.each(['reset', 'close', 'half', 'cut', 'stall', 'badjson', 'errev'])(
    'is made again, and the client gets the missing part: %s',
    async (fault) => {
      const answer = await openStream(sluice, { model: `demo-t12-i5-${fault}-k5-n1`, content: 'rid=x' });
      await answer.finish();
      expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
      expect((await bodies()).map(({ messages }) => messages.length)).toEqual([1, 1]);
      const events = answer.content.events.slice(0, -1).map(({ data }) => JSON.parse(data) as { id: string });
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    },
  );

  it('is continued by a provider that supports it', async () => {
    const answer = await openStream(sluice, { model: 'write-t12-i5-reset-k5-n1', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
    const [first, second] = await bodies();
    expect(first?.messages).toHaveLength(1);
    expect(second?.messages.at(-1)?.role).toBe('assistant');
    expect(whole.startsWith(second?.messages.at(-1)?.content ?? '?')).toBe(true);
  });

  it('is continued with the fields that the provider requires', async () => {
    const answer = await openStream(sluice, { model: 'prefix-t12-i5-reset-k5-n1', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer).text).toBe(whole);
    expect((await bodies())[1]?.messages.at(-1)).toMatchObject({ role: 'assistant', prefix: true });
  });

  it('is made again by a provider that refuses to continue', async () => {
    const answer = await openStream(sluice, { model: 'write-t12-i5-noprefill-reset-k5-n1', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
    expect((await bodies()).map(({ messages }) => messages.length)).toEqual([1, 2, 1]);
  });

  it('is resumed at the next target when the first keeps breaking', async () => {
    const answer = await openStream(sluice, { model: 'next', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
  });

  it('is resumed after each further break, from the delivered text', async () => {
    const answer = await openStream(sluice, { model: 'demo-t12-i5-reset-k8-n2-cut-k4-n1', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
  });

  it('ends in an error with the delivered length when the next answer differs', async () => {
    const answer = await openStream(sluice, { model: 'demo-t12-i5-drift-reset-k5-n1', content: 'rid=x' });
    await answer.finish();
    const { text, isDone, errorCode } = readAnswer(answer);
    expect([isDone, errorCode]).toEqual([false, 'upstream_truncated']);
    expect(whole.startsWith(text)).toBe(true);
    expect(answer.text).toContain(`The answer broke off after ${text.length} characters.`);
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });

  it.each([
    ['more than one choice', { n: 2 }],
    ['probabilities', { logprobs: true }],
    ['a tool call', { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }],
  ])('is not resumed with %s', async (_, fields) => {
    const model = 'demo-t12-i5-reset-k2-n1';
    const answer = await openStream(sluice, { model, content: 'rid=x', fields });
    await answer.finish();
    expect(readAnswer(answer).isDone).toBe(false);
    expect(readAnswer(answer).errorCode).toBe('upstream_error');
    expect(await sluice.simulator.calls()).toHaveLength(1);
  });

  it('is one error after the allowed attempts', async () => {
    const answer = await openStream(sluice, { model: 'demo-t12-i5-reset-k5', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toMatchObject({ isDone: false, errorCode: 'upstream_error' });
    expect(answer.text.match(/"error":/g)).toHaveLength(1);
  });

  it('is resumed for the official SDK as one answer with the usage of the last attempt', async () => {
    const stream = await sluice.client().chat.completions.create({
      ...ask('write-t12-i5-reset-k5-n1', 'rid=x'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let completionTokens: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
    }
    expect(text).toBe(whole);
    expect(completionTokens).toBeLessThan(tokens);
  });

  it('is counted apart: resumed streams and burnt tokens', async () => {
    const before = await sum('ingress', 'sluice_resumed_streams_total');
    const burnt = await sum('worker', 'sluice_burnt_tokens_total');
    const answer = await openStream(sluice, { model: 'demo-t12-i5-reset-k5-n1', content: 'rid=x' });
    await answer.finish();
    expect(await sum('ingress', 'sluice_resumed_streams_total')).toBe(before + 1);
    expect(await sum('worker', 'sluice_burnt_tokens_total')).toBeGreaterThanOrEqual(burnt + 5);
  });
});

it('an answer that is finished but lacks [DONE] is complete', async () => {
  const answer = await openStream(sluice, { model: 'demo-t12-nodone', content: 'rid=x' });
  await answer.finish();
  expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
});

describe('a silent target', () => {
  it('is not tried again while another is there', async () => {
    const answer = await openStream(sluice, { model: 'silent-one', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
    const models = (await sluice.simulator.calls()).map(({ model }) => model);
    expect(models.filter((model) => model === 'demo-hang')).toHaveLength(1);
  });

  it('is given up after its time-out for a whole answer', async () => {
    const answer = await sluice.client().chat.completions.create(ask('silent-one', 'rid=x'));
    expect(answer.choices[0]?.message.content).toBe(whole);
    const models = (await sluice.simulator.calls()).map(({ body }) => (JSON.parse(body) as { model: string }).model);
    expect(models[0]).toBe('demo-hang');
    expect(models.filter((model) => model === 'demo-hang')).toHaveLength(1);
  });

  it('in the middle of its answer is not tried again while another can resume', async () => {
    const answer = await openStream(sluice, { model: 'stalling', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: whole, isDone: true, errorCode: undefined });
    const models = (await sluice.simulator.calls()).map(({ body }) => (JSON.parse(body) as { model: string }).model);
    expect(models).toEqual(['demo-t12-i5-stall-k5', 'demo-t12']);
  });
});

describe('a worker that dies in the middle of an answer', () => {
  it('is replaced: another one resumes from the delivered text', async () => {
    const answer = await openStream(sluice, { model: 'demo-t60-i30', content: 'rid=x' });
    const finished = answer.finish();
    await until(() => readAnswer(answer).text.length > 20, { what: 'some text' });
    (await untilBusy(sluice)).kill('SIGKILL');
    await finished;
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 60), isDone: true, errorCode: undefined });
  });
});

describe('a whole answer that is collected', () => {
  it('is resumed where it breaks off', async () => {
    const answer = await sluice.client().chat.completions.create(ask('collected', 'rid=x'));
    expect(answer).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: whole } }] });
    const [first, second] = await bodies();
    expect(first?.messages).toHaveLength(1);
    expect(second?.messages.at(-1)?.role).toBe('assistant');
  });
});

async function sum(service: 'ingress' | 'worker', name: string): Promise<number> {
  const { ingresses, workers } = sluice.fleet;
  const places = service === 'ingress' ? ingresses : workers;
  const values = await Promise.all(
    places.map(async ({ managementUrl }) => metricOf(await freshPage(managementUrl), name)),
  );
  return values.reduce((total, value) => total + value, 0);
}
