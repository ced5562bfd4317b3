import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { messages } from '../../../src/inference/messages/operation.ts';
import { resolveModel } from '../../../src/inference/resolve-model.ts';
import { configWith } from '../fakes.ts';

const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };

/** The operation does not read the response. */
const unread = undefined as never;

function shape(fields: object, isNative = false, model: Parameters<typeof configWith>[0] = {}) {
  const text = JSON.stringify({ ...body, ...fields });
  const entry = resolveModel(configWith(model), { models: ['*'], team: undefined }, 'm');
  const { request } = messages.parse(JSON.parse(text), unread);
  return messages.shape(request, Buffer.from(text), entry, isNative);
}

describe('a request for a message', () => {
  it('is logged with its parameters', () => {
    expect(messages.parse({ ...body, temperature: 0.5, stream: true }, unread)).toMatchObject({
      model: 'm',
      stream: true,
      parameters: { messageCount: 1, temperature: 0.5, maxTokens: 9 },
    });
  });

  it('becomes the body of a chat request', () => {
    const shaped = shape({ system: 's', context_management: {} });
    expect(JSON.parse(shaped.body.toString())).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'hi' },
      ],
      max_completion_tokens: 9,
    });
    expect(shaped.droppedFields).toEqual(['context_management']);
  });

  it('loses its oldest rounds where the model has few of them', () => {
    const turns = ['a', 'b', 'c'].flatMap((content) => [
      { role: 'user', content },
      { role: 'assistant', content },
    ]);
    const shaped = shape({ messages: [...turns, { role: 'user', content: 'd' }] }, false, {
      compressContext: { rounds: 1 },
    });
    expect(shaped.droppedMessages).toBeGreaterThan(0);
    expect(shaped.body.toString()).not.toContain('"a"');
  });

  it('with a tool of a server is refused unless an upstream of Anthropic serves the model', () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }];
    expect(() => shape({ tools })).toThrow(/web_search/);
    expect(shape({ tools }, true).body.toString()).toContain('web_search_20250305');
  });

  it('reserves the tokens of its prompt and its answer', () => {
    const { request, body: bytes } = shape({});
    expect(messages.reserve(request, bytes.length)).toMatchObject({ answer: 9 });
  });

  it('passes on the headers of the protocol alone', () => {
    expect(
      messages.native?.headersOf({
        authorization: 'Bearer sk-x',
        'x-api-key': 'sk-x',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'a,b',
      }),
    ).toEqual({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a,b' });
  });
});

describe('a message', () => {
  /** Returns what the client gets of a whole answer. */
  function answer(text: string, native: boolean): string {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    response.setHeader('x-request-id', 'req-1');
    const written: string[] = [];
    vi.spyOn(response, 'end').mockImplementation((end?: unknown) => {
      written.push(String(end));
      return response;
    });
    vi.spyOn(response, 'writeHead').mockReturnValue(response);
    const reply = messages.reply({
      response,
      stream: false,
      thinking: 'field',
      promptTokens: 1,
      setHeaders: () => undefined,
      costOf: undefined,
      kept: undefined,
      server: { holdMs: 1, heartbeatMs: 1, pauseAtBytes: 1, slowClientBytes: 1, slowClientMs: 1 },
      copies: undefined,
      onPause: () => undefined,
      onResume: () => undefined,
      onCut: () => undefined,
      now: () => 0,
    });
    reply.onAnswered?.({ native });
    reply.onData(text);
    reply.onEnd();
    expect(response.getHeader('request-id')).toBe('req-1');
    return written.join('');
  }

  it('is translated from a chat answer', () => {
    const chat = { id: 'chatcmpl-1', choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }] };
    expect(JSON.parse(answer(JSON.stringify(chat), false))).toMatchObject({
      id: 'msg_1',
      content: [{ type: 'text', text: 'Hello' }],
    });
  });

  it('of Anthropic itself is passed on unchanged', () => {
    expect(answer('{"id": "msg_7"}', true)).toBe('{"id": "msg_7"}');
  });
});
