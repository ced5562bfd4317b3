import { readFileSync } from 'node:fs';
import { adapters, type CallPlan, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/recorded/azure/${name}`, import.meta.url), 'utf8');
const plan = (over: Partial<CallPlan> = {}): CallPlan => ({
  model: 'my deployment',
  baseUrl: 'https://name.openai.azure.com',
  apiKey: 'tok',
  stream: true,
  reportStreamUsage: true,
  ...over,
});

describe('a request to Azure', () => {
  it.each<[string, Partial<CallPlan>, string]>([
    ['a deployment', {}, '/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21'],
    [
      'a deployment and a version',
      { apiVersion: '2025-01-01-preview' },
      '/openai/deployments/my%20deployment/chat/completions?api-version=2025-01-01-preview',
    ],
    ['the v1 API', { baseUrl: 'https://name.openai.azure.com/openai/v1' }, '/openai/v1/chat/completions'],
    [
      'the v1 API and a version',
      { baseUrl: 'https://name.openai.azure.com/openai/v1', apiVersion: 'preview' },
      '/openai/v1/chat/completions?api-version=preview',
    ],
  ])('goes to %s', (_what, over, path) => {
    const { url, body } = adapters.azure.toUpstream({ messages: [] }, plan(over));
    expect(url).toBe(`https://name.openai.azure.com${path}`);
    expect(JSON.parse(body)).toMatchObject({ model: 'my deployment', stream_options: { include_usage: true } });
  });

  it('carries the key in its own header', () => {
    const { headers } = adapters.azure.toUpstream({}, plan());
    expect(headers).toMatchObject({ 'api-key': 'tok' });
    expect(headers).not.toHaveProperty('authorization');
    expect(adapters.azure.toUpstream({}, plan({ apiKey: undefined })).headers).not.toHaveProperty('api-key');
  });
});

function run(events: readonly string[]): { chunks: { choices: unknown[] }[]; translator: StreamTranslator } {
  const translator = adapters.azure.translateStream({});
  const text = events.map((data) => translator.push({ data })).join('');
  translator.end();
  const chunks = text.split('\n\n').filter((event) => event !== '');
  return { chunks: chunks.map((event) => JSON.parse(event.slice('data: '.length))), translator };
}

describe('a recorded answer of Azure', () => {
  it.each([
    ['chat-streaming.0.sse', /^data: /, 'gpt-35-turbo'],
    ['azure-model-router-1.chunks.jsonl', /^/, 'gpt-5-nano-2025-08-07'],
  ])('%s comes out as chunks with choices', (name, prefix, model) => {
    const events = recorded(name)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.replace(prefix, '').trim());
    const { chunks, translator } = run(events);
    expect(chunks.every(({ choices }) => choices.length > 0)).toBe(true);
    expect(chunks.length).toBeGreaterThan(3);
    expect(translator.state).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'stop', responseModel: model },
    });
  });

  it('passes as it is when it is whole', () => {
    const text = recorded('azure-provider-call.json');
    expect(adapters.azure.translateWhole(text)).toMatchObject({
      kind: 'complete',
      text,
      summary: { finishReason: 'stop' },
    });
  });

  it('has a message even where the filter took everything', () => {
    const answer = adapters.azure.translateWhole(recorded('chat-content-filtering.0.json'));
    expect(answer).toMatchObject({ kind: 'complete', summary: { finishReason: 'content_filter' } });
    expect(answer.kind === 'complete' && JSON.parse(answer.text)).toMatchObject({
      choices: [{ message: { role: 'assistant', content: null }, finish_reason: 'content_filter' }],
      usage: { total_tokens: 34 },
    });
  });

  it('that refuses the prompt is a matter of content policy', () => {
    const head = { status: 400, headers: {}, receivedAt: 0 };
    expect(adapters.azure.toFailure(head, recorded('prompt-content-filtering.0.json'))).toMatchObject({
      kind: 'content_policy',
      code: 'content_filter',
    });
  });
});
