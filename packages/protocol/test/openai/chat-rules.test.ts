import { describe, expect, it } from 'vitest';
import { minimal, refusalOf } from './refusal-of.ts';

const functionTool = { type: 'function', function: { name: 'get_weather' } };
const customTool = { type: 'custom', custom: { name: 'run' } };

describe('parameters together', () => {
  it.each<[parameters: object]>([
    [{ stream: true, stream_options: { include_usage: true } }],
    [{ stream: false, stream_options: null }],
    [{ logprobs: true, top_logprobs: 5 }],
    [{ top_logprobs: null }],
    [{ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } }],
    [{ modalities: ['text'] }],
    [{ tools: [functionTool, customTool], tool_choice: functionTool }],
    [{ tools: [functionTool, customTool], tool_choice: customTool }],
    [{ tools: [functionTool], tool_choice: 'required' }],
    [{ tool_choice: { type: 'web_search' } }],
    [{ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [functionTool] } } }],
    [{ functions: [{ name: 'get_weather' }], function_call: { name: 'get_weather' } }],
  ])('may be %j', (parameters) => {
    expect(refusalOf({ ...minimal, ...parameters })).toBeUndefined();
  });

  it.each<[parameters: object, param: string, code: string, message: string]>([
    [
      { stream_options: {} },
      'stream_options',
      'invalid_value',
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      { stream: false, stream_options: {} },
      'stream_options',
      'invalid_value',
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      { top_logprobs: 0 },
      'top_logprobs',
      'invalid_value',
      "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ],
    [
      { modalities: ['audio'], audio: null },
      'audio',
      'missing_required_parameter',
      "Missing required parameter: 'audio'.",
    ],
    [
      { tools: [customTool], tool_choice: functionTool },
      'tool_choice',
      'invalid_value',
      "Invalid value for 'tool_choice': no function named 'get_weather' was specified in the 'tools' parameter.",
    ],
    [
      { tool_choice: customTool },
      'tool_choice',
      'invalid_value',
      "Invalid value for 'tool_choice': no custom tool named 'run' was specified in the 'tools' parameter.",
    ],
    [
      { functions: [{ name: 'a' }], function_call: { name: 'b' } },
      'function_call',
      'invalid_value',
      "Invalid value for 'function_call': no function named 'b' was specified in the 'functions' parameter.",
    ],
  ])('may not be %j', (parameters, param, code, message) => {
    expect(refusalOf({ ...minimal, ...parameters })).toEqual({ param, code, message });
  });
});

describe('an assistant message without content', () => {
  it.each([
    {},
    { content: null },
    { content: '' },
    { content: [] },
    { tool_calls: [] },
    { content: null, tool_calls: null, refusal: null, audio: null, function_call: null, annotations: [] },
  ])('may be sent back as it was answered: %j', (fields) => {
    expect(
      refusalOf({ model: 'm', messages: [...minimal.messages, { role: 'assistant', ...fields }] }),
    ).toBeUndefined();
  });
});
