import type { JsonObject } from '@sluice/protocol';
import { type CallPlan, fitRequest, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';
import { untyped } from '../body.ts';

const plan = (over: Partial<CallPlan> = {}): CallPlan => planOf({ model: 'gemini-2.0-flash', stream: false, ...over });
const user = { role: 'user', content: 'hi' };

function bodyOf(body: JsonObject, over: Partial<CallPlan> = {}, options: object = {}): Record<string, unknown> {
  const { body: text } = providers.gemini
    .create(options)
    .toUpstream(untyped({ messages: [user], ...body }), plan(over));
  return JSON.parse(String(text)) as Record<string, unknown>;
}
const contentsOf = (...messages: readonly object[]): unknown => bodyOf({ messages })['contents'];

describe('a request to Gemini', () => {
  it.each<[string, Partial<CallPlan>, string]>([
    ['a model', {}, 'models/gemini-2.0-flash:generateContent'],
    ['a stream', { stream: true }, 'models/gemini-2.0-flash:streamGenerateContent?alt=sse'],
    ['a model with its collection', { model: 'tunedModels/my model' }, 'tunedModels/my%20model:generateContent'],
  ])('goes to the path of %s, with its key in a header', (_what, over, path) => {
    const request = providers.gemini.create({}).toUpstream(untyped({ messages: [user] }), plan(over));
    expect(request).toMatchObject({ method: 'POST', url: `http://upstream.example/v1/${path}` });
    expect(request.headers).toMatchObject({ 'x-goog-api-key': 'key' });
    expect(request.headers).not.toHaveProperty('authorization');
  });

  it('has its own default URL', () => {
    expect(providers.gemini.defaultBaseUrl).toBe('https://generativelanguage.googleapis.com/v1beta');
  });

  it.each<[string, object, object]>([
    ['nothing', {}, {}],
    ['numbers', { temperature: 0, top_p: 0.5, top_k: 3, seed: 7 }, { temperature: 0, topP: 0.5, topK: 3, seed: 7 }],
    ['nulls', { temperature: null, stop: null, seed: null, max_tokens: null, modalities: null }, {}],
    ['penalties', { frequency_penalty: 1, presence_penalty: -1 }, { frequencyPenalty: 1, presencePenalty: -1 }],
    ['max_tokens', { max_tokens: 5 }, { maxOutputTokens: 5 }],
    ['max_completion_tokens', { max_completion_tokens: 6, max_tokens: 5 }, { maxOutputTokens: 6 }],
    ['one stop sequence', { stop: 'END' }, { stopSequences: ['END'] }],
    ['stop sequences', { stop: ['a', 'b'] }, { stopSequences: ['a', 'b'] }],
    ['images in the answer', { modalities: ['text', 'image'] }, { responseModalities: ['TEXT', 'IMAGE'] }],
    ['text as the format', { response_format: { type: 'text' } }, {}],
    ['JSON', { response_format: { type: 'json_object' } }, { responseMimeType: 'application/json' }],
    [
      'JSON by a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } } },
      { responseMimeType: 'application/json', responseJsonSchema: { type: 'object' } },
    ],
  ])('maps %s', (_what, body, config) => {
    expect(bodyOf({ ...body })['generationConfig']).toEqual(config);
  });

  it.each<[string, object, object | undefined]>([
    ['gemini-2.0-flash', {}, undefined],
    ['gemini-2.5-flash', {}, { includeThoughts: true }],
    ['gemini-2.5-flash-image', {}, undefined],
    ['gemini-2.5-flash', { reasoning_effort: 'low' }, { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_effort: 'high' }, { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { reasoning_effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-3-flash-preview', {}, { includeThoughts: true }],
    ['gemini-3-flash-preview', { reasoning_effort: 'minimal' }, { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    ['gemini-3-flash-preview', { reasoning_effort: 'none' }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3-pro-preview', { reasoning_effort: 'minimal' }, { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-3-pro-preview', { reasoning_effort: 'medium' }, { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3.1-pro-preview', { reasoning_effort: 'medium' }, { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    ['gemini-flash-latest', { reasoning_effort: 'medium' }, { thinkingBudget: 8192, includeThoughts: true }],
  ])('sets the reasoning of %s with %j: %j', (model, body, config) => {
    expect(bodyOf({ ...body }, { model })).toHaveProperty(
      'generationConfig',
      config === undefined ? {} : { thinkingConfig: config },
    );
  });

  it("follows the upstream's options for reasoning", () => {
    const options = { thinking_control: 'level', include_thoughts: false };
    const asked = bodyOf({ reasoning_effort: 'high' }, { model: 'gemini-flash-latest' }, options);
    expect(asked['generationConfig']).toEqual({ thinkingConfig: { thinkingLevel: 'HIGH' } });
    expect(bodyOf({}, { model: 'gemini-2.5-flash' }, options)['generationConfig']).toEqual({});
  });

  it('collects instructions wherever they stand', () => {
    const { contents, systemInstruction } = bodyOf({
      messages: [
        { role: 'system', content: 'a' },
        user,
        { role: 'developer', content: [{ type: 'text', text: 'b' }] },
        { role: 'assistant', content: 'c' },
      ],
    });
    expect(systemInstruction).toEqual({ parts: [{ text: 'a' }, { text: 'b' }] });
    expect(contents).toEqual([
      { role: 'user', parts: [{ text: 'hi' }] },
      { role: 'model', parts: [{ text: 'c' }] },
    ]);
  });

  it('sends instructions as a turn if there are no other messages', () => {
    expect(bodyOf({ messages: [{ role: 'system', content: 'a' }] })).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: 'a' }] }],
    });
  });

  it('contains the names of participants', () => {
    expect(contentsOf({ ...user, name: 'Ann' })).toEqual([
      { role: 'user', parts: [{ text: 'Ann: ' }, { text: 'hi' }] },
    ]);
  });

  it.each<[string, object, object]>([
    ['text', { type: 'text', text: 'a' }, { text: 'a' }],
    [
      'an image',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
    ],
    [
      "a file in Google's storage",
      { type: 'image_url', image_url: { url: 'https://generativelanguage.googleapis.com/v1beta/files/x' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x' } },
    ],
    [
      'sound',
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } },
    ],
    [
      'a document',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;name=a.pdf;base64,CCCC' } },
      { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
    ],
  ])('contains %s', (_what, part, wanted) => {
    expect(contentsOf({ role: 'user', content: [part] })).toEqual([{ role: 'user', parts: [wanted] }]);
  });
});

const tool = (name: string, over: object = {}): object => ({ type: 'function', function: { name, ...over } });
const call = (id: string, name: string, args: string, over: object = {}): object => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...over,
});
const signature = (text: string): object => ({ extra_content: { google: { thought_signature: text } } });

describe("a request's tools", () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false };

  it('are declared with the JSON Schema of their arguments', () => {
    expect(bodyOf({ tools: [tool('f', { description: 'd', parameters: schema }), tool('g')] })).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f', description: 'd', parametersJsonSchema: schema }, { name: 'g' }] }],
    });
  });

  it.each<[unknown, boolean, object | undefined]>([
    [undefined, false, undefined],
    [undefined, true, { mode: 'VALIDATED' }],
    ['auto', false, { mode: 'AUTO' }],
    ['auto', true, { mode: 'VALIDATED' }],
    ['required', true, { mode: 'ANY' }],
    ['none', false, { mode: 'NONE' }],
    [tool('f'), false, { mode: 'ANY', allowedFunctionNames: ['f'] }],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('f'), tool('g')] } },
      false,
      { mode: 'ANY', allowedFunctionNames: ['f', 'g'] },
    ],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool('g')] } },
      false,
      { mode: 'VALIDATED', allowedFunctionNames: ['g'] },
    ],
  ])('are chosen from by %j (strict: %s) as %j', (choice, strict, config) => {
    const { toolConfig } = bodyOf({ tools: [tool('f', { strict }), tool('g')], tool_choice: choice });
    expect(toolConfig).toEqual(config === undefined ? undefined : { functionCallingConfig: config });
  });

  it('survive a round trip: calls with names, arguments and signatures, results in one turn', () => {
    expect(
      contentsOf(
        user,
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('1', 'f', '{"city":"Oslo"}', signature('sig')), call('2', 'g', '')],
        },
        { role: 'tool', tool_call_id: '2', content: 'rain' },
        { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: '{"output":1,"error":2}' }] },
        { role: 'user', content: 'so?' },
      ),
    ).toEqual([
      { role: 'user', parts: [{ text: 'hi' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: '1', name: 'f', args: { city: 'Oslo' } }, thoughtSignature: 'sig' },
          { functionCall: { id: '2', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: '1', name: 'f', response: { output: { output: 1, error: 2 } } } },
          { functionResponse: { id: '2', name: 'g', response: { output: 'rain' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'so?' }] },
    ]);
  });

  it.each([
    ['png', 'png'],
    ['jpg', 'jpeg'],
    ['JPEG', 'jpeg'],
    ['webp', 'webp'],
    ['heic', 'heic'],
  ])('return images of type %s as %s', (given, type) => {
    const image = { type: 'image_url', image_url: { url: `data:image/${given};base64,AAAA` } };
    expect(contentsOf({ role: 'user', content: [image] })).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: `image/${type}`, data: 'AAAA' } }] },
    ]);
  });

  it('may return images', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const called = { role: 'assistant', tool_calls: [call('x', 'f', '')] };
    expect(contentsOf(user, called, { role: 'tool', tool_call_id: 'x', content: [image] })).toMatchObject([
      {},
      {},
      {
        parts: [
          {
            functionResponse: {
              name: 'f',
              response: { output: '' },
              parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
            },
          },
        ],
      },
    ]);
  });

  it('lack a signature only if the model does not require one', () => {
    const messages = [
      user,
      { role: 'assistant', content: 'well', tool_calls: [call('1', 'f', '{}'), call('2', 'f', '{}')] },
    ];
    const signatures = (model: string): unknown =>
      (bodyOf({ messages }, { model })['contents'] as { parts: { thoughtSignature?: string }[] }[])[1]?.parts.map(
        (part) => part.thoughtSignature,
      );
    expect(signatures('gemini-2.5-pro')).toEqual([undefined, undefined, undefined]);
    expect(signatures('gemini-3-pro-preview')).toEqual([undefined, 'skip_thought_signature_validator', undefined]);
  });

  it('keep the signature of a text with the text', () => {
    expect(contentsOf(user, { role: 'assistant', content: 'well', ...signature('sig') })).toEqual([
      { role: 'user', parts: [{ text: 'hi' }] },
      { role: 'model', parts: [{ text: 'well', thoughtSignature: 'sig' }] },
    ]);
  });
});

