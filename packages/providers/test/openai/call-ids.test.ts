import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const history = {
  messages: [
    { role: 'user', content: 'go' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_foreign', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_foreign', content: 'x' },
  ],
};
type Provider = 'openai' | 'azure';
const idsOf = (
  adapter: ReturnType<(typeof providers)[Provider]['create']>,
  body: object = history,
  baseUrl?: string,
): string[] => {
  const request = adapter.toUpstream(
    body as Record<string, unknown>,
    plan({ stream: false, ...(baseUrl === undefined ? {} : { baseUrl }) }),
  );
  const { messages } = JSON.parse(String(request.body)) as {
    messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[];
  };
  return messages.flatMap(({ tool_calls: calls = [], tool_call_id: id }) => [
    ...calls.map((call) => call.id),
    ...(id === undefined ? [] : [id]),
  ]);
};
const head = { status: 400, headers: {}, receivedAt: 0 };
const refusal = JSON.stringify({
  object: 'error',
  message: 'Tool call id was call_foreign but must be a-z, A-Z, 0-9, with a length of 9.',
  type: 'invalid_function_call',
  code: '3280',
});

describe('ids of calls', () => {
  it('have nine characters or are unchanged, depending on the option', () => {
    const [call, result] = idsOf(providers.openai.create({ tool_call_ids: 'nine_characters' }));
    expect(call).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(result).toBe(call);
    const mistral = 'https://api.mistral.ai/v1';
    expect(idsOf(providers.openai.create({ tool_call_ids: 'as_given' }), history, mistral)).toEqual([
      'call_foreign',
      'call_foreign',
    ]);
    expect(idsOf(providers.openai.create({}), history, mistral)).toEqual([call, call]);
  });

  it('have nine characters after a server of an unknown name has required it', () => {
    const adapter = providers.openai.create({});
    expect(idsOf(adapter)).toEqual(['call_foreign', 'call_foreign']);
    expect(adapter.toFailure(head, refusal)).toMatchObject({ kind: 'busy', status: 400 });
    expect(idsOf(adapter)[0]).toMatch(/^[a-zA-Z0-9]{9}$/);
    // Another upstream has not required it.
    expect(idsOf(providers.openai.create({}))).toEqual(['call_foreign', 'call_foreign']);
  });

  it('cause no retry if the operator has set the option', () => {
    const adapter = providers.openai.create({ tool_call_ids: 'as_given' });
    expect(adapter.toFailure(head, refusal)).toMatchObject({ kind: 'invalid_request' });
    expect(idsOf(adapter)).toEqual(['call_foreign', 'call_foreign']);
  });

  it('have at most 40 characters at OpenAI and Azure', () => {
    const long = `call_${'x'.repeat(60)}`;
    const body = JSON.parse(JSON.stringify(history).replaceAll('call_foreign', long)) as object;
    for (const ids of [
      idsOf(providers.openai.create({}), body, 'https://api.openai.com/v1'),
      idsOf(providers.openai.create({}), body, 'https://r.openai.azure.com/openai/v1'),
      idsOf(providers.azure.create({}), body),
    ]) {
      expect(ids[0]?.length).toBeLessThanOrEqual(40);
      expect(ids[1]).toBe(ids[0]);
    }
    expect(idsOf(providers.openai.create({}), body)).toEqual([long, long]);
  });
});
