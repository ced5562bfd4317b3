import { type ChatParameter, chatParameters, type ChatRequestInput } from '@sluice/protocol';
import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { documented, samplesOf } from './document.ts';
import { minimal, refusalOf } from './refusal-of.ts';

type SdkRequest = OpenAI.ChatCompletionCreateParams;

describe('the list of parameters', () => {
  it("equals that of OpenAI's document", () => {
    expect([...chatParameters].sort()).toEqual(Object.keys(documented).sort());
  });

  it("equals that of OpenAI's SDK", () => {
    expectTypeOf<ChatParameter>().toEqualTypeOf<keyof SdkRequest>();
  });

  it('accepts everything that the SDK lets a client send', () => {
    expectTypeOf<SdkRequest>().toExtend<ChatRequestInput>();
  });
});

const functionTool = { type: 'function', function: { name: 'x' } };
const customTool = { type: 'custom', custom: { name: 'x' } };

/** Members that a parameter requires beside it. */
const companions: Record<string, object> = {
  stream_options: { stream: true },
  top_logprobs: { logprobs: true },
  modalities: { audio: { voice: 'alloy', format: 'mp3' } },
  tool_choice: { tools: [functionTool, customTool] },
  function_call: { functions: [{ name: 'x' }] },
};

const requestWith = (param: string, value: unknown) => ({ ...minimal, ...companions[param], [param]: value });

/**
 * Returns whether an assistant message has neither content nor calls. The document forbids such messages; the API
 * accepts them.
 */
const isSilent = (messages: unknown) =>
  Array.isArray(messages) &&
  messages.some(
    ({ role, content, refusal, audio, function_call, tool_calls = [] }) =>
      role === 'assistant' && [content, refusal, audio, function_call, tool_calls[0]].every((said) => said == null),
  );

const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value);

describe.each(Object.entries(documented))('%s, as OpenAI documents it,', (param, schema) => {
  const samples = samplesOf(schema).filter((sample) => !(param === 'messages' && isSilent(sample)));

  it.each(samples.map((sample) => [JSON.stringify(sample), sample]))('may be %s', (_json, sample) => {
    expect(refusalOf(requestWith(param, sample))).toBeUndefined();
  });

  it('may be null where the document allows it', () => {
    const refusal = refusalOf(requestWith(param, null));
    expect(refusal?.code).toBe(schema.nullable ? undefined : 'invalid_type');
  });

  it('is refused with any other type', () => {
    const types = new Set(samples.map(typeOf));
    const others = [5.5, 'x', [], {}, true].filter((value) => !types.has(typeOf(value)));
    expect(others.map((value) => refusalOf(requestWith(param, value)))).toEqual(
      others.map(() => expect.objectContaining({ code: 'invalid_type', param })),
    );
  });
});

describe('a parameter that providers extend', () => {
  it.each([
    ['reasoning_effort', 'ultra'],
    ['service_tier', 'on_demand'],
    ['verbosity', 'chatty'],
    ['modalities', ['text', 'image']],
    ['audio', { voice: 'Cherry', format: 'pcm24' }],
    ['prompt_cache_retention', '7d'],
    ['prompt_cache_options', { mode: 'implicit', ttl: '12h' }],
    ['web_search_options', { search_context_size: 'max' }],
    ['moderation', { model: 'm', policy: { input: { mode: 'warn' } } }],
    ['response_format', { type: 'grammar', grammar: 'root ::= "yes"' }],
    ['tools', [{ type: 'web_search', web_search: { enable: true } }]],
    ['tool_choice', { type: 'web_search' }],
    ['seed', 2 ** 63],
  ])('%s may be %j', (param, value) => {
    expect(refusalOf(requestWith(param, value))).toBeUndefined();
  });
});

