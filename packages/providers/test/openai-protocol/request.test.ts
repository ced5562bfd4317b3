import { providers, type CallPlan } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';

const adapter = providers.openai.create({});

const plan = (over: Partial<CallPlan>): CallPlan =>
  planOf({ baseUrl: 'https://up.example/v1', apiKey: 'tok', ...over });
const send = (body: object, over: Partial<CallPlan> = {}) => {
  const request = adapter.toUpstream(body as Record<string, unknown>, plan(over));
  return { ...request, json: JSON.parse(String(request.body)) as Record<string, unknown> };
};

describe('a request to an OpenAI upstream', () => {
  it('changes the model and keeps everything else, unknown fields included', () => {
    const body = { model: 'alias', messages: [{ role: 'user', content: 'hi', x: 1 }], x_unknown: { deep: [null] } };
    const { url, json } = send(body, { stream: false });
    expect(url).toBe('https://up.example/v1/chat/completions');
    expect(json).toEqual({ ...body, model: 'upstream-model' });
  });

  it('requests the usage of a stream and keeps the other stream options', () => {
    expect(send({ stream_options: { include_obfuscation: false } }).json['stream_options']).toEqual({
      include_obfuscation: false,
      include_usage: true,
    });
  });

  it('does not request it if the upstream is configured so', () => {
    expect(send({}, { reportStreamUsage: false }).json).not.toHaveProperty('stream_options');
  });

  it('requests no stream if the answer is needed whole, whatever the client requests', () => {
    const body = { stream: true, stream_options: { include_usage: true }, seed: 1 };
    expect(send(body, { stream: false }).json).toEqual({ model: 'upstream-model', seed: 1 });
    expect(send({ stream: false }, { stream: false }).json).toEqual({ model: 'upstream-model', stream: false });
    expect(send({}, { stream: true }).json).toMatchObject({ stream: true });
  });

  it('contains the credential and no header of the client', () => {
    expect(send({}).headers).toMatchObject({ authorization: 'Bearer tok', accept: 'text/event-stream' });
    expect(send({}, { apiKey: undefined }).headers).not.toHaveProperty('authorization');
  });

  it('keeps a __proto__ member as a member', () => {
    const body = JSON.parse('{"__proto__":{"polluted":true},"messages":[]}') as object;
    const { json } = send(body);
    expect(Object.hasOwn(json, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe("Anthropic's cache marks in a request", () => {
  const mark = { cache_control: { type: 'ephemeral' } };
  const body = {
    model: 'alias',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'hi', ...mark }], ...mark },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' }, ...mark }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'r', ...mark },
    ],
    tools: [{ type: 'function', function: { name: 'f', ...mark }, ...mark }],
  };
  const isMarked = (baseUrl: string): boolean => String(send(body, { baseUrl }).body).includes('cache_control');

  it.each(['https://api.openai.com/v1', 'https://api.mistral.ai/v1', 'https://api.groq.com/openai/v1'])(
    'are left out at %s, which refuses them',
    (baseUrl) => {
      expect(isMarked(baseUrl)).toBe(false);
    },
  );

  it.each(['https://openrouter.ai/api/v1', 'https://up.example/v1'])('are kept at %s', (baseUrl) => {
    expect(isMarked(baseUrl)).toBe(true);
  });
});
