import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const refusalOfMessage = (message: unknown) =>
  refusalOf({ model: 'm', messages: [{ role: 'user', content: 'Hello!' }, message] });

const call = { id: 'call_1', type: 'function', function: { name: 'x', arguments: '{}' } };
const parts = [
  { type: 'text', text: 'Look:' },
  { type: 'text', text: '', prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } },
  { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
  { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'original' } },
  { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
  { type: 'input_audio', input_audio: { data: 'AAAA', format: 'aiff' } },
  { type: 'file', file: { file_id: 'file-1' } },
  { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
  { type: 'refusal', refusal: 'No.' },
  { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } },
  { type: 'thinking', thinking: ['any', { shape: true }], signature: 5 },
];

describe('a message', () => {
  it.each([
    { role: 'developer', content: 'Be brief.', name: 'ops' },
    { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
    { role: 'user', content: '', name: 'Ann' },
    { role: 'assistant', content: 'Hello!', refusal: null, audio: null, function_call: null },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    { role: 'assistant', content: 'Hello!', tool_calls: [] },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'assistant', tool_calls: [call, { id: 'call_2', type: 'custom', custom: { name: 'x', input: 'y' } }] },
    { role: 'assistant', tool_calls: [{ id: 'call_3', type: 'mcp', mcp: { any: 'shape' } }] },
    { role: 'assistant', content: null, function_call: { name: 'x', arguments: '' } },
    { role: 'assistant', refusal: 'No.' },
    { role: 'assistant', audio: { id: 'audio_1' } },
    { role: 'assistant', content: '', reasoning_content: 'Hm.' },
    { role: 'tool', content: '21 °C', tool_call_id: 'call_1' },
    { role: 'tool', content: [{ type: 'text', text: '21 °C' }], tool_call_id: 'call_1' },
    { role: 'function', content: '21 °C', name: 'x' },
    { role: 'function', content: null, name: 'x' },
  ])('may be %j', (message) => {
    expect(refusalOfMessage(message)).toBeUndefined();
  });

  it.each(['developer', 'system', 'user', 'assistant', 'tool', 'function'])(
    'of role %s may hold every kind of part',
    (role) => {
      expect(refusalOfMessage({ role, content: parts, tool_call_id: 'call_1', name: 'x' })).toBeUndefined();
    },
  );

  it.each<[field: string, message: unknown, code: string, text: string]>([
    ['', 'Hello!', 'invalid_type', "Invalid type for 'messages[1]': expected an object, but got a string instead."],
    ['', null, 'invalid_type', "Invalid type for 'messages[1]': expected an object, but got null instead."],
    ['.role', {}, 'missing_required_parameter', "Missing required parameter: 'messages[1].role'."],
    [
      '.role',
      { role: 5 },
      'invalid_type',
      "Invalid type for 'messages[1].role': expected a string, but got an integer instead.",
    ],
    [
      '.role',
      { role: 'human', content: 'x' },
      'invalid_value',
      "Invalid value: 'human'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    ],
    [
      '.role',
      { role: 'constructor', content: 'x' },
      'invalid_value',
      "Invalid value: 'constructor'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    ],
    ['.content', { role: 'user' }, 'missing_required_parameter', "Missing required parameter: 'messages[1].content'."],
    [
      '.content',
      { role: 'user', content: null },
      'invalid_type',
      "Invalid type for 'messages[1].content': expected one of a string or array of objects, but got null instead.",
    ],
    [
      '.content',
      { role: 'user', content: 5 },
      'invalid_type',
      "Invalid type for 'messages[1].content': expected one of a string or array of objects, but got an integer instead.",
    ],
    [
      '.content',
      { role: 'system', content: { text: 'x' } },
      'invalid_type',
      "Invalid type for 'messages[1].content': expected one of a string or array of objects, but got an object instead.",
    ],
    [
      '.content',
      { role: 'user', content: [] },
      'empty_array',
      "Invalid 'messages[1].content': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      '.content',
      { role: 'function', name: 'x' },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].content'.",
    ],
    [
      '.name',
      { role: 'user', content: 'x', name: 5 },
      'invalid_type',
      "Invalid type for 'messages[1].name': expected a string, but got an integer instead.",
    ],
    [
      '.name',
      { role: 'function', content: 'x' },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].name'.",
    ],
    [
      '.tool_call_id',
      { role: 'tool', content: 'x' },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].tool_call_id'.",
    ],
    [
      '.audio.id',
      { role: 'assistant', audio: {} },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].audio.id'.",
    ],
    [
      '.tool_calls',
      { role: 'assistant', tool_calls: call },
      'invalid_type',
      "Invalid type for 'messages[1].tool_calls': expected an array of objects, but got an object instead.",
    ],
    [
      '.tool_calls[0].id',
      { role: 'assistant', tool_calls: [{ ...call, id: undefined }] },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].tool_calls[0].id'.",
    ],
    [
      '.tool_calls[0].type',
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].tool_calls[0].type'.",
    ],
    [
      '.tool_calls[0].function.arguments',
      { role: 'assistant', tool_calls: [{ ...call, function: { name: 'x', arguments: {} } }] },
      'invalid_type',
      "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object instead.",
    ],
    [
      '.function_call.arguments',
      { role: 'assistant', function_call: { name: 'x' } },
      'missing_required_parameter',
      "Missing required parameter: 'messages[1].function_call.arguments'.",
    ],
  ])('is refused at %s: %j', (field, message, code, text) => {
    expect(refusalOfMessage(message)).toEqual({ param: `messages[1]${field}`, code, message: text });
  });
});