describe('a parameter that is wrong', () => {
  it.each<[param: string, value: unknown, code: string, message: string]>([
    [
      'model',
      '',
      'empty_string',
      "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    ],
    [
      'model',
      'm'.repeat(257),
      'string_above_max_length',
      "Invalid 'model': string too long. Expected a string with maximum length 256, but got a string with length 257 instead.",
    ],
    ['model', 5, 'invalid_type', "Invalid type for 'model': expected a string, but got an integer instead."],
    [
      'messages',
      [],
      'empty_array',
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      'messages',
      'Hello!',
      'invalid_type',
      "Invalid type for 'messages': expected an array of objects, but got a string instead.",
    ],
    ['audio.format', { voice: 'alloy' }, 'missing_required_parameter', "Missing required parameter: 'audio.format'."],
    [
      'audio.voice',
      { voice: 5, format: 'mp3' },
      'invalid_type',
      "Invalid type for 'audio.voice': expected one of a string or object, but got an integer instead.",
    ],
    [
      'audio.voice.id',
      { voice: {}, format: 'mp3' },
      'missing_required_parameter',
      "Missing required parameter: 'audio.voice.id'.",
    ],
    [
      'frequency_penalty',
      2.1,
      'decimal_above_max_value',
      "Invalid 'frequency_penalty': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.",
    ],
    [
      'function_call',
      'required',
      'invalid_value',
      "Invalid value: 'required'. Supported values are: 'none' and 'auto'.",
    ],
    [
      'function_call',
      true,
      'invalid_type',
      "Invalid type for 'function_call': expected one of a string or object, but got a boolean instead.",
    ],
    ['function_call.name', {}, 'missing_required_parameter', "Missing required parameter: 'function_call.name'."],
    [
      'functions',
      [],
      'empty_array',
      "Invalid 'functions': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      'functions[0].name',
      [{ name: 'a b' }],
      'invalid_value',
      "Invalid 'functions[0].name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ],
    [
      'functions[0].parameters',
      [{ name: 'x', parameters: [] }],
      'invalid_type',
      "Invalid type for 'functions[0].parameters': expected an object, but got an array instead.",
    ],
    ['logit_bias', [], 'invalid_type', "Invalid type for 'logit_bias': expected an object, but got an array instead."],
    [
      'logit_bias.50256',
      { 50256: -101 },
      'decimal_below_min_value',
      "Invalid 'logit_bias.50256': decimal below minimum value. Expected a value >= -100, but got -101 instead.",
    ],
    [
      'logit_bias.50256',
      { 50256: 'no' },
      'invalid_type',
      "Invalid type for 'logit_bias.50256': expected a decimal, but got a string instead.",
    ],
    ['logprobs', 5, 'invalid_type', "Invalid type for 'logprobs': expected a boolean, but got an integer instead."],
    [
      'max_completion_tokens',
      0,
      'integer_below_min_value',
      "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      'max_completion_tokens',
      1e300,
      'integer_above_max_value',
      "Invalid 'max_completion_tokens': integer above maximum value. Expected a value <= 9007199254740991, but got 1e+300 instead.",
    ],
    [
      'max_tokens',
      -1,
      'integer_below_min_value',
      "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead.",
    ],
    [
      'max_tokens',
      1.5,
      'invalid_type',
      "Invalid type for 'max_tokens': expected an integer, but got a decimal instead.",
    ],
    [
      'max_tokens',
      '10',
      'invalid_type',
      "Invalid type for 'max_tokens': expected an integer, but got a string instead.",
    ],
    [
      'metadata.a',
      { a: 5 },
      'invalid_type',
      "Invalid type for 'metadata.a': expected a string, but got an integer instead.",
    ],
    [
      'metadata.a',
      { a: 'x'.repeat(513) },
      'string_above_max_length',
      "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
    ],
    [
      'metadata',
      { ['k'.repeat(65)]: 'x' },
      'string_above_max_length',
      "Invalid property name in 'metadata': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
    ],
    [
      'modalities',
      'text',
      'invalid_type',
      "Invalid type for 'modalities': expected an array of strings, but got a string instead.",
    ],
    [
      'modalities[1]',
      ['text', 5],
      'invalid_type',
      "Invalid type for 'modalities[1]': expected a string, but got an integer instead.",
    ],
    ['moderation.model', {}, 'missing_required_parameter', "Missing required parameter: 'moderation.model'."],
    [
      'moderation.policy.input.mode',
      { model: 'm', policy: { input: {} } },
      'missing_required_parameter',
      "Missing required parameter: 'moderation.policy.input.mode'.",
    ],
    [
      'n',
      129,
      'integer_above_max_value',
      "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
    ],
    [
      'n',
      0,
      'integer_below_min_value',
      "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      'parallel_tool_calls',
      'yes',
      'invalid_type',
      "Invalid type for 'parallel_tool_calls': expected a boolean, but got a string instead.",
    ],
    [
      'prediction.type',
      { type: 'guess', content: 'x' },
      'invalid_value',
      "Invalid value: 'guess'. Supported values are: 'content'.",
    ],
    [
      'prediction.content',
      { type: 'content' },
      'missing_required_parameter',
      "Missing required parameter: 'prediction.content'.",
    ],
    [
      'prediction.content[0].text',
      { type: 'content', content: [{ type: 'text' }] },
      'missing_required_parameter',
      "Missing required parameter: 'prediction.content[0].text'.",
    ],
    [
      'presence_penalty',
      -3,
      'decimal_below_min_value',
      "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
    ],
    [
      'prompt_cache_key',
      5,
      'invalid_type',
      "Invalid type for 'prompt_cache_key': expected a string, but got an integer instead.",
    ],
    [
      'prompt_cache_options.mode',
      { mode: 5 },
      'invalid_type',
      "Invalid type for 'prompt_cache_options.mode': expected a string, but got an integer instead.",
    ],
    [
      'prompt_cache_retention',
      24,
      'invalid_type',
      "Invalid type for 'prompt_cache_retention': expected a string, but got an integer instead.",
    ],
    [
      'reasoning_effort',
      { effort: 'low' },
      'invalid_type',
      "Invalid type for 'reasoning_effort': expected a string, but got an object instead.",
    ],
    [
      'response_format',
      'json',
      'invalid_type',
      "Invalid type for 'response_format': expected an object, but got a string instead.",
    ],
    ['response_format.type', {}, 'missing_required_parameter', "Missing required parameter: 'response_format.type'."],
    [
      'response_format.type',
      { type: 5 },
      'invalid_type',
      "Invalid type for 'response_format.type': expected a string, but got an integer instead.",
    ],
    [
      'response_format.json_schema',
      { type: 'json_schema' },
      'missing_required_parameter',
      "Missing required parameter: 'response_format.json_schema'.",
    ],
    [
      'response_format.json_schema.name',
      { type: 'json_schema', json_schema: {} },
      'missing_required_parameter',
      "Missing required parameter: 'response_format.json_schema.name'.",
    ],
    [
      'response_format.json_schema.schema',
      { type: 'json_schema', json_schema: { name: 'x', schema: 'x' } },
      'invalid_type',
      "Invalid type for 'response_format.json_schema.schema': expected an object, but got a string instead.",
    ],
    [
      'safety_identifier',
      'x'.repeat(65),
      'string_above_max_length',
      "Invalid 'safety_identifier': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
    ],
    ['seed', 0.5, 'invalid_type', "Invalid type for 'seed': expected an integer, but got a decimal instead."],
    [
      'seed',
      2 ** 64,
      'integer_above_max_value',
      "Invalid 'seed': integer above maximum value. Expected a value <= 9223372036854776000, but got 18446744073709552000 instead.",
    ],
    [
      'service_tier',
      false,
      'invalid_type',
      "Invalid type for 'service_tier': expected a string, but got a boolean instead.",
    ],
    [
      'stop',
      5,
      'invalid_type',
      "Invalid type for 'stop': expected one of a string or array of strings, but got an integer instead.",
    ],
    [
      'stop',
      [],
      'empty_array',
      "Invalid 'stop': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    ['stop[1]', ['x', null], 'invalid_type', "Invalid type for 'stop[1]': expected a string, but got null instead."],
    ['store', 'true', 'invalid_type', "Invalid type for 'store': expected a boolean, but got a string instead."],
    ['stream', 'true', 'invalid_type', "Invalid type for 'stream': expected a boolean, but got a string instead."],
    [
      'stream_options.include_usage',
      { include_usage: 1 },
      'invalid_type',
      "Invalid type for 'stream_options.include_usage': expected a boolean, but got an integer instead.",
    ],
    [
      'temperature',
      3,
      'decimal_above_max_value',
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
    ],
    [
      'temperature',
      -0.1,
      'decimal_below_min_value',
      "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -0.1 instead.",
    ],
    [
      'temperature',
      'hot',
      'invalid_type',
      "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ],
    [
      'temperature',
      Infinity,
      'invalid_type',
      "Invalid type for 'temperature': expected a decimal, but got a number too large to hold instead.",
    ],
    [
      'tool_choice',
      'any',
      'invalid_value',
      "Invalid value: 'any'. Supported values are: 'none', 'auto', and 'required'.",
    ],
    [
      'tool_choice',
      5,
      'invalid_type',
      "Invalid type for 'tool_choice': expected one of a string or object, but got an integer instead.",
    ],
    ['tool_choice.type', {}, 'missing_required_parameter', "Missing required parameter: 'tool_choice.type'."],
    [
      'tool_choice.function',
      { type: 'function' },
      'missing_required_parameter',
      "Missing required parameter: 'tool_choice.function'.",
    ],
    [
      'tool_choice.custom.name',
      { type: 'custom', custom: { name: 5 } },
      'invalid_type',
      "Invalid type for 'tool_choice.custom.name': expected a string, but got an integer instead.",
    ],
    [
      'tool_choice.allowed_tools.mode',
      { type: 'allowed_tools', allowed_tools: { mode: 'none', tools: [] } },
      'invalid_value',
      "Invalid value: 'none'. Supported values are: 'auto' and 'required'.",
    ],
    [
      'tool_choice.allowed_tools.tools',
      { type: 'allowed_tools', allowed_tools: { mode: 'auto' } },
      'missing_required_parameter',
      "Missing required parameter: 'tool_choice.allowed_tools.tools'.",
    ],
    ['tools', {}, 'invalid_type', "Invalid type for 'tools': expected an array of objects, but got an object instead."],
    ['tools[0]', ['x'], 'invalid_type', "Invalid type for 'tools[0]': expected an object, but got a string instead."],
    [
      'tools[0].type',
      [{ function: { name: 'x' } }],
      'missing_required_parameter',
      "Missing required parameter: 'tools[0].type'.",
    ],
    [
      'tools[1].function',
      [functionTool, { type: 'function' }],
      'missing_required_parameter',
      "Missing required parameter: 'tools[1].function'.",
    ],
    [
      'tools[0].function.name',
      [{ type: 'function', function: { name: '' } }],
      'empty_string',
      "Invalid 'tools[0].function.name': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    ],
    [
      'tools[0].function.name',
      [{ type: 'function', function: { name: 'x'.repeat(65) } }],
      'string_above_max_length',
      "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
    ],
    [
      'tools[0].function.name',
      [{ type: 'function', function: { name: 'get.weather' } }],
      'invalid_value',
      "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ],
    [
      'tools[0].function.strict',
      [{ type: 'function', function: { name: 'x', strict: 'yes' } }],
      'invalid_type',
      "Invalid type for 'tools[0].function.strict': expected a boolean, but got a string instead.",
    ],
    [
      'tools[0].custom.format.grammar.syntax',
      [
        {
          type: 'custom',
          custom: { name: 'x', format: { type: 'grammar', grammar: { definition: 'x', syntax: 'ebnf' } } },
        },
      ],
      'invalid_value',
      "Invalid value: 'ebnf'. Supported values are: 'lark' and 'regex'.",
    ],
    [
      'top_logprobs',
      21,
      'integer_above_max_value',
      "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.",
    ],
    [
      'top_p',
      1.01,
      'decimal_above_max_value',
      "Invalid 'top_p': decimal above maximum value. Expected a value <= 1, but got 1.01 instead.",
    ],
    ['user', 5, 'invalid_type', "Invalid type for 'user': expected a string, but got an integer instead."],
    ['verbosity', 5, 'invalid_type', "Invalid type for 'verbosity': expected a string, but got an integer instead."],
    [
      'web_search_options.user_location.type',
      { user_location: { approximate: {} } },
      'missing_required_parameter',
      "Missing required parameter: 'web_search_options.user_location.type'.",
    ],
    [
      'web_search_options.user_location.approximate.city',
      { user_location: { type: 'approximate', approximate: { city: 5 } } },
      'invalid_type',
      "Invalid type for 'web_search_options.user_location.approximate.city': expected a string, but got an integer instead.",
    ],
  ])('%s: %j gives %s', (param, value, code, message) => {
    const [parameter = ''] = param.split(/[.[]/);
    expect(refusalOf(requestWith(parameter, value))).toEqual({ param, code, message });
  });

  it('gives the name of a missing required parameter', () => {
    expect(refusalOf({ messages: minimal.messages })).toEqual({
      param: 'model',
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'model'.",
    });
    expect(refusalOf({ model: 'm' })?.message).toBe("Missing required parameter: 'messages'.");
  });
});
