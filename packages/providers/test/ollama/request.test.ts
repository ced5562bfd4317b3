import { fitRequest, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const baseUrl = 'http://localhost:11434';
const adapter = providers.ollama.create({}, baseUrl);

const send = (body: object, options: object = {}, over: Parameters<typeof plan>[0] = {}) => {
  const request = providers.ollama
    .create(options, baseUrl)
    .toUpstream(body as Record<string, unknown>, plan({ baseUrl, apiKey: undefined, ...over }));
  return { ...request, json: JSON.parse(String(request.body)) as Record<string, unknown> };
};

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };

describe('a request to Ollama', () => {
  it('uses its own protocol, with a key if there is one', () => {
    const { url, headers, json } = send({ messages: [{ role: 'user', content: 'hi' }] });
    expect(url).toBe('http://localhost:11434/api/chat');
    expect(headers).not.toHaveProperty('authorization');
    expect(json).toEqual({ model: 'upstream-model', messages: [{ role: 'user', content: 'hi' }], stream: true });
    expect(send({}, {}, { apiKey: 'k' }).headers).toMatchObject({ authorization: 'Bearer k' });
    expect(send({}, {}, { baseUrl: `${baseUrl}/api` }).url).toBe(url);
  });

  it('uses the compatible protocol if the base URL selects it', () => {
    const compatible = providers.ollama.create({ headers: { 'x-a': 'b' } }, `${baseUrl}/v1`);
    expect(compatible).toMatchObject({ type: 'ollama', framing: 'sse', capabilities: { parameters: 'any' } });
    const request = compatible.toUpstream({ messages: [] }, plan({ baseUrl: `${baseUrl}/v1` }));
    expect(request).toMatchObject({ url: `${baseUrl}/v1/chat/completions`, headers: { 'x-a': 'b' } });
  });

  it('keeps roles, images, reasoning, calls and their results', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } };
    const messages = [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Be' },
          { type: 'text', text: 'brief.' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
      { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'cold' },
      { role: 'assistant', content: null, refusal: 'No.' },
    ];
    expect(send({ messages }).json['messages']).toEqual([
      { role: 'system', content: 'Be\nbrief.' },
      { role: 'user', content: 'What?', images: ['AAAA'] },
      {
        role: 'assistant',
        content: '',
        thinking: 'hm',
        tool_calls: [{ function: { name: 'weather', arguments: { city: 'Oslo' } } }],
      },
      { role: 'tool', content: 'cold', tool_name: 'weather' },
      { role: 'assistant', content: 'No.' },
    ]);
  });

  it.each<[object, object]>([
    [{ max_tokens: 5 }, { options: { num_predict: 5 } }],
    [{ max_completion_tokens: 6 }, { options: { num_predict: 6 } }],
    [
      { temperature: 0, top_p: 0.5, seed: 1, frequency_penalty: 1, presence_penalty: 2, top_k: 3 },
      { options: { temperature: 0, top_p: 0.5, seed: 1, frequency_penalty: 1, presence_penalty: 2, top_k: 3 } },
    ],
    [{ temperature: null }, {}],
    [{ stop: 'a' }, { options: { stop: ['a'] } }],
    [{ stop: ['a', 'b'] }, { options: { stop: ['a', 'b'] } }],
    [{ response_format: { type: 'json_object' } }, { format: 'json' }],
    [
      { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } } },
      { format: { type: 'object' } },
    ],
    [{ response_format: { type: 'text' } }, {}],
    [{ reasoning_effort: 'none' }, { think: false }],
    [{ reasoning_effort: 'minimal' }, { think: 'low' }],
    [{ reasoning_effort: 'medium' }, { think: 'medium' }],
    [{ reasoning_effort: 'xhigh' }, { think: 'high' }],
    [{ think: true }, { think: true }],
    [{ tools: [weather], tool_choice: 'auto' }, { tools: [weather] }],
    [{ tools: [weather], tool_choice: 'none' }, {}],
  ])('converts %j to %j', (body, wanted) => {
    const { model: _model, messages: _messages, stream: _stream, ...rest } = send(body).json;
    expect(rest).toEqual(wanted);
    expect(fitRequest(body as Record<string, unknown>, adapter, { model: 'm', dropUnsupported: false })).toMatchObject({
      kind: 'fits',
    });
  });

  it('contains the configured options', () => {
    const { json } = send({ temperature: 1 }, { num_ctx: 8192, keep_alive: '-1' });
    expect(json).toMatchObject({ options: { num_ctx: 8192, temperature: 1 }, keep_alive: -1 });
    expect(send({}, { keep_alive: '2h45m' }).json).toMatchObject({ keep_alive: '2h45m' });
    expect(() => providers.ollama.create({ keep_alive: 'long' })).toThrow(/must be a duration/);
  });

  it.each<[string, object]>([
    ['tool_choice', { tools: [weather], tool_choice: 'required' }],
    ['tool_choice', { tools: [weather], tool_choice: { type: 'function', function: { name: 'weather' } } }],
    ['parallel_tool_calls', { tools: [weather], parallel_tool_calls: false }],
    ['tools[0]', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['logprobs', { logprobs: true }],
    ['n', { n: 2 }],
    ['messages[0].name', { messages: [{ role: 'user', name: 'Ann', content: 'x' }] }],
    [
      'messages[0].tool_calls',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: 'no json' } }] }] },
    ],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }],
  ])('is refused for %s: %j', (param, body) => {
    const fitted = fitRequest(body as Record<string, unknown>, adapter, { model: 'm', dropUnsupported: false });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param } });
  });
});