describe('a content part', () => {
  it.each(parts)('may be %j', (part) => {
    expect(refusalOfMessage({ role: 'user', content: [part] })).toBeUndefined();
  });

  it.each<[field: string, part: unknown, code: string, text: string]>([
    ['', 'Hello!', 'invalid_type', "Invalid type for '@': expected an object, but got a string instead."],
    ['', ['Hello!'], 'invalid_type', "Invalid type for '@': expected an object, but got an array instead."],
    ['.type', {}, 'missing_required_parameter', "Missing required parameter: '@.type'."],
    ['.type', { type: null }, 'invalid_type', "Invalid type for '@.type': expected a string, but got null instead."],
    ['.text', { type: 'text' }, 'missing_required_parameter', "Missing required parameter: '@.text'."],
    [
      '.text',
      { type: 'text', text: { value: 'x' } },
      'invalid_type',
      "Invalid type for '@.text': expected a string, but got an object instead.",
    ],
    [
      '.prompt_cache_breakpoint.mode',
      { type: 'text', text: 'x', prompt_cache_breakpoint: {} },
      'missing_required_parameter',
      "Missing required parameter: '@.prompt_cache_breakpoint.mode'.",
    ],
    [
      '.image_url',
      { type: 'image_url', image_url: 'https://example.com/a.png' },
      'invalid_type',
      "Invalid type for '@.image_url': expected an object, but got a string instead.",
    ],
    [
      '.image_url.url',
      { type: 'image_url', image_url: {} },
      'missing_required_parameter',
      "Missing required parameter: '@.image_url.url'.",
    ],
    [
      '.image_url.detail',
      { type: 'image_url', image_url: { url: 'x', detail: 5 } },
      'invalid_type',
      "Invalid type for '@.image_url.detail': expected a string, but got an integer instead.",
    ],
    [
      '.input_audio.data',
      { type: 'input_audio', input_audio: { format: 'mp3' } },
      'missing_required_parameter',
      "Missing required parameter: '@.input_audio.data'.",
    ],
    [
      '.input_audio.format',
      { type: 'input_audio', input_audio: { data: 'AAAA' } },
      'missing_required_parameter',
      "Missing required parameter: '@.input_audio.format'.",
    ],
    ['.file', { type: 'file' }, 'missing_required_parameter', "Missing required parameter: '@.file'."],
    [
      '.file.file_id',
      { type: 'file', file: { file_id: 5 } },
      'invalid_type',
      "Invalid type for '@.file.file_id': expected a string, but got an integer instead.",
    ],
    ['.refusal', { type: 'refusal' }, 'missing_required_parameter', "Missing required parameter: '@.refusal'."],
  ])('is refused at %s: %j', (field, part, code, text) => {
    const at = 'messages[1].content[1]';
    expect(refusalOfMessage({ role: 'user', content: [parts[0], part] })).toEqual({
      param: `${at}${field}`,
      code,
      message: text.replace('@', at),
    });
  });
});
