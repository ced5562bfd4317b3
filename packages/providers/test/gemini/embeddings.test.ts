import type { ChatBody } from '@sluice/protocol';
import { asEmbeddings, fitRequest, type ProviderAdapter, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';

const plan = planOf({ model: 'gemini-embedding-001', baseUrl: 'https://g.example/v1beta', stream: false });

function adapterOf(): ProviderAdapter {
  const adapter = asEmbeddings(providers.gemini.create({}));
  if (adapter === undefined) throw new Error('the provider has no embeddings');
  return adapter;
}
const adapter = adapterOf();

const sent = (body: ChatBody, model = plan.model): unknown =>
  JSON.parse(String(adapter.toUpstream(body, { ...plan, model }).body));
const translate = (answer: object, body: ChatBody = { input: ['a', 'b'] }) =>
  adapter.translateWhole(JSON.stringify(answer), body, plan);
const refused = (body: ChatBody): unknown => {
  const fitted = fitRequest(body, adapter, { model: 'm', dropUnsupported: false });
  return fitted.kind === 'unsupported' ? fitted.failure : fitted.kind;
};

const vectors = [
  [0.5, -0.25],
  [1, 0],
];
const answer = { embeddings: vectors.map((values) => ({ values })) };

describe('embeddings of Gemini', () => {
  it('are requested as a batch, with the key in a header', verifies('003-42'), () => {
    const { url, headers } = adapter.toUpstream({ input: 'hi' }, plan);
    expect(url).toBe('https://g.example/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(headers).toMatchObject({ accept: 'application/json', 'x-goog-api-key': 'key' });
  });

  it.each<[string, ChatBody, readonly object[]]>([
    ['one text', { input: 'hi' }, [{ content: { parts: [{ text: 'hi' }] } }]],
    [
      'several',
      { input: ['a', 'b'] },
      [{ content: { parts: [{ text: 'a' }] } }, { content: { parts: [{ text: 'b' }] } }],
    ],
    [
      "Gemini's own fields, for each",
      {
        input: ['a'],
        dimensions: 768,
        encoding_format: 'base64',
        task_type: 'RETRIEVAL_DOCUMENT',
        title: 't',
        user: 'u',
      },
      [{ content: { parts: [{ text: 'a' }] }, outputDimensionality: 768, taskType: 'RETRIEVAL_DOCUMENT', title: 't' }],
    ],
    ['no null fields', { input: 'a', dimensions: null }, [{ content: { parts: [{ text: 'a' }] } }]],
  ])('contain %s', (_what, body, requests) => {
    expect(sent(body)).toEqual({
      requests: requests.map((each) => ({ model: 'models/gemini-embedding-001', ...each })),
    });
  });

  it('keep the name of a model in another collection', () => {
    expect(sent({ input: 'a' }, 'tunedModels/mine')).toMatchObject({ requests: [{ model: 'tunedModels/mine' }] });
  });

  it.each<[string, ChatBody, unknown]>([
    ['tokens', { input: [1, 2] }, { kind: 'unsupported', param: 'input' }],
    ['lists of tokens', { input: [[1], [2]] }, { kind: 'unsupported', param: 'input' }],
    ['an unknown field', { input: 'a', late_chunking: true }, { kind: 'unsupported', param: 'late_chunking' }],
  ])('refuse %s', (_what, body, failure) => {
    expect(refused(body)).toMatchObject(failure as object);
  });

  it('accept any number of texts, and both encodings', () => {
    const input = Array.from({ length: 2048 }, (_, at) => `text ${at}`);
    expect(refused({ input, encoding_format: 'base64' })).toBe('fits');
  });

  it('become those of OpenAI', () => {
    const translated = translate(answer);
    expect(translated.kind === 'complete' && JSON.parse(translated.text)).toEqual({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: 'gemini-embedding-001',
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
    expect(translated).toMatchObject({ summary: { usage: undefined, responseModel: 'gemini-embedding-001' } });
  });

  it('are base64 if requested', () => {
    const translated = translate(answer, { input: ['a', 'b'], encoding_format: 'base64' });
    const base64 = vectors.map((vector) => Buffer.from(new Float32Array(vector).buffer).toString('base64'));
    expect(translated.kind === 'complete' && JSON.parse(translated.text)).toMatchObject({
      data: base64.map((embedding) => ({ embedding })),
    });
  });

  it('have usage if the model counts tokens', () => {
    const translated = translate({ ...answer, usageMetadata: { promptTokenCount: 4 } });
    expect(translated).toMatchObject({ summary: { usage: { prompt_tokens: 4, total_tokens: 4 } } });
  });

  it.each<[string, object, string]>([
    ['too few vectors', { embeddings: [{ values: [1] }] }, 'malformed'],
    ['none', {}, 'malformed'],
    ['an error', { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }, 'server'],
  ])('fail on an answer with %s', (_what, given, kind) => {
    expect(translate(given)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});
