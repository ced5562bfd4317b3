import { GatewayError, parseLossless } from '@sluice/protocol';
import { parseGeminiRequest, toEmbeddings, toGeminiChat } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';

const call = { model: 'm', stream: false, isNative: false };
const user = (...parts: readonly object[]): object => ({ role: 'user', parts });
const translate = (body: object, more: Partial<typeof call> = {}) =>
  toGeminiChat(parseGeminiRequest({ contents: [user({ text: 'Hi' })], ...body }), { ...call, ...more });

function refusal(body: object): unknown {
  try {
    translate(body);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, param: error.param };
    throw error;
  }
  return 'none';
}

describe("a request of Gemini's API", () => {
  it('becomes a chat request', () => {
    const body = {
      systemInstruction: { parts: [{ text: 'Be' }, { text: 'brief.' }] },
      contents: [
        user({ text: 'What is it?' }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }),
        {
          role: 'model',
          parts: [
            { text: 'Hm', thought: true },
            { text: 'I look.' },
            { functionCall: { name: 'f', args: { a: 1 } } },
            { functionCall: { name: 'f', args: {} }, thoughtSignature: 's==' },
          ],
        },
        user(
          { functionResponse: { name: 'f', response: { output: 'one' } } },
          { functionResponse: { name: 'f', response: { x: 2 } } },
          { text: 'Go on.' },
        ),
      ],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              description: 'd',
              parameters: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
            },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        maxOutputTokens: 9,
        stopSequences: ['x'],
        seed: 3,
        thinkingConfig: { thinkingBudget: 0 },
        responseMimeType: 'application/json',
      },
    };
    expect(translate(body).chat).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be\nbrief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I look.',
          reasoning_content: 'Hm',
          tool_calls: [
            { id: 'call_0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            {
              id: 'call_1',
              type: 'function',
              function: { name: 'f', arguments: '{}' },
              extra_content: { google: { thought_signature: 's==' } },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'call_0', content: 'one' },
        { role: 'tool', tool_call_id: 'call_1', content: '{"x":2}' },
        { role: 'user', content: 'Go on.' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            description: 'd',
            parameters: { type: 'object', properties: { a: { type: ['string', 'null'] } } },
          },
        },
      ],
      tool_choice: 'required',
      temperature: 0.5,
      top_p: 0.9,
      max_completion_tokens: 9,
      stop: ['x'],
      seed: 3,
      reasoning_effort: 'none',
      response_format: { type: 'json_object' },
    });
  });

  it('may have its names in snake case, one content, and numbers that no double holds', () => {
    const text =
      '{"system_instruction":{"parts":{}},"contents":{"role":"model","parts":[{"function_call":{"name":"f","args":{"n":12345678901234567890}}}]},"generation_config":{"max_output_tokens":5}}';
    const { chat } = toGeminiChat(parseGeminiRequest(parseLossless(text)), call);
    expect(chat.max_completion_tokens).toBe(5);
    expect(JSON.stringify(chat.messages)).toContain('12345678901234567890');
  });

  it('tells the model of the allowed functions alone', () => {
    const tools = [{ functionDeclarations: [{ name: 'a' }, { name: 'b' }] }];
    const toolConfig = { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['b'] } };
    expect(translate({ tools, toolConfig }).chat.tools).toMatchObject([{ function: { name: 'b' } }]);
    expect(translate({ tools, toolConfig: { functionCallingConfig: { mode: 'NONE' } } }).chat.tool_choice).toBe('none');
  });

  it.each<[object, string, string]>([
    [{ contents: undefined }, 'missing_required_parameter', 'contents'],
    [{ contents: [] }, 'empty_array', 'contents'],
    [{ contents: [{ role: 'robot', parts: [] }] }, 'invalid_value', 'contents[0].role'],
    [{ contents: [user({ executableCode: {} })] }, 'unsupported_parameter', 'contents[0].parts[0]'],
    [{ contents: [user({ fileData: { fileUri: 'gs://x/y' } })] }, 'unsupported_parameter', 'contents[0].parts[0]'],
    [{ tools: [{ googleSearch: {} }] }, 'unsupported_tool', 'tools[0].googleSearch'],
    [{ tools: [{ functionDeclarations: [{ name: 'no space' }] }] }, 'invalid_value', 'tools[0].functionDeclarations'],
    [{ generationConfig: { temperature: 9 } }, 'decimal_above_max_value', 'generationConfig.temperature'],
    [{ generationConfig: { maxOutputTokens: 'x' } }, 'invalid_type', 'generationConfig.maxOutputTokens'],
  ])('%j is refused with %s for %s', (body, code, param) => {
    expect(refusal(body)).toEqual({ code, param });
  });

  it('lists what only Google serves if Google may get it', () => {
    const body = {
      contents: [user({ text: 'x' }, { executableCode: {} })],
      tools: [{ googleSearch: {} }],
      safetySettings: [{ category: 'c' }],
      generationConfig: { speechConfig: {} },
    };
    expect(translate(body, { isNative: true }).dropped).toEqual([
      'safetySettings',
      'contents.parts.executableCode',
      'tools.googleSearch',
      'generationConfig.speechConfig',
    ]);
  });

  it.each([
    [{ thinkingBudget: -1 }, undefined],
    [{ thinkingBudget: 512 }, 'minimal'],
    [{ thinkingBudget: 24_000 }, 'high'],
    [{ thinkingLevel: 'LOW' }, 'low'],
  ])('%j asks for the effort %s', (thinkingConfig, effort) => {
    expect(translate({ generationConfig: { thinkingConfig } }).chat.reasoning_effort).toBe(effort);
  });
});

describe('a request for vectors', () => {
  it('becomes one of OpenAI', () => {
    const one = { content: { parts: [{ text: 'a' }] }, taskType: 'X', outputDimensionality: 8 };
    expect(toEmbeddings(one, 'm', false)).toEqual({
      body: { model: 'm', input: ['a'], dimensions: 8 },
      dropped: ['taskType'],
    });
    expect(toEmbeddings({ requests: [one, one] }, 'm', true).body['input']).toEqual(['a', 'a']);
  });

  it('needs a text', () => {
    expect(() => toEmbeddings({}, 'm', false)).toThrow("Missing required parameter: 'content'");
    expect(() => toEmbeddings({ requests: [] }, 'm', true)).toThrow("Missing required parameter: 'requests'");
  });
});
