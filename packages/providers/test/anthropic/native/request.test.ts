import type { NativeRequest } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../../plan.ts';

const adapter = providers.anthropic.create({ beta: ['b-1'] });
const { native } = adapter;
if (native === undefined) throw new Error('the adapter has no native protocol');

const requestWith = (body: string, headers: NativeRequest['headers'] = {}): NativeRequest => ({
  protocol: 'messages',
  headers,
  body,
});

describe("a request in Anthropic's own protocol", () => {
  it('keeps its bytes, with the name of the target', () => {
    const body = '{"max_tokens": 5, "model":"fast",  "messages":[],"later":{"model":"x", "n":1e400}}';
    const { body: sent, url } = native.toUpstream(requestWith(body), plan({ model: 'claude-x' }));
    expect(sent).toBe(body.replace('"fast"', '"claude-x"'));
    expect(url).toBe(`${plan().baseUrl}/messages`);
  });

  it("has the client's version, the betas of both sides and the operator's key", () => {
    const headers = { 'anthropic-version': '2024-01-01', 'anthropic-beta': 'a-1, b-1', 'anthropic-workspace': 'w' };
    expect(native.toUpstream(requestWith('{}', headers), plan({ apiKey: 'sk-own' })).headers).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1,b-1',
      'anthropic-workspace': 'w',
      'x-api-key': 'sk-own',
    });
  });

  it('can leave out its signed reasoning with the settings that need it', () => {
    const thinking = { type: 'thinking', thinking: 'Hm', signature: 's' };
    const call = { type: 'tool_use', id: 't', name: 'f', input: { big: 1 } };
    const body = JSON.stringify({
      model: 'm',
      thinking: { type: 'enabled', budget_tokens: 1024 },
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: [thinking, call] },
        { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'x' }] },
      ],
    }).replace('"big":1', '"big":12345678901234567890');
    const stripped = native.withoutThinking?.(requestWith(body));
    expect(stripped?.body).toBe(
      '{"model":"m","messages":[{"role":"user","content":"q"},' +
        '{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"big":12345678901234567890}}]}]}',
    );
    expect(native.withoutThinking?.(requestWith('{"messages":[]}'))).toBeUndefined();
  });
});

describe('a refusal of Anthropic', () => {
  const head = { status: 400, headers: {}, receivedAt: 0 };
  const body = '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"}}';

  it('keeps its words for a client of the protocol', () => {
    expect(native.toFailure(head, body)).toMatchObject({ answer: { status: 400, body } });
    expect(adapter.toFailure(head, body)).not.toHaveProperty('answer');
  });

  it('keeps no page of a proxy', () => {
    expect(native.toFailure(head, '<html>no</html>')).not.toHaveProperty('answer');
  });

  it.each([
    ['messages.1.content.0: Invalid `signature` in `thinking` block', true],
    ['`thinking` blocks in the latest assistant message cannot be modified', true],
    ['max_tokens: must be greater than thinking.budget_tokens', false],
    ['prompt is too long', false],
  ])('%s: is about signed reasoning: %s', (message, expected) => {
    expect(adapter.refusesThinking?.({ kind: 'invalid_request', message })).toBe(expected);
  });
});