describe('a field that Gemini can not serve', () => {
  const adapter = providers.gemini.create({});
  const content = (part: object): object => ({ messages: [{ role: 'user', content: [part] }] });
  it.each<[string, object]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 1: 2 } }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['parallel_tool_calls', { tools: [tool('f')], parallel_tool_calls: false }],
    ['tools[1]', { tools: [tool('f'), { type: 'custom', custom: { name: 'g' } }] }],
    ['tool_choice', { tools: [tool('f')], tool_choice: { type: 'custom', custom: { name: 'g' } } }],
    ['reasoning_effort', { reasoning_effort: 'gigantic' }],
    ['seed', { seed: 2 ** 40 }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['response_format', { response_format: { type: 'grammar' } }],
    ['messages[0].content[0]', content({ type: 'file', file: { file_id: 'file-1' } })],
    ['messages[0].content[0]', content({ type: 'image_url', image_url: { url: 'data:image/png,raw' } })],
    ['messages[0].content[0]', content({ type: 'video_url', video_url: { url: 'x' } })],
    [
      'messages[0].content[0]',
      {
        messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,A' } }] }],
      },
    ],
    ...['gif', 'bmp', 'svg+xml', 'tiff'].map((kind): [string, object] => [
      'messages[0].content[0]',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/${kind};base64,A` } }] },
        ],
      },
    ]),
    ['messages[0]', { messages: [{ role: 'function', name: 'f', content: 'x' }] }],
    ['messages[0].function_call', { messages: [{ role: 'assistant', function_call: { name: 'f', arguments: '' } }] }],
    ['messages[0].audio', { messages: [{ role: 'assistant', audio: { id: 'x' } }] }],
    [
      'messages[0].tool_calls[0]',
      {
        messages: [{ role: 'assistant', tool_calls: [{ id: '1', type: 'custom', custom: { name: 'f', input: '' } }] }],
      },
    ],
    [
      'messages[0].tool_calls[0].function.arguments',
      { messages: [{ role: 'assistant', tool_calls: [call('1', 'f', '[1')] }] },
    ],
    ['tool_choice', { tool_choice: 'required' }],
  ])('is refused with its name: %s', (param, body) => {
    const fitted = fitRequest(untyped({ messages: [user], ...body }), adapter, { model: 'm', dropUnsupported: false });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param } });
  });

  it('is dropped if the configuration allows it, and the rest is sent', () => {
    const body = {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'file', file: { file_id: 'file-1' } },
          ],
        },
        { role: 'assistant', tool_calls: [call('1', 'f', '[1')] },
        { role: 'tool', tool_call_id: '1', content: 'x' },
        { role: 'function', name: 'f', content: 'x' },
      ],
      n: 2,
    };
    const fitted = fitRequest(untyped(body), adapter, { model: 'm', dropUnsupported: true });
    if (fitted.kind !== 'fits') throw new Error('the request does not fit');
    expect(fitted.dropped).toHaveLength(4);
    expect(bodyOf(fitted.body)).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ functionCall: { id: '1', name: 'f', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { id: '1', name: 'f', response: { output: 'x' } } }] },
      ],
      generationConfig: {},
    });
  });

  it('is not reported for values without effect', () => {
    const body = { messages: [user], n: 1, parallel_tool_calls: false, logprobs: false, tools: [], user: 'u' };
    expect(fitRequest(untyped(body), adapter, { model: 'm', dropUnsupported: false })).toMatchObject({ kind: 'fits' });
  });
});
