import { asEmbeddings, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = asEmbeddings(providers.openai.create({}));
const translate = (answer: object, body: Record<string, unknown> = { input: 'a' }) =>
  adapter?.translateWhole(JSON.stringify(answer), body, plan({ stream: false }));
const vector = [0.5, -0.25];
const base64 = Buffer.from(new Float32Array(vector).buffer).toString('base64');
const item = (embedding: unknown, index = 0): object => ({ object: 'embedding', index, embedding });
const list = (...data: readonly object[]): object => ({
  object: 'list',
  data,
  model: 'e',
  usage: { prompt_tokens: 3, total_tokens: 3 },
});

describe('embeddings of an OpenAI upstream', () => {
  it('are requested as the client requested them', () => {
    const request = adapter?.toUpstream({ model: 'alias', input: ['a'], dimensions: 2 }, plan({ stream: false }));
    expect(request?.url).toBe('http://upstream.example/v1/embeddings');
    expect(JSON.parse(String(request?.body))).toEqual({ model: 'upstream-model', input: ['a'], dimensions: 2 });
  });

  it.each([
    ['numbers', vector, { input: ['a', 'b'] }],
    ['base64', base64, { input: ['a', 'b'], encoding_format: 'base64' }],
  ])('pass unchanged as %s', (_what, embedding, body) => {
    const answer = list(item(embedding), item(embedding, 1));
    expect(translate(answer, body)).toEqual({
      kind: 'complete',
      text: JSON.stringify(answer),
      summary: {
        usage: { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 },
        finishReason: undefined,
        responseModel: 'e',
      },
    });
  });

  it.each([
    ['numbers to base64', vector, { input: [1, 2], encoding_format: 'base64' }, base64],
    ['base64 to numbers', base64, { input: 'a' }, vector],
  ])('are converted from %s if requested', (_what, embedding, body, expected) => {
    const translated = translate(list(item(embedding)), body);
    expect(translated?.kind === 'complete' && JSON.parse(translated.text)).toMatchObject({
      data: [{ embedding: expected }],
    });
  });

  it('fail if a text is not base64', () => {
    expect(translate(list(item('*')))).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });

  it.each([
    ['x', 1],
    [['x', 'y'], 2],
    [[1, 2, 3], 1],
    [[[1], [2, 3]], 2],
  ])('must be as many as the inputs: %j', (input, count) => {
    const answerOf = (length: number) => list(...Array.from({ length }, (_, at) => item(vector, at)));
    expect(translate(answerOf(count), { input })).toMatchObject({ kind: 'complete' });
    expect(translate(answerOf(count + 1), { input })).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it('are returned in the order of the inputs, with all missing members added', () => {
    const data = [
      { index: 1, embedding: [1] },
      { index: 0, embedding: [0] },
    ];
    const translated = translate({ data }, { input: ['a', 'b'] });
    expect(translated?.kind === 'complete' && JSON.parse(translated.text)).toEqual({
      object: 'list',
      model: 'upstream-model',
      data: [item([0]), item([1], 1)],
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
    expect(translated).toMatchObject({ summary: { usage: undefined } });
  });

  it.each([
    [{ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 'rate_limit'],
    [{ object: 'list', data: [] }, 'malformed'],
    [list(item(vector), item(vector, 1)), 'malformed'],
    [{ choices: [] }, 'malformed'],
  ])('fail on %j', (answer, kind) => {
    expect(translate(answer)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});
