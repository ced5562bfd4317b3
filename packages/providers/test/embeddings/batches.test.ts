import type { ChatBody } from '@sluice/protocol';
import { asEmbeddings, type CallPlan, type ProviderAdapter, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';

/** Creates an adapter of a provider that accepts at most `mostInputs` inputs per call. */
function adapterFor(mostInputs: number): ProviderAdapter {
  const openai = providers.openai.create({});
  const { embeddings } = openai;
  const adapter = embeddings && asEmbeddings({ ...openai, embeddings: { ...embeddings, mostInputs } });
  if (adapter === undefined) throw new Error('the provider has no embeddings');
  return adapter;
}

type Answer = readonly [status: number, body: object];
type Ask = (inputs: readonly unknown[], asked: ChatBody) => Answer;

const isCounting = { usage: { prompt_tokens: 2, total_tokens: 2 } };
const listOf = (embeddings: readonly unknown[], more: object = isCounting): Answer => [
  200,
  {
    object: 'list',
    data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model: 'e',
    ...more,
  },
];
/** Returns the vectors: each input is a number as text, and its vector is that number. */
const vectors = (inputs: readonly unknown[]): number[][] => inputs.map((input) => [Number(input)]);
const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

/** Makes all calls that the adapter requests, as the worker does; returns the requests and the result. */
function run(
  adapter: ProviderAdapter,
  body: ChatBody,
  ask: Ask,
  over: Partial<CallPlan> = {},
): { inputs: unknown[]; outcome: unknown } {
  const plan = planOf({ stream: false, ...over });
  const inputs: unknown[] = [];
  const answer = (text: unknown): Answer => {
    const asked = JSON.parse(String(text)) as ChatBody;
    inputs.push(asked['input']);
    return ask(Array.isArray(asked['input']) ? asked['input'] : [asked['input']], asked);
  };
  const steps = adapter.prepare?.(body, plan);
  let next = steps?.next();
  while (steps !== undefined && next?.done === false) {
    if (next.value.kind !== 'call') throw new Error('waits');
    const [status, given] = answer(next.value.request.body);
    next = steps.next({ head: { status, headers: {}, receivedAt: 0 }, text: JSON.stringify(given) });
  }
  const prepared = next?.done === true ? next.value : ({ kind: 'ready' } as const);
  if (prepared.kind === 'failed') return { inputs, outcome: prepared };
  const { body: last = body, notes } = prepared;
  const lastPlan: CallPlan = notes === undefined ? plan : { ...plan, notes };
  const [, given] = answer(adapter.toUpstream(last, lastPlan).body);
  return { inputs, outcome: adapter.translateWhole(JSON.stringify(given), last, lastPlan) };
}

const textOf = (outcome: unknown): unknown => JSON.parse((outcome as { readonly text: string }).text);

describe('embeddings of a provider that takes 2 inputs at once', () => {
  const adapter = adapterFor(2);

  it('are resumed with the call that failed, not with the first', () => {
    let kept: CallPlan['notes'];
    const keepNotes = (notes: NonNullable<CallPlan['notes']>): void => void (kept = notes);
    const failing =
      (bad: string): Ask =>
      (asked) =>
        asked.includes(bad) ? [500, { error: { message: 'no' } }] : listOf(vectors(asked));
    const body = { input: numbers(7) };
    const first = run(adapter, body, failing('2'), { keepNotes });
    expect(first.inputs).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
    const second = run(adapter, body, failing('4'), { keepNotes, ...(kept === undefined ? {} : { notes: kept }) });
    expect(second.inputs).toEqual([
      ['2', '3'],
      ['4', '5'],
    ]);
    const third = run(adapter, body, failing('none'), { keepNotes, ...(kept === undefined ? {} : { notes: kept }) });
    expect(third.inputs).toEqual([['4', '5'], ['6']]);
    expect(textOf(third.outcome)).toMatchObject({
      data: [0, 1, 2, 3, 4, 5, 6].map((index) => ({ index, embedding: [index] })),
      usage: { prompt_tokens: 8, total_tokens: 8 },
    });
  });

  it.each<[string, unknown]>([
    ['one text', '1'],
    ['one list of tokens', [1, 2, 3]],
    ['the maximum number', ['1', '2']],
  ])('are one call for %s', (_what, input) => {
    const { inputs, outcome } = run(adapter, { input }, (asked) =>
      listOf(vectors(typeof asked[0] === 'number' ? ['7'] : asked)),
    );
    expect(inputs).toEqual([input]);
    expect(outcome).toMatchObject({ kind: 'complete', summary: { usage: { prompt_tokens: 2 } } });
  });

  it('are merged in the order of the inputs, with the usage of all calls', () => {
    const { inputs, outcome } = run(adapter, { input: numbers(5) }, (asked) => listOf(vectors(asked)));
    expect(inputs).toEqual([['0', '1'], ['2', '3'], ['4']]);
    expect(textOf(outcome)).toEqual({
      object: 'list',
      data: [0, 1, 2, 3, 4].map((index) => ({ object: 'embedding', index, embedding: [index] })),
      model: 'e',
      usage: { prompt_tokens: 6, total_tokens: 6 },
    });
    expect(outcome).toMatchObject({
      kind: 'complete',
      summary: { usage: { prompt_tokens: 6, completion_tokens: 0, total_tokens: 6 }, responseModel: 'e' },
    });
  });

  it('stay in order where there are more than ten calls', () => {
    const { inputs, outcome } = run(adapterFor(1), { input: numbers(25) }, (asked) => listOf(vectors(asked)));
    expect(inputs).toHaveLength(25);
    const { data } = textOf(outcome) as { readonly data: readonly { readonly embedding: unknown }[] };
    expect(data.map(({ embedding }) => embedding)).toEqual(vectors(numbers(25)));
  });

  it('may have lists of tokens as inputs', () => {
    const { inputs } = run(adapter, { input: [[1], [2], [3]] }, (asked) => listOf(asked));
    expect(inputs).toEqual([[[1], [2]], [[3]]]);
  });

  it('are requested with the same options in each call, and returned in the requested encoding', () => {
    const asked: ChatBody[] = [];
    const body = { input: numbers(3), dimensions: 1, encoding_format: 'base64' };
    const { outcome } = run(adapter, body, (inputs, request) => {
      asked.push(request);
      return listOf(vectors(inputs));
    });
    expect(asked).toEqual([
      expect.objectContaining({ dimensions: 1, encoding_format: 'base64' }),
      expect.objectContaining({ dimensions: 1, encoding_format: 'base64' }),
    ]);
    const base64 = vectors(numbers(3)).map((vector) => Buffer.from(new Float32Array(vector).buffer).toString('base64'));
    expect(textOf(outcome)).toMatchObject({ data: base64.map((embedding) => ({ embedding })) });
  });

  it('have no usage if the provider does not count tokens', () => {
    const { outcome } = run(adapter, { input: numbers(3) }, (inputs) => listOf(vectors(inputs), {}));
    expect(textOf(outcome)).toMatchObject({ usage: { prompt_tokens: 0, total_tokens: 0 } });
    expect(outcome).toMatchObject({ kind: 'complete', summary: { usage: undefined } });
  });

  it.each<[string, Answer, string]>([
    ['refuses', [429, { error: { message: 'slow down' } }], 'rate_limit'],
    ['fails with status 200', [200, { error: { message: 'sorry', code: 'server_error' } }], 'server'],
    ['lacks a vector', listOf([[1]]), 'malformed'],
  ])('fail entirely when a call %s, and no further call is made', (_what, broken, kind) => {
    const { inputs, outcome } = run(adapter, { input: numbers(6) }, (asked) =>
      asked.includes('2') ? broken : listOf(vectors(asked)),
    );
    expect(inputs).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('fail entirely when the last call fails', () => {
    const { outcome } = run(adapter, { input: numbers(4) }, (asked) =>
      listOf(asked.includes('2') ? [] : vectors(asked)),
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });
});

describe('embeddings of a provider without such a limit', () => {
  it('need no preparation', () => {
    expect(asEmbeddings(providers.openai.create({}))).not.toHaveProperty('prepare');
  });
});
