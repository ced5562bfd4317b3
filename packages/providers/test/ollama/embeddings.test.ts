import type { ChatBody } from '@sluice/protocol';
import { type ProviderAdapter, fitRequest, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { asEmbeddings } from '../../src/embeddings/operation.ts';
import { embeddings, toEmbed } from '../../src/ollama/embeddings.ts';
import { plan as planOf } from '../plan.ts';

const plan = planOf({ model: 'nomic', baseUrl: 'http://o.example:11434', apiKey: undefined, stream: false });
const sent = (body: ChatBody): unknown => JSON.parse(String(embeddings.toUpstream(body, plan).body));
const translate = (answer: object, body: ChatBody = { input: 'a' }) =>
  embeddings.translateWhole(JSON.stringify(answer), body, plan);

describe('embeddings by Ollama’s own protocol', () => {
  it('are requested at its own path', verifies('003-42'), () => {
    const { url, headers } = embeddings.toUpstream({ input: 'a' }, plan);
    expect(url).toBe('http://o.example:11434/api/embed');
    expect(headers).not.toHaveProperty('authorization');
    const withKey = embeddings.toUpstream({ input: 'a' }, { ...plan, baseUrl: `${plan.baseUrl}/api`, apiKey: 'k' });
    expect(withKey).toMatchObject({ url, headers: { authorization: 'Bearer k' } });
  });

  it.each<[ChatBody, object]>([
    [{ input: 'a' }, { input: 'a' }],
    [
      { input: ['a', 'b'], dimensions: 64 },
      { input: ['a', 'b'], dimensions: 64 },
    ],
    [
      { input: 'a', truncate: false, encoding_format: 'base64', user: 'u' },
      { input: 'a', truncate: false },
    ],
    [{ input: 'a', dimensions: null }, { input: 'a' }],
  ])('of %j contain only fields of Ollama', (body, expected) => {
    expect(sent({ model: 'alias', ...body })).toEqual({ model: 'nomic', ...expected });
  });

  it('contain the configured options of the server', () => {
    const options = { headers: { 'X-Proxy': 'p' }, num_ctx: 4096, keep_alive: '-1' };
    const request = toEmbed({ input: 'a' }, plan, options);
    expect(request.headers).toMatchObject({ 'x-proxy': 'p' });
    expect(JSON.parse(String(request.body))).toMatchObject({ options: { num_ctx: 4096 }, keep_alive: -1 });
    const kept = toEmbed({ input: 'a' }, plan, { keep_alive: '10m' });
    expect(JSON.parse(String(kept.body))).toMatchObject({ keep_alive: '10m' });
  });

  it("accept only texts, and Ollama's parameters", () => {
    const adapter: ProviderAdapter | undefined = asEmbeddings({ ...providers.openai.create({}), embeddings });
    const fit = (body: ChatBody): unknown =>
      adapter && fitRequest(body, adapter, { model: 'm', dropUnsupported: false });
    expect(fit({ input: [1, 2] })).toMatchObject({ kind: 'unsupported', failure: { param: 'input' } });
    expect(fit({ input: 'a', task_type: 'x' })).toMatchObject({ kind: 'unsupported', failure: { param: 'task_type' } });
    expect(fit({ input: 'a', truncate: true, dimensions: 2 })).toMatchObject({ kind: 'fits' });
  });

  it('become those of OpenAI', () => {
    const translated = translate(
      { model: 'nomic:latest', embeddings: [[0.5], [1]], total_duration: 1, prompt_eval_count: 3 },
      { input: ['a', 'b'] },
    );
    expect(translated.kind === 'complete' && JSON.parse(translated.text)).toEqual({
      object: 'list',
      data: [0.5, 1].map((number, index) => ({ object: 'embedding', index, embedding: [number] })),
      model: 'nomic:latest',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    expect(translated).toMatchObject({ summary: { usage: { prompt_tokens: 3 }, responseModel: 'nomic:latest' } });
  });

  it('are base64 if requested, without a model name or count', () => {
    const translated = translate({ embeddings: [[0.5]] }, { input: 'a', encoding_format: 'base64' });
    expect(translated.kind === 'complete' && JSON.parse(translated.text)).toMatchObject({
      model: 'nomic',
      data: [{ embedding: Buffer.from(new Float32Array([0.5]).buffer).toString('base64') }],
    });
    expect(translated).toMatchObject({ summary: { usage: undefined } });
  });

  it.each<[object, string]>([
    [{ error: 'the model has crashed' }, 'server'],
    [{ embeddings: [] }, 'malformed'],
    [{ message: {} }, 'malformed'],
  ])('fail on %j', (answer, kind) => {
    expect(translate(answer)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});
